// The number of referents of a node or a value: decides when it is freed, and nothing else.
//
// Thread safety: all functions from any thread. The last referent frees the object after all other
// referents' last access; is_sole() tells a referent that it is the only one left, after the
// others' last access. Both are tested by tests/stress/weak_memory.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/base/planted_bug.h"

namespace stave::cow_map {

template <template <typename> class Atomic>
class ReferenceCount {
 public:
  // REQUIRES: the caller has a reference, or refers to something that has one.
  void acquire() noexcept {
    // Relaxed: nothing is learned from it, and the reference that is there keeps the object alive.
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  // For a reader that found the object under an epoch pin, when it may have been released. False if
  // it has no referent any more.
  bool try_acquire() noexcept {
    uint32_t count = count_.load(std::memory_order_relaxed);
    do {
      if (count == 0) return false;
      // Relaxed: the content came with the pointer.
    } while (!count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed,
                                           std::memory_order_relaxed));
    return true;
  }
  // True for the last referent, which must free the object.
  bool release() noexcept {
    // Release: pairs with the acquire of the last one, here, and with is_sole(): our accesses come
    // first. Acquire: if this is the last one.
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  // Whether only the caller has a reference, so that it may take over what the object refers to.
  // Readers may be in the object all the same: they have no reference.
  bool is_sole() const noexcept {
    // Acquire: pairs with the release in release().
    return count_.load(STAVE_PLANTED_BUG(relaxed_sole) ? std::memory_order_relaxed
                                                       : std::memory_order_acquire) == 1;
  }

 private:
  Atomic<uint32_t> count_{1};
};

}  // namespace stave::cow_map
