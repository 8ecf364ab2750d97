// A map from int64_t to bytes that is copied in O(1): a copy is a map of its own.
//
// Thread safety: all functions may be called from any number of threads at the same time, but for
// the destructor. Reads take no lock, never wait and never repeat. Writes to one map, and clone(),
// exclude each other by a lock; a clone shows the state before or after each write.
//
// Invariants
//   1. What a read returns was the value of that key in this map at some moment during the call.
//   2. No write to another map, this one's clones and originals included, is ever seen.
//   3. An operation that fails, or that changes nothing, leaves the entries as they were; the
//      latter copies nothing either.
//
// Callbacks run under the map's lock. They may read the map (they see it as it was) and use other
// maps; a write to this map from inside one, or close(), is Code::busy.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/cow_map/delayed_inserts.h"
#include "core/cow_map/family.h"
#include "core/cow_map/trie.h"
#include "core/cow_map/value_block.h"
#include "core/sync/epoch.h"
#include "core/sync/only_thread.h"
#include "core/sync/sequence_lock.h"
#include "core/sync/thread_number.h"

namespace stave::cow_map {

struct Stats {
  uint64_t entries;
  uint64_t shared_bytes;  // of nodes and values that other maps or cursors may hold too
  uint64_t own_bytes;     // of those that only this map holds
};

// A counted reference to a value that is not kept in a slot.
class ValuePin {
 public:
  explicit ValuePin(ValueBlock* block) noexcept : block_(block) {}
  ValuePin(ValuePin&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  ValuePin& operator=(ValuePin&&) = delete;
  ~ValuePin() {
    if (block_ != nullptr) block_->release();
  }

  Bytes bytes() const noexcept { return block_->bytes(); }

 private:
  ValueBlock* block_;
};

class Map {
 public:
  // Takes a value that was read: before anything changes, so that a failure stops the operation.
  using Receive = FunctionRef<Status(Bytes value)>;
  // Makes a new value from the present one. The bytes stay valid until the operation returns.
  using Edit = FunctionRef<Result<Bytes>(Bytes value)>;
  using Make = FunctionRef<Result<Bytes>()>;

  // Closed until create() or clone_from() has succeeded.
  Map() noexcept = default;
  ~Map();
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  // Once. `seed` is that of the family, unknown to whoever chooses keys.
  Status create(const Options& options, uint64_t seed);
  // Becomes a copy of `source`; once. O(1).
  Status clone_from(Map& source);
  // Lets go of everything; later calls are Code::closed. O(1).
  Status close();
  bool closed() const noexcept { return trie_.root() == 0; }
  const Options& options() const noexcept { return family_->options(); }

  // Calls `receive(Bytes)` under an epoch pin, so shortly, and answers what it does, a Status or a
  // Code; else not_found or closed.
  template <typename Receiver>
  auto get(int64_t key, Receiver&& receive) const -> decltype(receive(Bytes()));
  // Begins to bring near what get() needs of some keys, at most prefetch_max, waiting for all of
  // them at once.
  static constexpr size_t prefetch_max = Trie::together_max;
  void prefetch(std::span<const int64_t> keys) const noexcept {
    const sync::EpochPin pin;
    trie_.prefetch(trie_.root(), keys);
  }
  Code contains(int64_t key) const {
    return get(key, [](Bytes) { return Code::ok; });
  }
  // For maps all of whose values have 8 bytes: the calls that do most of the work of such maps,
  // without a Status on their way. While inserts of this one wait there is only insert_later().
  bool has_words() const noexcept { return way_.get() == Way::words; }
  // Under a pin.
  Code get_word(int64_t key, uint64_t& value) const noexcept { return find(key, value); }
  // Under a pin, or while the process has one thread: in few instructions, and sometimes not at all
  // (false).
  bool get_word_at_once(int64_t key, uint64_t& value) const noexcept {
    const Word root = trie_.root();
    if (root == 0) [[unlikely]]
      return false;
    const LeafSlot slot = trie_.find_at_once(root, static_cast<uint64_t>(key));
    if (!slot) [[unlikely]]
      return false;
    value = slot_value(slot);
    return true;
  }
  // busy when insert() has to tell.
  Code insert_word(int64_t key, uint64_t value, bool& replaced) noexcept;
  // Whether inserts of this map may wait.
  bool is_delaying() const noexcept { return way_.get() == Way::delaying; }
  // For those whose caller does not ask what was there before, while is_delaying(). As
  // insert_word().
  Code insert_later(int64_t key, uint64_t value) noexcept;
  // A value that needs no copy; nothing for those kept inside slots and those of 0 bytes: get()
  // them.
  Result<std::optional<ValuePin>> get_pin(int64_t key) const;
  // 0 when closed.
  uint64_t size() const noexcept;

  // `previous` is called when there was a value.
  Status insert(int64_t key, Bytes value, Receive previous);
  // not_found when there is none.
  Status remove(int64_t key, Receive removed);
  Status modify(int64_t key, Edit edit);
  // exists, and `result` has the present value; ok, and it has the new one.
  Status get_or_insert(int64_t key, Make make, Receive result);
  // exists when the present value was edited, ok when `value` was stored; `result` has the new one.
  Status update_or_insert(int64_t key, Edit edit, Bytes value, Receive result);
  Status clear();
  Status shrink_to_fit();
  Result<Stats> stats();

