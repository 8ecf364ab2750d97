#include "core/cow_map/leaf_copy.h"

#include <bit>
#include <cstring>

#ifdef STAVE_WIDE_VECTORS
#include <immintrin.h>
#endif

namespace stave::cow_map {

#ifdef STAVE_WIDE_VECTORS
namespace {

// Those of eight words that are in a set, and zeros.
STAVE_WIDE inline __m512i chosen(const void* words, __mmask8 set) noexcept {
  return _mm512_maskz_compress_epi64(set, _mm512_load_si512(words));
}

STAVE_WIDE inline __m512i all(uint64_t value) noexcept {
  return _mm512_set1_epi64(static_cast<int64_t>(value));
}

// Like KeyHash::key_of(), of eight hashes.
STAVE_WIDE inline __m512i keys_of(const KeyHash& hash, __m512i hashes) noexcept {
  const __m512i reversed = _mm512_set_epi64(
      0x08090a0b0c0d0e0f, 0x0001020304050607, 0x08090a0b0c0d0e0f, 0x0001020304050607,
      0x08090a0b0c0d0e0f, 0x0001020304050607, 0x08090a0b0c0d0e0f, 0x0001020304050607);
  const __m512i swapped =
      _mm512_shuffle_epi8(_mm512_mullo_epi64(hashes, all(KeyHash::second_inverse())), reversed);
  return _mm512_xor_si512(_mm512_mullo_epi64(swapped, all(KeyHash::first_inverse())),
                          all(hash.seed()));
}

}  // namespace
#endif

// A leaf that cannot change can be read as plain bytes.
uint32_t plain::copy_buckets(const Leaf& leaf, const PositionSet& live, uint32_t bucket,
                             EntryArrays& to) noexcept {
  // Copies, which no store to the arrays can change.
  const PositionSet entries_of = live;
  EntryArrays into = to;
  constexpr size_t size = bucket_slots * sizeof(uint64_t);
  const uint32_t end = leaf.form;
  for (; bucket < end && into.count + bucket_slots <= into.size; bucket++) {
    const uint32_t entries = entries_of.in_bucket(bucket);
    if ((entries & (entries + 1)) != 0) break;
    // How many they are cannot be predicted: all slots are copied, and what is too much is
    // overwritten.
    const auto& words = leaf.buckets()[bucket].words;
    if (into.hashes != nullptr)
      std::memcpy(into.hashes + into.count, static_cast<const void*>(words.data()), size);
    if (into.values != nullptr) {
      std::memcpy(into.values + into.count * sizeof(uint64_t),
                  static_cast<const void*>(&words[bucket_slots]), size);
    }
    into.count += static_cast<size_t>(std::countr_one(entries));
  }
  to.count = into.count;
  return bucket;
}

void plain::to_keys(const KeyHash& hash, uint64_t* hashes, size_t count) noexcept {
  const KeyHash local = hash;
  for (size_t i = 0; i < count; i++) hashes[i] = local.key_of(hashes[i]);
}

#ifdef STAVE_WIDE_VECTORS

STAVE_WIDE uint32_t wide::copy_buckets(const Leaf& leaf, const PositionSet& live, uint32_t bucket,
                                       EntryArrays& to) noexcept {
  const PositionSet entries_of = live;
  EntryArrays into = to;
  const uint32_t end = leaf.form;
  for (; bucket < end && into.count + bucket_slots <= into.size; bucket++) {
    const auto entries = static_cast<__mmask8>(entries_of.in_bucket(bucket));
    const auto* const words = leaf.buckets()[bucket].words.data();
    if (into.hashes != nullptr)
      _mm512_storeu_si512(into.hashes + into.count, chosen(words, entries));
    if (into.values != nullptr) {
      _mm512_storeu_si512(into.values + into.count * sizeof(uint64_t),
                          chosen(words + bucket_slots, entries));
    }
    into.count += static_cast<size_t>(std::popcount(entries));
  }
  to.count = into.count;
  return bucket;
}

STAVE_WIDE void wide::to_keys(const KeyHash& hash, uint64_t* hashes, size_t count) noexcept {
  constexpr size_t together = sizeof(__m512i) / sizeof(uint64_t);
  const KeyHash local = hash;
  size_t done = 0;
  for (; done + together <= count; done += together)
    _mm512_storeu_si512(hashes + done, keys_of(local, _mm512_loadu_si512(hashes + done)));
  plain::to_keys(local, hashes + done, count - done);
}

#endif

uint32_t copy_buckets(const Leaf& leaf, const PositionSet& live, uint32_t bucket,
                      EntryArrays& to) noexcept {
#ifdef STAVE_WIDE_VECTORS
  if (has_wide_vectors()) return wide::copy_buckets(leaf, live, bucket, to);
#endif
  return plain::copy_buckets(leaf, live, bucket, to);
}

void to_keys(const KeyHash& hash, uint64_t* hashes, size_t count) noexcept {
#ifdef STAVE_WIDE_VECTORS
  if (has_wide_vectors()) return wide::to_keys(hash, hashes, count);
#endif
  plain::to_keys(hash, hashes, count);
}

}  // namespace stave::cow_map
