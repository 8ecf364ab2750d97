// The index family: what concerns all entries, and statistics.
#include <stave/index.h>

#include <cstring>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"
#include "capi/index_handle.h"
#include "core/base/limits.h"
#include "core/index/control_word.h"

using stave::Code;
using stave::Status;
using namespace stave::capi;

namespace {

static_assert(sizeof(stave_index_stats) == 8 + 12 * 8);
static_assert(offsetof(stave_index_stats, shards) == 4);
static_assert(offsetof(stave_index_stats, entries) == 8);
static_assert(offsetof(stave_index_stats, slots) == 48);
static_assert(offsetof(stave_index_stats, probe_max) == 96);
static_assert(sizeof(stave_index_shard_stats) == 8 + 3 * 8);

constexpr AbiStruct stats_struct = abi_struct<stave_index_stats>("stave_index_stats");
constexpr AbiStruct shard_stats_struct =
    abi_struct<stave_index_shard_stats>("stave_index_shard_stats");

stave_index_stats to_c(const stave::index::IndexStats& stats) noexcept {
  stave_index_stats result = {};
  result.struct_size = sizeof result;
  result.shards = static_cast<uint32_t>(stats.shards.size());
  result.entries = stats.entries;
  result.capacity = stats.capacity;
  result.bytes = stats.bytes;
  result.key_bytes = stats.key_bytes;
  result.buckets = stats.buckets;
  result.slots = stats.buckets * stave::index::ControlWord::kSlotsMax;
  result.overflow_nodes = stats.overflow_nodes;
  result.splits = stats.splits;
  result.splits_max = stats.splits_of_one_operation_max;
  result.probe_samples = stats.sampled_buckets;
  result.probe_sum = stats.sampled_probes;
  result.probe_max = stats.sampled_probe_max;
  return result;
}

// Sets *result to a number of the index, called `name`.
Status number(stave_index* handle, uint64_t (stave::index::Index::*get)() const noexcept,
              uint64_t* result, const char* name) {
  STAVE_TRY(require(result, name));
  *result = 0;
  IndexCall call;
  STAVE_TRY(call.enter_to_read(handle));
  *result = (call.index().*get)();
  return {};
}

}  // namespace

stave_status stave_index_size(stave_index* index, uint64_t* size, stave_error* error) {
  return guarded(error, [&] { return number(index, &stave::index::Index::size, size, "size"); });
}

stave_status stave_index_is_empty(stave_index* index, uint8_t* is_empty, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(is_empty, "is_empty"));
    *is_empty = 0;
    uint64_t size = 0;
    STAVE_TRY(number(index, &stave::index::Index::size, &size, "size"));
    *is_empty = size == 0 ? 1 : 0;
    return {};
  });
}

stave_status stave_index_capacity(stave_index* index, uint64_t* capacity, stave_error* error) {
  return guarded(
      error, [&] { return number(index, &stave::index::Index::capacity, capacity, "capacity"); });
}

stave_status stave_index_clear(stave_index* index, stave_error* error) {
  return guarded(error, [&]() -> Status {
    IndexCall call;
    STAVE_TRY(call.enter_to_change_all(index));
    return call.index().clear();
  });
}

stave_status stave_index_reserve(stave_index* index, uint64_t capacity, stave_error* error) {
  return guarded(error, [&]() -> Status {
    IndexCall call;
    STAVE_TRY(call.enter_to_change_all(index));
    if (capacity > stave::records_max)
      return Status::error(Code::too_large, "an index has at most 2^36 entries");
    return call.index().reserve(capacity);
  });
}

stave_status stave_index_shrink_to_fit(stave_index* index, stave_error* error) {
  return guarded(error, [&]() -> Status {
    IndexCall call;
    STAVE_TRY(call.enter_to_change_all(index));
    return call.index().shrink_to_fit();
  });
}

void stave_index_stats_init(stave_index_stats* stats) {
  if (stats == nullptr) return;
  *stats = {};
  stats->struct_size = sizeof *stats;
}

stave_status stave_index_stats_get(stave_index* index, stave_index_stats* stats,
                                   stave_error* error) {
  return guarded(error, [&]() -> Status {
    IndexCall call;
    STAVE_TRY(call.enter_to_read(index));
    STAVE_TRY(require(stats, "stats"));
    const stave_index_stats whole = to_c(call.index().stats());
    return write_struct(stats_struct, &whole, stats);
  });
}

void stave_index_shard_stats_init(stave_index_shard_stats* stats) {
  if (stats == nullptr) return;
  *stats = {};
  stats->struct_size = sizeof *stats;
}

stave_status stave_index_shard_stats_get(stave_index* index, uint32_t shard,
                                         stave_index_shard_stats* stats, stave_error* error) {
  return guarded(error, [&]() -> Status {
    IndexCall call;
    STAVE_TRY(call.enter_to_read(index));
    STAVE_TRY(require(stats, "stats"));
    const stave::index::IndexStats all = call.index().stats();
    if (shard >= all.shards.size()) return Code::not_found;
    stave_index_shard_stats whole = {};
    whole.struct_size = sizeof whole;
    whole.entries = all.shards[shard].entries;
    whole.buckets = all.shards[shard].buckets;
    whole.bytes = all.shards[shard].bytes;
    return write_struct(shard_stats_struct, &whole, stats);
  });
}

stave_status stave_index_collect_values(stave_index* index, stave_buffer* values, uint64_t* count,
                                        stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(count, "count"));
    *count = 0;
    STAVE_TRY(check_buffer(values, "values"));
    values->size = 0;
    IndexCall call;
    STAVE_TRY(call.enter_to_read(index));
    STAVE_TRY(call.index().for_each_value([values](uint64_t value) -> Status {
      std::byte* added = nullptr;
      if (!extend(*values, sizeof value, &added)) return Code::no_memory;
      std::memcpy(added, &value, sizeof value);
      return {};
    }));
    *count = values->size / sizeof(uint64_t);
    return {};
  });
}
