// The lock-free half of epoch.h: how readers announce themselves and how a reclaimer decides that
// none of them can still see a retired object. docs/internals/reclamation.md argues each order;
// tests/stress/weak_memory weakens each of them and sees it fail.
//
// The protocol. A global epoch only grows. A reader copies it into its slot while it is pinned. A
// reclaimer takes the retired objects, advances the epoch from t to t + 1 and tags them with t:
//   1. A reader pinned at an epoch above t sees that the objects tagged t are unlinked.
//   2. A reader whose slot the reclaimer sees empty, or does not see, after the barrier that
//      follows the advance, sees it too.
// So objects tagged t are free for reuse once no slot holds an epoch of t or below.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace stave::sync {

// A stack that any thread pushes onto and any thread empties as a whole (hence no ABA). Nodes have
// a plain member `next`, which belongs to the holder of the node.
template <template <typename> class Atomic, typename Node>
class HandOverStack {
 public:
  void push(Node* node) noexcept { push(node, node); }
  // Nodes that are linked already, from `first` to `last`.
  void push(Node* first, Node* last) noexcept {
    Node* head = head_.load(std::memory_order_relaxed);
    do {
      last->next = head;
      // Release: pairs with the acquire in take_all(); hands over the nodes and everything before
      // them, first of all the unlinking of the objects.
    } while (!head_.compare_exchange_weak(head, first, std::memory_order_release,
                                          std::memory_order_relaxed));
  }

  // The nodes, those that were pushed last first.
  Node* take_all() noexcept {
    // The common case is an empty stack, and looking does not take the line from its owner.
    // Relaxed: a node that is missed here is met next time.
    if (head_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    // Acquire: pairs with the release in push().
    return head_.exchange(nullptr, std::memory_order_acquire);
  }

 private:
  Atomic<Node*> head_{nullptr};
};

// Retired nodes in the order of their tags, for the holder of the reclaimer's lock.
template <typename Node>
struct WaitingList {
  Node* head = nullptr;
  Node* tail = nullptr;
  uint64_t free_below = 0;  // no reader can see nodes with tags below; that stays so
};

// `Barrier` is a type whose call operator is a full barrier (full_barrier.h).
template <template <typename> class Atomic, typename Barrier, typename Node,
          size_t kChunkSlots = 64, size_t kGatesPerSlot = 6>
class EpochProtocol {
 public:
  // The most gates that one slot announces (gate_protocol.h).
  static constexpr size_t kInsideMax = kGatesPerSlot;

  // What one thread announces. The owner stores to it in every call, so it has cache lines of its
  // own; what a call needs is in the first of them.
  struct alignas(64) Slot {
    Atomic<uint64_t> pinned{0};  // the epoch of the outermost pin, 0 when there is none
    // The gates that the thread is inside, innermost last; null behind them.
    std::array<Atomic<const void*>, kInsideMax> inside;
    Atomic<bool> taken{false};
    HandOverStack<Atomic, Node> retired;  // pushed by the owner, emptied by any reclaimer
    WaitingList<Node> waiting;            // what was in `retired` and cannot be freed yet
  };

  // Slots are added in chunks and never freed: a reclaimer may be walking them.
  struct Chunk {
    std::array<Slot, kChunkSlots> slots;
    Chunk* next = nullptr;
  };

  // A slot that no other thread holds, or null when all are taken: then add_chunk() and repeat.
  Slot* take_slot() noexcept {
    for (size_t i = 0; i < first_chunk_.slots.size(); i++) {
      if (!take(first_chunk_.slots[i])) continue;
      use_first(i + 1);
      return &first_chunk_.slots[i];
    }
    // Acquire: pairs with the release in add_chunk().
    Chunk* chunk = more_chunks_.load(std::memory_order_acquire);
    for (; chunk != nullptr; chunk = chunk->next) {
      for (Slot& slot : chunk->slots) {
        if (take(slot)) return &slot;
      }
    }
    return nullptr;
  }

  // Retired objects that are still in the slot stay there: the next reclaimer takes them.
  void give_back_slot(Slot& slot) noexcept {
    slot.taken.store(false, std::memory_order_release);  // pairs with take_slot()
  }

  void add_chunk(Chunk* chunk) noexcept {
    Chunk* head = more_chunks_.load(std::memory_order_relaxed);
    do {
      chunk->next = head;
      // Release: pairs with the acquire in for_each_slot(); the chunk is constructed.
    } while (!more_chunks_.compare_exchange_weak(head, chunk, std::memory_order_release,
                                                 std::memory_order_relaxed));
  }

  void pin(Slot& slot) noexcept {
    // Relaxed: the barrier below makes an acquire of it, which pairs with the release in advance(),
    // for invariant 1.
    const uint64_t epoch = epoch_.load(std::memory_order_relaxed);
    // Release: a reclaimer that reads this value has not read our last unpin(), whose order it
    // needs (since C++20 a store does not continue the release sequence of an earlier one).
    slot.pinned.store(epoch, std::memory_order_release);
    // Our announcement against the caller's loads. Pairs with the barrier in oldest_pin(): if that
    // one comes first, the caller's loads see what was unlinked before it; otherwise its scan sees
    // our slot. That is invariant 2.
    Barrier()();
  }

