// Lookups of single keys and of many, through a View.
//
// Thread safety: everything from any thread, without locks.
#pragma once

#include <cstdint>
#include <span>

#include "core/disk_index/state.h"

namespace stave::disk_index {

class Reader {
 public:
  explicit Reader(State& state) : state_(state) {}

  Status get(const Key& key, MutableBytes record) const;
  Status contains(const Key& key) const;
  Status multi_get(Bytes keys, MutableBytes records, std::span<uint8_t> found) const;
  void prefetch(const Key& key) const noexcept;

  // Keys whose lookups overlap. Each takes a dozen prefetches; more keys together would exceed what
  // the processor keeps in flight.
  static constexpr size_t prefetch_max = 8;

 private:
  // REQUIRES: an EpochPin.
  Status get_pinned(const View& view, uint64_t hash, const Key& key, std::byte* record) const;

  State& state_;
};

}  // namespace stave::disk_index
