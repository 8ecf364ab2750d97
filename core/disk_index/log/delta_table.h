// A hash table of numbers, filled once by one writer beside readers that take no lock: the index
// of the changes that are not in the segments yet.
//
// A slot is one word: 32 bits of the hash, and the number of a change, which holds the key. Slots
// are taken in order of the hash's top bits (linear probing), so that the changes of a range of
// hashes lie in one run of slots. A slot is never emptied; a later change of the same key replaces
// the number in it. The table never grows: its user begins another in good time.
//
// Thread safety: any number of readers; one writer at a time.
//   1. What a number stands for was complete before the number was stored, and a reader that loads
//      the number sees it.
//   2. A slot once taken for a key stays this key's, so a reader meets each key at most once, and
//      none that was there when the reader began is missed: the slots between a key's home and its
//      slot never become empty.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>

#include "core/base/prefetch.h"
#include "core/os/page_memory.h"

namespace stave::disk_index {

// What a put has found.
struct TakenSlot {
  size_t probes;                     // slots looked at
  std::optional<uint32_t> replaced;  // the number of the key's change before this one
};

template <template <typename> class Atomic = std::atomic>
class DeltaTable {
 public:
  // 2^bits slots and a tail of so many more, since no probe wraps around.
  DeltaTable(unsigned bits, size_t tail)
      : shift_(64 - bits), size_((size_t{1} << bits) + tail), slots_(make_slots(size_)) {}

  // The number of the change of a key, if there is one. `is_key(number)` says whether a change
  // with the same 32 bits is the key's.
  template <typename IsKey>
  std::optional<uint32_t> find(uint64_t hash, IsKey&& is_key) const noexcept {
    for (size_t slot = home(hash); slot < size_; slot++) {
      // Acquire: pairs with the release in put(), for invariant 1.
      const uint64_t word = slots_[slot].load(std::memory_order_acquire);
      if (word == 0) return {};
      if (tag_of(word) == tag(hash) && is_key(number_of(word))) return number_of(word);
    }
    return {};
  }

  // Writer. Makes `number` the change of the key; nothing when there is no slot between its home
  // and the end of the tail.
  template <typename IsKey>
  std::optional<TakenSlot> put(uint64_t hash, uint32_t number, IsKey&& is_key) noexcept {
    for (size_t slot = home(hash); slot < size_; slot++) {
      // Relaxed: this writer, or one before it under the same lock, stored it.
      const uint64_t word = slots_[slot].load(std::memory_order_relaxed);
      if (word != 0 && (tag_of(word) != tag(hash) || !is_key(number_of(word)))) continue;
      // Release: pairs with the acquires in find() and for_range(), for invariant 1.
      slots_[slot].store(make_word(tag(hash), number), std::memory_order_release);
      TakenSlot taken{slot + 1 - home(hash), {}};
      if (word != 0) taken.replaced = number_of(word);
      return taken;
    }
    return {};
  }

  // `visit(number)` for the changes whose hashes may lie in [first, last], each once, and some of
  // others near the ends.
  template <typename Visit>
  void for_range(uint64_t first, uint64_t last, Visit&& visit) const {
    const size_t last_home = home(last);
    for (size_t slot = home(first); slot < size_; slot++) {
      const uint64_t word = slots_[slot].load(std::memory_order_acquire);
      if (word != 0)
        visit(number_of(word));
      else if (slot >= last_home)
        return;
    }
  }

  // Writer. The first store into each page of fresh memory waits for the system: does that for some
  // of the pages.
  void make_ready(size_t first_page, size_t pages) noexcept {
    const size_t end = std::min(size_, (first_page + pages) * page_slots);
    // Release: like put(), which may have stored the same there; see invariant 1.
    for (size_t slot = first_page * page_slots; slot < end; slot += page_slots)
      slots_[slot].store(slots_[slot].load(std::memory_order_relaxed), std::memory_order_release);
  }
  size_t pages() const noexcept { return (size_ + page_slots - 1) / page_slots; }

  // Brings the first slot of a probe closer.
  void prefetch(uint64_t hash) const noexcept { stave::prefetch(&slots_[home(hash)]); }

 private:
  static constexpr size_t page_slots = 4096 / sizeof(uint64_t);

  size_t home(uint64_t hash) const noexcept {
    return static_cast<size_t>(hash >> 1 >> (shift_ - 1));
  }
  static uint32_t tag(uint64_t hash) noexcept { return static_cast<uint32_t>(hash); }
  static uint32_t tag_of(uint64_t word) noexcept { return static_cast<uint32_t>(word >> 32); }
  static uint32_t number_of(uint64_t word) noexcept { return static_cast<uint32_t>(word) - 1; }
  // Numbers are stored one higher: a word of 0 is an empty slot.
  static uint64_t make_word(uint32_t tag, uint32_t number) noexcept {
    return uint64_t{tag} << 32 | (number + 1);
  }

  // std::atomic over memory that the system hands out zeroed: a table of millions of slots costs
  // nothing until they are used, and filling it with zeros would take milliseconds. A large one is
  // in huge pages, where the system has them.
  static constexpr size_t huge_bytes_min = 2 * os::huge_page_size;
  static constexpr bool is_plain = std::is_same_v<Atomic<uint64_t>, std::atomic<uint64_t>>;
  static_assert(!is_plain || (sizeof(std::atomic<uint64_t>) == sizeof(uint64_t) &&
                              std::atomic<uint64_t>::is_always_lock_free &&
                              std::is_trivially_destructible_v<std::atomic<uint64_t>>));
  struct Release {
    size_t huge_bytes = 0;  // 0: not in pages of its own
    void operator()(Atomic<uint64_t>* slots) const noexcept {
      if (huge_bytes > 0)
        os::unmap_pages(reinterpret_cast<std::byte*>(slots), huge_bytes);
      else if constexpr (is_plain)
        std::free(slots);
      else
        delete[] slots;
    }
  };
  using Slots = std::unique_ptr<Atomic<uint64_t>[], Release>;
  static Slots make_slots(size_t size) {
    if constexpr (is_plain) {
      const size_t bytes = size * sizeof(uint64_t);
      if (bytes >= huge_bytes_min) {
        const size_t whole = (bytes + os::huge_page_size - 1) & ~(os::huge_page_size - 1);
        std::byte* const pages = os::map_pages(whole);
        if (pages == nullptr) throw std::bad_alloc();
        return Slots(reinterpret_cast<Atomic<uint64_t>*>(pages), Release{whole});
      }
      void* const memory = std::calloc(size, sizeof(uint64_t));
      if (memory == nullptr) throw std::bad_alloc();
      return Slots(static_cast<Atomic<uint64_t>*>(memory));
    } else {
      return Slots(new Atomic<uint64_t>[size]);
    }
  }

  unsigned shift_;
  size_t size_;
  Slots slots_;
};

}  // namespace stave::disk_index
