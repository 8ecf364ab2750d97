// The index family: what concerns all entries, and statistics.
#include <stave/index.h>

#include <cstring>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/calls.h"
#include "capi/error.h"
#include "capi/index_handle.h"
#include "core/base/limits.h"
#include "core/index/control_word.h"

using stave::Code;
using stave::Status;
using namespace stave::capi;
using stave::index::Index;

stave_status stave_index_size(stave_index* index, uint64_t* size, stave_error* error) {
  return get_number(error, index, Access::read, size, "size", &Index::size);
}

stave_status stave_index_is_empty(stave_index* index, uint8_t* is_empty, stave_error* error) {
  return get_number(error, index, Access::read, is_empty, "is_empty",
                    [](Index& core) { return core.size() == 0; });
}

stave_status stave_index_capacity(stave_index* index, uint64_t* capacity, stave_error* error) {
  return get_number(error, index, Access::read, capacity, "capacity", &Index::capacity);
}

stave_status stave_index_clear(stave_index* index, stave_error* error) {
  return guarded_call(error, index, [](Index& core) { return core.clear(); });
}

stave_status stave_index_reserve(stave_index* index, uint64_t capacity, stave_error* error) {
  return guarded_call(error, index, [&](Index& core) -> Status {
    if (capacity > stave::records_max)
      return Status::error(Code::too_large, "an index has at most 2^36 entries");
    return core.reserve(capacity);
  });
}

stave_status stave_index_shrink_to_fit(stave_index* index, stave_error* error) {
  return guarded_call(error, index, [](Index& core) { return core.shrink_to_fit(); });
}

void stave_index_stats_init(stave_index_stats* stats) {
  init_struct(stats);
}

stave_status stave_index_stats_get(stave_index* index, stave_index_stats* stats,
                                   stave_error* error) {
  return guarded_call(error, index, Access::read, [&](Index& core) -> Status {
    STAVE_TRY(require(stats, "stats"));
    const stave::index::IndexStats now = core.stats();
    stave_index_stats filled = {};
    filled.shards = static_cast<uint32_t>(now.shards.size());
    filled.entries = now.entries;
    filled.capacity = now.capacity;
    filled.bytes = now.bytes;
    filled.key_bytes = now.key_bytes;
    filled.buckets = now.buckets;
    filled.slots = now.buckets * stave::index::ControlWord::kSlotsMax;
    filled.overflow_nodes = now.overflow_nodes;
    filled.splits = now.splits;
    filled.splits_max = now.splits_of_one_operation_max;
    filled.probe_samples = now.sampled_buckets;
    filled.probe_sum = now.sampled_probes;
    filled.probe_max = now.sampled_probe_max;
    return write_struct("stave_index_stats", filled, stats);
  });
}

void stave_index_shard_stats_init(stave_index_shard_stats* stats) {
  init_struct(stats);
}

stave_status stave_index_shard_stats_get(stave_index* index, uint32_t shard,
                                         stave_index_shard_stats* stats, stave_error* error) {
  return guarded_call(error, index, Access::read, [&](Index& core) -> Status {
    STAVE_TRY(require(stats, "stats"));
    const stave::index::IndexStats all = core.stats();
    if (shard >= all.shards.size()) return Code::not_found;
    stave_index_shard_stats filled = {};
    filled.entries = all.shards[shard].entries;
    filled.buckets = all.shards[shard].buckets;
    filled.bytes = all.shards[shard].bytes;
    return write_struct("stave_index_shard_stats", filled, stats);
  });
}

stave_status stave_index_collect_values(stave_index* index, stave_buffer* values, uint64_t* count,
                                        stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(count, "count"));
    *count = 0;
    STAVE_TRY(check_buffer(values, "values"));
    values->size = 0;
    Call<stave_index> call;
    STAVE_TRY(call.enter(index, Access::read));
    STAVE_TRY(call.core().for_each_value([values](uint64_t value) -> Status {
      std::byte* added = nullptr;
      if (!extend(*values, sizeof value, &added)) return Code::no_memory;
      std::memcpy(added, &value, sizeof value);
      return {};
    }));
    *count = values->size / sizeof(uint64_t);
    return {};
  });
}
