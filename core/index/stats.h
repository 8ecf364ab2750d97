// What an index tells about itself.
#pragma once

#include <cstdint>
#include <vector>

namespace stave::index {

struct ShardStats {
  uint64_t entries = 0;
  uint64_t buckets = 0;
  uint64_t bytes = 0;
};

struct IndexStats {
  uint64_t entries = 0;
  uint64_t capacity = 0;  // entries that fit before a bucket is split
  uint64_t buckets = 0;
  uint64_t bytes = 0;      // buckets, overflow nodes, keys
  uint64_t key_bytes = 0;  // of them, for keys too long for their entry
  uint64_t overflow_nodes = 0;
  uint64_t splits = 0;                       // of buckets, since the creation or clear()
  uint64_t splits_of_one_operation_max = 0;  // never above 2
  // Of a sample of at most 1,024 buckets a shard: groups of slots that a miss looks at.
  uint64_t sampled_buckets = 0;
  uint64_t sampled_probes = 0;
  uint64_t sampled_probe_max = 0;
  std::vector<ShardStats> shards;
};

}  // namespace stave::index
