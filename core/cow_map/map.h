// A map from int64_t to bytes that is copied in O(1): a copy is a map of its own.
//
// Thread safety: any number of threads may call all functions at the same time, apart from the
// destructor. Reads take no lock, never wait and never repeat. Writes to one map, and clone_from()
// it, exclude each other by a lock; a clone shows the state before or after each write.
//
// Invariants
//   1. What a read returns was the value of that key in this map at some moment during the call.
//   2. A write to one map is never seen in another, be it a clone or the original.
//   3. An operation that fails, or that changes nothing, leaves the entries as they were; one that
//      changes nothing copies nothing.
//   4. A write that has returned ok has been made.
//
// Callbacks (Edit, Make) run under the map's lock. They may read the map, which shows the state
// before the call, and use other maps. A write to this map from inside one, or close(), is
// Code::busy.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/cow_map/family.h"
#include "core/cow_map/trie.h"
#include "core/cow_map/value_block.h"
#include "core/sync/epoch.h"
#include "core/sync/sequence_lock.h"

namespace stave::cow_map {

struct Stats {
  uint64_t entries;
  uint64_t shared_bytes;  // of nodes and values that other maps or cursors may hold too
  uint64_t own_bytes;     // of those that only this map holds
};

// A value that stays valid whatever happens to its map: a counted reference to its block, or a copy
// of a value that is kept in its slot. bytes() of a copy are inside the ValuePin.
class ValuePin {
 public:
  // Takes over a reference to the block.
  explicit ValuePin(ValueBlock* block) noexcept : block_(block) {}
  ValuePin(uint64_t word, size_t size) noexcept : word_(word), size_(size) {}
  ValuePin(ValuePin&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), word_(other.word_), size_(other.size_) {}
  ValuePin& operator=(ValuePin&&) = delete;
  ~ValuePin() {
    if (block_ != nullptr) block_->release();
  }

  Bytes bytes() const noexcept {
    if (block_ != nullptr) return block_->bytes();
    return {reinterpret_cast<const std::byte*>(&word_), size_};
  }

 private:
  ValueBlock* block_ = nullptr;
  uint64_t word_ = 0;
  size_t size_ = 0;
};

class Map {
 public:
  // Takes a value that was read. Called before anything changes: a failure ends the operation.
  using Receive = FunctionRef<Status(Bytes value)>;
  // Makes a new value from the present one. The bytes stay valid until the operation returns.
  using Edit = FunctionRef<Result<Bytes>(Bytes value)>;
  using Make = FunctionRef<Result<Bytes>()>;

  // Closed until create() or clone_from() has succeeded.
  Map() noexcept = default;
  ~Map();
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  // REQUIRES: called once. `seed` is that of the family, unknown to whoever chooses keys.
  Status create(const Options& options, uint64_t seed);
  // Becomes a copy of `source`. REQUIRES: called once. O(1).
  Status clone_from(Map& source);
  // Releases all entries; later calls return Code::closed. O(1).
  Status close();
  bool closed() const noexcept { return trie_.root() == 0; }
  const Options& options() const noexcept { return family_->options(); }

  // Returns what `receive(Bytes value)` returns, a Status or a Code; not_found when the key is
  // absent, or closed. `receive` runs under an epoch pin, so it must be short.
  template <typename Receiver>
  auto get(int64_t key, Receiver&& receive) const -> decltype(receive(Bytes()));
  // Calls `receive(size_t index, const Bytes* value)`, which returns a Code, for each key in turn;
  // `value` is null when the key is absent. Ends with the first code that is not ok. The memory
  // that several keys need is prefetched together.
  template <typename Receiver>
  Code multi_get(std::span<const int64_t> keys, Receiver&& receive) const;
  Code contains(int64_t key) const {
    return get(key, [](Bytes) { return Code::ok; });
  }
  Result<ValuePin> get_pin(int64_t key) const;
  uint64_t size() const noexcept { return trie_.size(); }  // 0 when closed

