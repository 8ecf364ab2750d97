// The disk_index family: loading, keeping, counting and checking.
#include <stave/disk_index.h>

#include <vector>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/calls.h"
#include "capi/disk_index_handle.h"
#include "core/os/posix_file_system.h"

using stave::Code;
using stave::MutableBytes;
using stave::Status;
using namespace stave::capi;
using stave::disk_index::DiskIndex;
using stave::disk_index::Key;
using stave::disk_index::key_size;

namespace {

// Asks the caller's source for many records at a time and hands them out one by one.
class Source {
 public:
  Source(stave_disk_index_source source, void* context, size_t record_size)
      : source_(source),
        context_(context),
        record_size_(record_size),
        keys_(count_max * key_size),
        records_(count_max * record_size) {}

  Status next(Key* key, MutableBytes record) {
    if (at_ == count_) STAVE_TRY(fill());
    *key = stave::disk_index::load_key(&keys_[at_ * key_size]);
    stave::copy(record.data(), {&records_[at_ * record_size_], record_size_});
    at_++;
    return {};
  }
  // What the whole call answers when its core's part has answered `status`.
  Status outcome(Status status) const {
    if (answer_ == STAVE_OK) return status;
    return Status::error(static_cast<Code>(answer_), "the source stopped the operation");
  }

 private:
  static constexpr size_t count_max = 1024;

  Status fill() {
    at_ = 0;
    count_ = 0;
    answer_ = source_(context_, keys_.data(), records_.data(), count_max, &count_);
    // Any error will do: outcome() reports the answer.
    if (answer_ != STAVE_OK) return Code::cancelled;
    if (count_ > count_max) return invalid_argument("the source answered more than count_max");
    return count_ == 0 ? Code::done : Code::ok;
  }

  stave_disk_index_source source_;
  void* context_;
  size_t record_size_;
  std::vector<std::byte> keys_;
  std::vector<std::byte> records_;
  size_t count_ = 0;
  size_t at_ = 0;
  stave_status answer_ = STAVE_OK;
};

}  // namespace

stave_status stave_disk_index_bulk_load(stave_disk_index* index, stave_disk_index_source source,
                                        void* context, stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex& core) -> Status {
    if (source == nullptr) return invalid_argument("source is NULL");
    Source records(source, context, core.record_size());
    return records.outcome(
        core.bulk_load([&](Key* key, MutableBytes record) { return records.next(key, record); }));
  });
}

stave_status stave_disk_index_rebuild(const char* path, const stave_disk_index_options* options,
                                      stave_disk_index_source source, void* context,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require_path(path));
    STAVE_TRY_ASSIGN(const auto checked, disk_index_options(options));
    if (checked.read_only != 0) return invalid_argument("read_only is set: nothing can be rebuilt");
    if (source == nullptr) return invalid_argument("source is NULL");
    const size_t record_size =
        checked.record_size == 0 ? sizeof(stave_payload) : checked.record_size;
    Source records(source, context, record_size);
    return records.outcome(DiskIndex::rebuild(
        stave::os::posix_file_system(), path, core_options(checked),
        [&](Key* key, MutableBytes record) { return records.next(key, record); }));
  });
}

stave_status stave_disk_index_reserve(stave_disk_index* index, uint64_t entries,
                                      stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex& core) { return core.reserve(entries); });
}

stave_status stave_disk_index_save(stave_disk_index* index, uint64_t lsn, stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex& core) { return core.save(lsn); });
}

stave_status stave_disk_index_checkpoint(stave_disk_index* index, uint64_t lsn,
                                         stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex& core) { return core.checkpoint(lsn); });
}

stave_status stave_disk_index_shrink_to_fit(stave_disk_index* index, stave_error* error) {
  return guarded_call(error, index, [](DiskIndex& core) { return core.shrink_to_fit(); });
}

void stave_disk_index_stats_init(stave_disk_index_stats* stats) {
  init_struct(stats);
}

stave_status stave_disk_index_stats_get(stave_disk_index* index, stave_disk_index_stats* stats,
                                        stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex& core) -> Status {
    STAVE_TRY(require(stats, "stats"));
    const stave::disk_index::Stats now = core.stats();
    stave_disk_index_stats filled = {};
    filled.writes_refused = now.writes_refused ? 1 : 0;
    filled.entries = now.entries;
    filled.file_bytes = now.file_bytes;
    filled.free_bytes = now.free_bytes;
    filled.segments = now.segments;
    filled.segment_bytes = now.segment_bytes;
    filled.log_bytes = now.log_bytes;
    filled.delta_entries = now.delta_entries;
    filled.generation = now.generation;
    filled.lsn = now.lsn;
    filled.merges = now.merges;
    filled.syncs = now.syncs;
    filled.recovered_operations = now.recovered_operations;
    return write_struct("stave_disk_index_stats", filled, stats);
  });
}

stave_status stave_disk_index_verify(stave_disk_index* index, stave_disk_index_progress progress,
                                     void* context, stave_error* error) {
  return guarded_verify(error, index, progress, context);
}