  void unpin(Slot& slot) noexcept {
    // Release: pairs with the acquire in oldest_pin(); our reads come before the reclaiming.
    slot.pinned.store(0, std::memory_order_release);
  }

  // The barrier of a pin, for an announcement without one.
  static void barrier() noexcept { Barrier()(); }

  // For a thread without a slot. As long as there is such a pin nothing is reclaimed.
  void pin_without_slot() noexcept {
    // Relaxed: the order to the caller's loads is the barrier's, as in pin(), and being a
    // read-modify-write it carries the releases of earlier unpins on.
    pins_without_slot_.fetch_add(1, std::memory_order_relaxed);
    Barrier()();
  }
  void unpin_without_slot() noexcept {
    pins_without_slot_.fetch_sub(1, std::memory_order_release);  // pairs with oldest_pin()
  }

  // Never pinned: what threads without a slot retire.
  Slot& shared_slot() noexcept { return shared_slot_; }

  // Calls `visit(slot)` for all slots, the shared one last, until it returns false.
  template <typename Visit>
  void for_each_waiting(Visit visit) noexcept {
    if (for_each_slot(visit)) visit(shared_slot_);
  }

  // Returns the tag for what was taken from the slots' stacks before the call: the epoch before.
  // One thread at a time.
  uint64_t advance() noexcept {
    // Release: pairs with the load and the barrier in pin(), for invariant 1.
    return epoch_.fetch_add(1, std::memory_order_release);
  }

  // Objects tagged below the result can be seen by no reader. `newest` is the result of the last
  // advance() plus one.
  uint64_t oldest_pin(uint64_t newest) noexcept {
    Barrier()();  // pairs with the barrier in pin()
    // Acquire, here and below: pairs with the releases in unpin() and pin().
    if (pins_without_slot_.load(std::memory_order_acquire) != 0) return 0;
    uint64_t oldest = newest;
    for_each_slot([&oldest](Slot& slot) {
      const uint64_t pinned = slot.pinned.load(std::memory_order_acquire);
      if (pinned != 0 && pinned < oldest) oldest = pinned;
      return true;
    });
    return oldest;
  }

  // In the child after fork(): the threads behind all slots but `mine` do not exist here.
  void forget_other_threads(Slot* mine, uint64_t my_pins_without_slot) noexcept {
    pins_without_slot_.store(my_pins_without_slot, std::memory_order_relaxed);
    for_each_slot([mine](Slot& slot) {
      if (&slot != mine) {
        slot.pinned.store(0, std::memory_order_relaxed);
        for (auto& gate : slot.inside) gate.store(nullptr, std::memory_order_relaxed);
        slot.taken.store(false, std::memory_order_relaxed);
      }
      return true;
    });
  }

  // Calls `visit(slot)` for every slot that a thread has ever had, until it returns false; then the
  // result is false, too.
  template <typename Visit>
  bool for_each_slot(Visit visit) noexcept {
    // Relaxed: a thread stores it before the barrier of its first announcement, so a scan after a
    // barrier of its own misses the slot only where it may miss the announcement (invariant 2).
    const size_t used = used_of_first_chunk_.load(std::memory_order_relaxed);
    for (size_t i = 0; i < used; i++) {
      if (!visit(first_chunk_.slots[i])) return false;
    }
    // Acquire: pairs with the release in add_chunk().
    Chunk* chunk = more_chunks_.load(std::memory_order_acquire);
    for (; chunk != nullptr; chunk = chunk->next) {
      for (Slot& slot : chunk->slots) {
        if (!visit(slot)) return false;
      }
    }
    return true;
  }

 private:
  static bool take(Slot& slot) noexcept {
    bool free = false;
    // Acquire: pairs with the release in give_back_slot(), so that the pins of the slot's earlier
    // owner are ordered before ours.
    return !slot.taken.load(std::memory_order_relaxed) &&
           slot.taken.compare_exchange_strong(free, true, std::memory_order_acquire,
                                              std::memory_order_relaxed);
  }
  // Scans cover the first `count` slots of the first chunk from now on.
  void use_first(size_t count) noexcept {
    // Relaxed: see for_each_slot().
    size_t used = used_of_first_chunk_.load(std::memory_order_relaxed);
    while (used < count && !used_of_first_chunk_.compare_exchange_weak(
                               used, count, std::memory_order_relaxed, std::memory_order_relaxed)) {
    }
  }

  alignas(64) Atomic<uint64_t> epoch_{1};  // 0 in a slot means "not pinned"
  alignas(64) Atomic<uint64_t> pins_without_slot_{0};
  Atomic<size_t> used_of_first_chunk_{0};
  Slot shared_slot_;
  Atomic<Chunk*> more_chunks_{nullptr};
  Chunk first_chunk_;
};

}  // namespace stave::sync
