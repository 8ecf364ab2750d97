// How many refer to a node or a value: decides when it is freed, and nothing else.
//
// The last one to let go frees after everybody's last look; is_sole() tells a referent that it
// alone is left, after everybody else's last look. Both are tested by tests/stress/weak_memory.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/base/planted_bug.h"

namespace stave::cow_map {

template <template <typename> class Atomic>
class ReferenceCount {
 public:
  // By somebody who has a reference, or refers to something that has.
  void acquire() noexcept {
    // Relaxed: nothing is learned from it, and the reference that is there keeps the object alive.
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  // By a reader who found the object under an epoch pin, when it may be on its way out. False when
  // it is.
  bool try_acquire() noexcept {
    uint32_t count = count_.load(std::memory_order_relaxed);
    do {
      if (count == 0) return false;
      // Relaxed: the content came with the pointer.
    } while (!count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed,
                                           std::memory_order_relaxed));
    return true;
  }
  // True for the last one, who frees the object.
  bool release() noexcept {
    // Release: pairs with the acquire of the last one, here, and with is_sole(): our looks come
    // first. Acquire: if we are the last one.
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  // Whether nobody but the caller has a reference, so that what the object refers to can be taken
  // over. It may be found by readers all the same: they have none.
  bool is_sole() const noexcept {
    // Acquire: pairs with the release in release().
    return count_.load(STAVE_PLANTED_BUG(relaxed_sole) ? std::memory_order_relaxed
                                                       : std::memory_order_acquire) == 1;
  }

 private:
  Atomic<uint32_t> count_{1};
};

}  // namespace stave::cow_map