  // Stores the value. `previous` is called when the key had one.
  Status put(int64_t key, Bytes value, Receive previous);
  // Stores the value if the key is absent, else returns exists.
  Status insert(int64_t key, Bytes value);
  // Stores the value if the key is present, else returns not_found.
  Status replace(int64_t key, Bytes value, Receive previous);
  // Puts `value_of(index)` under each key in turn, all under one lock, and then calls
  // `stored(index, had_value)`. Neither may use the map. The first failure ends the call: `done` is
  // the number of keys before it, which have been stored.
  Status multi_put(std::span<const int64_t> keys, FunctionRef<Bytes(size_t index)> value_of,
                   FunctionRef<void(size_t index, bool had_value)> stored, size_t& done);
  // Removes the key, or returns not_found.
  Status remove(int64_t key, Receive removed);
  // Stores what `edit` makes of the present value, or returns not_found.
  Status modify(int64_t key, Edit edit);
  // Returns exists when the key is present and `result` has its value; ok when it was absent and
  // `result` has the one that `make` made.
  Status get_or_insert(int64_t key, Make make, Receive result);
  // Returns exists when the present value was edited, ok when `value` was stored; `result` has the
  // new one.
  Status update_or_insert(int64_t key, Edit edit, Bytes value, Receive result);
  Status clear();
  Status shrink_to_fit();
  Result<Stats> stats();

  // What cursors work on.
  Result<Snapshot> snapshot();

 private:
  // A sequence lock of which only the lock is used: its unlock is a plain store.
  using Lock = sync::SequenceLock<>;
  class WriteGuard;
  class NewValue;

  Status check_value(Bytes value) const {
    const Options& options = family_->options();
    if (options.fixed_values ? value.size() == options.value_size : value.size() <= value_size_max)
        [[likely]]
      return {};
    return refuse_value(value);
  }
  Status refuse_value(Bytes value) const;

  template <typename Callback>
  auto run(Callback&& callback);
  template <typename Choose, typename Report>
  Status update(int64_t key, Choose&& choose, Report&& report);
  template <typename Choose, typename Report>
  Status update_locked(int64_t key, Choose&& choose, Report&& report);

  Bytes bytes_of(const uint64_t& value) const noexcept { return family_->bytes_of(value); }
  void release_value(uint64_t value) noexcept;
  void release_all() noexcept;

  Lock lock_;
  std::atomic<uint32_t> callback_thread_{0};  // number + 1 of the thread inside a callback
  std::shared_ptr<Family> family_;
  Trie trie_;
};

template <typename Receiver>
auto Map::get(int64_t key, Receiver&& receive) const -> decltype(receive(Bytes())) {
  const sync::EpochPin pin;
  const Word root = trie_.root();
  if (root == 0) [[unlikely]]
    return Code::closed;
  const LeafSlot slot = trie_.find(root, key);
  if (!slot) return Code::not_found;
  const uint64_t value = slot_value(slot);
  return receive(bytes_of(value));
}

template <typename Receiver>
Code Map::multi_get(std::span<const int64_t> keys, Receiver&& receive) const {
  std::array<LeafSlot, Trie::group_max> slots;
  for (size_t begin = 0; begin < keys.size(); begin += Trie::group_max) {
    const auto group = keys.subspan(begin, std::min(keys.size() - begin, Trie::group_max));
    const sync::EpochPin pin;
    const Word root = trie_.root();
    if (root == 0) return Code::closed;
    trie_.find_many(root, group, slots);
    for (size_t i = 0; i < group.size(); i++) {
      const uint64_t value = slots[i] ? slot_value(slots[i]) : 0;
      const Bytes bytes = slots[i] ? bytes_of(value) : Bytes();
      const Code code = receive(begin + i, slots[i] ? &bytes : nullptr);
      if (code != Code::ok) return code;
    }
  }
  return Code::ok;
}

}  // namespace stave::cow_map