  // What cursors work on.
  Result<Snapshot> snapshot();

 private:
  // The value of a key as it is in its slot; under a pin.
  Code find(int64_t key, uint64_t& value) const noexcept {
    const Word root = trie_.root();
    if (root == 0) [[unlikely]]
      return Code::closed;
    const LeafSlot slot = trie_.find(root, static_cast<uint64_t>(key));
    if (!slot) return Code::not_found;
    value = slot_value(slot);
    return Code::ok;
  }

  // Of a sequence lock, whose end is a plain store, nothing but the lock is used.
  using Lock = sync::SequenceLock<>;

  // The lock, for one write or clone.
  class Writing {
   public:
    Code enter(Map& map) {
      // Relaxed: a thread finds its own number only if it has stored it itself.
      const uint32_t inside = map.callback_thread_.load(std::memory_order_relaxed);
      if (inside != 0 && inside == sync::thread_number() + 1) return Code::busy;
      lock_ = std::unique_lock(map.lock_);
      if (map.closed()) return Code::closed;
      return map.catch_up() ? Code::ok : Code::no_memory;
    }

   private:
    std::unique_lock<Lock> lock_;
  };
  // Runs a callback of the caller, which may not come back with a write.
  template <typename Callback>
  auto run(Callback&& callback);

  Status check_value(Bytes value) const {
    const Options& options = family_->options();
    if (options.fixed_values ? value.size() == options.value_size : value.size() <= value_size_max)
        [[likely]]
      return {};
    return refuse_value(value);
  }
  Status refuse_value(Bytes value) const;
  [[gnu::noinline]] Code insert_word_slowly(const Located& at, uint64_t value) noexcept;

  // Makes the inserts that wait; false without memory for all. Under the lock, or while the process
  // has one thread.
  bool catch_up() const noexcept { return !way_.is_delaying() || make_delayed(); }
  bool make_delayed() const noexcept;
  // The same for readers, who do not wait for the lock; false if they must look at what waits, too.
  bool try_catch_up() const noexcept;
  // One that has to be looked at; null when the key is to be looked for in the trie.
  const DelayedInsert* find_delayed(int64_t key) const noexcept;
  uint64_t size_with_delayed() const noexcept;
  // Under the lock.
  Located locate(int64_t key) const noexcept { return trie_.locate(static_cast<uint64_t>(key)); }
  // A checked value as it will lie in its slot. Made before a caller's buffer is written to, which
  // the value's bytes may lie in.
  class NewValue {
   public:
    NewValue() noexcept = default;
    ~NewValue();
    NewValue(const NewValue&) = delete;
    NewValue& operator=(const NewValue&) = delete;

    // Once; false without memory.
    bool make(const Map& map, Bytes value) noexcept;
    uint64_t word() const noexcept { return word_; }
    size_t memory() const noexcept { return block_ == nullptr ? 0 : block_->memory(); }
    Bytes bytes(const Map& map) const noexcept { return map.bytes_of(word_); }
    // The block is the map's now.
    void pass_on() noexcept { block_ = nullptr; }

   private:
    uint64_t word_ = 0;
    ValueBlock* block_ = nullptr;
  };
  // Under the lock. Stores a value where it belongs.
  Status store(const Located& at, NewValue& value);
  Bytes bytes_of(const uint64_t& value) const noexcept { return family_->bytes_of(value); }
  void let_go(uint64_t value) noexcept;
  void let_go_of_all() noexcept;

  // Mutable is what making inserts that wait changes: whoever looks first does it.
  mutable Lock lock_;
  mutable WayFlag<std::atomic> way_;
  std::atomic<uint32_t> callback_thread_{0};  // number + 1 of the thread inside a callback
  FamilyReference family_;
  mutable Trie trie_;
  std::unique_ptr<DelayedInserts> delayed_;  // null until it is needed
};

[[gnu::always_inline]] inline Code Map::insert_word(int64_t key, uint64_t value,
                                                    bool& replaced) noexcept {
  // Relaxed: a callback of this thread has stored it here.
  if (callback_thread_.load(std::memory_order_relaxed) != 0) [[unlikely]]
    return Code::busy;
  // While the process has one thread nobody else is inside.
  std::unique_lock lock(lock_, std::defer_lock);
  if (!sync::is_only_thread()) lock.lock();
  if (trie_.root() == 0) [[unlikely]]
    return Code::closed;
  const Located at = locate(key);
  replaced = at.found;
  if (at.leaf == nullptr) [[unlikely]]
    return insert_word_slowly(at, value);
  trie_.put_at_once(at, value);
  return Code::ok;
}

template <typename Receiver>
auto Map::get(int64_t key, Receiver&& receive) const -> decltype(receive(Bytes())) {
  if (is_delaying()) [[unlikely]] {
    if (const DelayedInsert* const found = find_delayed(key))
      return receive(bytes_of(found->value));
  }
  const sync::EpochPin pin;
  uint64_t value = 0;
  const Code code = find(key, value);
  if (code != Code::ok) return code;
  return receive(bytes_of(value));
}

}  // namespace stave::cow_map
