#include "core/store/store_impl.h"

#include <utility>

#include "core/base/limits.h"

namespace stave::store {

StoreImpl::StoreImpl(os::FileSystem& files, std::string directory, const Options& options,
                     std::unique_ptr<os::FileLock> lock)
    : files_(files), directory_(std::move(directory)), options_(options), lock_(std::move(lock)) {}

Status StoreImpl::recover(const Manifest& manifest) {
  options_.shards = manifest.shards;
  shards_ = std::make_unique<Shards>(manifest.shards, manifest.hash_seed);
  const auto replay = [&](const Segment& segment, const LogReader::Record& record) -> Status {
    KeyDirectory& directory = shards_->of(record.key).directory;
    if (record.header.kind == RecordKind::erase) {
      directory.erase(record.key);
      return {};
    }
    const DirectoryEntry entry{Location(segment.slot(), record.offset),
                               static_cast<uint32_t>(record.header.size())};
    if (!directory.has_room(1)) directory.reserve(1);
    directory.set(record.key, entry, directory.prepare(record.key));
    return {};
  };
  Result<Recovered> recovered =
      store::recover(files_, directory_, options_, manifest, segments_, replay);
  if (!recovered) return recovered.status();
  recovered_ = *recovered;
  for (uint32_t i = 0; i < shards_->size(); i++) keys_ += (*shards_)[i].directory.size();
  reader_.emplace(segments_);
  if (options_.read_only) return {};
  log_.emplace(files_, directory_, options_, recovered_.manifest, segments_);
  pipeline_.emplace(static_cast<CommitPipeline::Backend&>(*this),
                    recovered_.manifest.durable_end.lsn);
  return log_->resume();
}

// ---- Reading ------------------------------------------------------------------------------------

Status StoreImpl::get(Bytes key, Sink sink) {
  reads_.fetch_add(1, std::memory_order_relaxed);
  const std::optional<DirectoryEntry> entry = shards_->of(key).find(key);
  if (!entry) return Code::not_found;
  const size_t size = RecordReader::value_size(key, *entry);
  const MutableBytes into = sink(size);
  if (into.size() < size) return {};
  return reader_->read(key, *entry, into.first(size));
}

Result<PinnedValue> StoreImpl::get_pin(Bytes key) {
  reads_.fetch_add(1, std::memory_order_relaxed);
  const std::optional<DirectoryEntry> entry = shards_->of(key).find(key);
  if (!entry) return Code::not_found;
  return reader_->read_pinned(key, *entry);
}

Status StoreImpl::contains(Bytes key) {
  reads_.fetch_add(1, std::memory_order_relaxed);
  return shards_->of(key).find(key) ? Code::ok : Code::not_found;
}

// ---- Maintenance --------------------------------------------------------------------------------

Status StoreImpl::check_writable() const {
  if (!options_.read_only) return {};
  return Status::error(Code::read_only, "'" + directory_ + "' was opened for reading only");
}

// The active segment is mapped: what is filled is the kernel's already.
Status StoreImpl::flush() {
  STAVE_TRY(check_writable());
  return log_->failure();
}

Status StoreImpl::sync() {
  STAVE_TRY(check_writable());
  const Status status = log_->sync_through(pipeline_->visible());
  if (!status.ok()) pipeline_->fail(status);
  return status;
}

Stats StoreImpl::stats() const {
  Stats stats{.keys = size(),
              .segments = segments_.size(),
              .version = recovered_.manifest.durable_end.lsn,
              .durable_version = recovered_.manifest.durable_end.lsn,
              .commits = commits_.load(std::memory_order_relaxed),
              .bytes_written = bytes_written_.load(std::memory_order_relaxed),
              .reads = reads_.load(std::memory_order_relaxed),
              .recovered_commits = recovered_.commits,
              .recovered_cut_bytes = recovered_.cut_bytes,
              .recovered = !recovered_.was_clean};
  for (uint32_t slot = 0; slot < stats.segments; slot++) {
    stats.log_bytes += segments_[slot]->end() - segment_header_size;
    stats.disk_bytes += segments_[slot]->file_size();
  }
  for (uint32_t i = 0; i < shards_->size(); i++) {
    const std::shared_lock lock((*shards_)[i].directory_mutex);
    stats.live_bytes += (*shards_)[i].directory.live_bytes();
  }
  if (log_) {
    stats.version = pipeline_->visible();
    stats.durable_version = log_->durable_lsn();
    stats.syncs = log_->syncs();
    stats.writes_refused = !log_->failure().ok();
  }
  return stats;
}

Status StoreImpl::close() {
  // Unlocks whatever happens: cursors may keep this object alive for long.
  const std::unique_ptr<os::FileLock> lock = std::move(lock_);
  return log_ ? log_->close() : Status();
}

}  // namespace stave::store
