// Copies the entries of leaves that cannot change any more to arrays, whole buckets at a time.
//
// Each function is there twice where the compiler can make both (core/base/wide_vectors.h): plain
// for any processor, wide for those with vectors as long as a bucket's hashes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/wide_vectors.h"
#include "core/cow_map/key_hash.h"
#include "core/cow_map/node.h"

namespace stave::cow_map {

// Where entries go, one behind the other: the hashes of their keys, and their values of 8 bytes.
// Either may be null.
struct EntryArrays {
  uint64_t* hashes;
  std::byte* values;
  size_t size;  // entries
  size_t count = 0;
};

// Copies the entries in `live`, of the buckets from this one on, while there is room for a
// bucketful behind them, which may be overwritten. Returns the bucket where it stopped, behind the
// last one if all are done.
uint32_t copy_buckets(const Leaf& leaf, const PositionSet& live, uint32_t bucket,
                      EntryArrays& to) noexcept;
// Puts keys in the place of their hashes.
void to_keys(const KeyHash& hash, uint64_t* hashes, size_t count) noexcept;

// What these choose from. For tests.
namespace plain {
// Stops at a bucket in which a slot in front of others is not live, too.
uint32_t copy_buckets(const Leaf& leaf, const PositionSet& live, uint32_t bucket,
                      EntryArrays& to) noexcept;
void to_keys(const KeyHash& hash, uint64_t* hashes, size_t count) noexcept;
}  // namespace plain
#ifdef STAVE_WIDE_VECTORS
namespace wide {
uint32_t copy_buckets(const Leaf& leaf, const PositionSet& live, uint32_t bucket,
                      EntryArrays& to) noexcept;
void to_keys(const KeyHash& hash, uint64_t* hashes, size_t count) noexcept;
}  // namespace wide
#endif

}  // namespace stave::cow_map
