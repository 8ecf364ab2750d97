#include "core/cow_map/map.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <string>

#include "core/sync/thread_number.h"

namespace stave::cow_map {

// The lock, for one write or clone.
class Map::WriteGuard {
 public:
  // Returns busy inside a callback of the map, which has the lock already; closed, with the lock.
  Code enter(Map& map) {
    // Relaxed: a thread finds its own number only if it has stored it itself.
    const uint32_t inside = map.callback_thread_.load(std::memory_order_relaxed);
    if (inside != 0 && inside == sync::thread_number() + 1) return Code::busy;
    lock_ = std::unique_lock(map.lock_);
    return map.closed() ? Code::closed : Code::ok;
  }

 private:
  std::unique_lock<Lock> lock_;
};

// A checked value as it will lie in its slot. Made before a caller's buffer is written to, because
// the value's bytes may lie in that buffer.
class Map::NewValue {
 public:
  NewValue() noexcept = default;
  ~NewValue() {
    if (block_ != nullptr) block_->release();
  }
  NewValue(const NewValue&) = delete;
  NewValue& operator=(const NewValue&) = delete;

  // REQUIRES: called once. False without memory.
  bool make(const Map& map, Bytes value) noexcept {
    if (map.trie_.form() == ValueForm::inside) {
      // Most have eight bytes: a move instead of a call.
      if (value.size() == sizeof word_) {
        std::memcpy(&word_, value.data(), sizeof word_);
      } else {
        copy(reinterpret_cast<std::byte*>(&word_), value);
      }
      return true;
    }
    if (value.empty()) return true;
    block_ = ValueBlock::create(value, map.trie_.token());
    word_ = reinterpret_cast<uint64_t>(block_);
    return block_ != nullptr;
  }
  const uint64_t& word() const noexcept { return word_; }
  size_t memory() const noexcept { return block_ == nullptr ? 0 : block_->memory(); }
  // The block belongs to the map from now on.
  void pass_on() noexcept { block_ = nullptr; }

 private:
  uint64_t word_ = 0;
  ValueBlock* block_ = nullptr;
};

// Runs a callback of the caller, which may not come back with a write.
template <typename Callback>
auto Map::run(Callback&& callback) {
  struct Inside {
    explicit Inside(std::atomic<uint32_t>& thread) noexcept : thread_(thread) {
      thread_.store(sync::thread_number() + 1, std::memory_order_relaxed);
    }
    ~Inside() { thread_.store(0, std::memory_order_relaxed); }
    std::atomic<uint32_t>& thread_;
  };
  const Inside inside(callback_thread_);
  return callback();
}

// The path of every write that stores a value. `choose(const Bytes* present)` returns the value to
// store, or the status that ends the call; `present` is null when the key is absent.
// `report(const Bytes* present, Bytes stored)` gives the caller its results and returns a Status:
// it is called when all but the nodes' memory is there, and a failure ends the call. REQUIRES: the
// map's lock.
template <typename Choose, typename Report>
Status Map::update_locked(int64_t key, Choose&& choose, Report&& report) {
  const Located at = trie_.locate(key);
  const Bytes bytes = at.found ? bytes_of(at.value) : Bytes();
  const Bytes* const present = at.found ? &bytes : nullptr;
  const Result<Bytes> chosen = choose(present);
  if (!chosen) return chosen.status();
  STAVE_TRY(check_value(*chosen));
  NewValue stored;
  if (!stored.make(*this, *chosen)) return Code::no_memory;
  STAVE_TRY(report(present, bytes_of(stored.word())));
  if (!trie_.put(at, stored.word(), stored.memory())) return Code::no_memory;
  stored.pass_on();
  release_value(at.value);
  return {};
}

template <typename Choose, typename Report>
Status Map::update(int64_t key, Choose&& choose, Report&& report) {
  WriteGuard guard;
  STAVE_TRY(guard.enter(*this));
  return update_locked(key, choose, report);
}

Map::~Map() {
  // Nobody else is here. What the trie refers to goes by epoch.
  release_all();
}

void Map::release_all() noexcept {
  if (trie_.root() == 0) return;
  const uint64_t made = trie_.own_memory();
  trie_.clear();
  if (!family_) return;  // create() has failed
  family_->note_made(made);
  family_->released_root();
}

Status Map::create(const Options& options, uint64_t seed) {
  std::shared_ptr<Family> family;
  try {
    family = std::make_shared<Family>(options, seed);
  } catch (const std::bad_alloc&) {
    return Code::no_memory;
  }
  trie_.begin(family->hash(), family->form(), family->take_tokens(1));
  if (!trie_.reset(options.capacity)) return Code::no_memory;
  family_ = std::move(family);
  return {};
}

Status Map::clone_from(Map& source) {
  WriteGuard guard;
  STAVE_TRY(guard.enter(source));
  family_ = source.family_;
  const uint64_t token = family_->take_tokens(2);
  family_->note_made(source.trie_.own_memory());
  trie_.begin(family_->hash(), family_->form(), token);
  trie_.share(source.trie_, token + 1);
  return {};
}

Status Map::close() {
  WriteGuard guard;
  if (guard.enter(*this) == Code::busy) return Code::busy;
  release_all();
  return {};
}

Status Map::refuse_value(Bytes value) const {
  const Options& options = family_->options();
  if (options.fixed_values) {
    return Status::error(Code::invalid_argument, "the value has " + std::to_string(value.size()) +
                                                     " bytes, all values of this map have " +
                                                     std::to_string(options.value_size));
  }
  return Status::error(Code::too_large, "the value has " + std::to_string(value.size()) +
                                            " bytes, at most 2^31-1 are possible");
}

void Map::release_value(uint64_t value) noexcept {
  if (trie_.form() == ValueForm::block && value != 0)
    reinterpret_cast<ValueBlock*>(value)->release();
}

Result<ValuePin> Map::get_pin(int64_t key) const {
  const sync::EpochPin pin;
  for (;;) {
    const Word root = trie_.root();
    if (root == 0) return Code::closed;
    const LeafSlot slot = trie_.find(root, key);
    if (!slot) return Code::not_found;
    const uint64_t value = slot_value(slot);
    if (trie_.form() == ValueForm::inside || value == 0)
      return ValuePin(value, bytes_of(value).size());
    auto* const block = reinterpret_cast<ValueBlock*>(value);
    // If it fails the value has just been replaced or removed: the next lookup shows by what.
    if (block->try_acquire()) return ValuePin(block);
  }
}

Status Map::put(int64_t key, Bytes value, Receive previous) {
  return update(
      key, [&](const Bytes*) { return Result<Bytes>(value); },
      [&](const Bytes* present, Bytes) {
        return present != nullptr ? previous(*present) : Status();
      });
}

Status Map::insert(int64_t key, Bytes value) {
  return update(
      key,
      [&](const Bytes* present) -> Result<Bytes> {
        STAVE_TRY(check_value(value));
        if (present != nullptr) return Code::exists;
        return value;
      },
      [](const Bytes*, Bytes) { return Status(); });
}

Status Map::replace(int64_t key, Bytes value, Receive previous) {
  return update(
      key,
      [&](const Bytes* present) -> Result<Bytes> {
        STAVE_TRY(check_value(value));
        if (present == nullptr) return Code::not_found;
        return value;
      },
      [&](const Bytes* present, Bytes) { return previous(*present); });
}

Status Map::multi_put(std::span<const int64_t> keys, FunctionRef<Bytes(size_t index)> value_of,
                      FunctionRef<void(size_t index, bool had_value)> stored, size_t& done) {
  done = 0;
  WriteGuard guard;
  STAVE_TRY(guard.enter(*this));
  for (; done < keys.size(); done++) {
    if (done % Trie::group_max == 0)
      trie_.prefetch_to_write(keys.subspan(done, std::min(keys.size() - done, Trie::group_max)));
    bool had_value = false;
    STAVE_TRY(update_locked(
        keys[done], [&](const Bytes*) { return Result<Bytes>(value_of(done)); },
        [&](const Bytes* present, Bytes) {
          had_value = present != nullptr;
          return Status();
        }));
    stored(done, had_value);
  }
  return {};
}

Status Map::remove(int64_t key, Receive removed) {
  WriteGuard guard;
  STAVE_TRY(guard.enter(*this));
  const Located at = trie_.locate(key);
  if (!at.found) return Code::not_found;
  STAVE_TRY(removed(bytes_of(at.value)));
  if (!trie_.remove(at)) return Code::no_memory;
  release_value(at.value);
  return {};
}

Status Map::modify(int64_t key, Edit edit) {
  return update(
      key,
      [&](const Bytes* present) -> Result<Bytes> {
        if (present == nullptr) return Code::not_found;
        return run([&] { return edit(*present); });
      },
      [](const Bytes*, Bytes) { return Status(); });
}

Status Map::get_or_insert(int64_t key, Make make, Receive result) {
  return update(
      key,
      [&](const Bytes* present) -> Result<Bytes> {
        if (present == nullptr) return run([&] { return make(); });
        STAVE_TRY(result(*present));
        return Code::exists;
      },
      [&](const Bytes*, Bytes stored) { return result(stored); });
}

Status Map::update_or_insert(int64_t key, Edit edit, Bytes value, Receive result) {
  bool existed = false;
  Status status = update(
      key,
      [&](const Bytes* present) -> Result<Bytes> {
        STAVE_TRY(check_value(value));
        existed = present != nullptr;
        if (!existed) return value;
        return run([&] { return edit(*present); });
      },
      [&](const Bytes*, Bytes stored) { return result(stored); });
  return status.ok() && existed ? Status(Code::exists) : status;
}

Status Map::clear() {
  WriteGuard guard;
  STAVE_TRY(guard.enter(*this));
  if (trie_.size() == 0 && trie_.is_bare()) return {};
  const uint64_t made = trie_.own_memory();
  if (!trie_.reset(0)) return Code::no_memory;
  family_->note_made(made);
  family_->released_root();
  return {};
}

Status Map::shrink_to_fit() {
  WriteGuard guard;
  STAVE_TRY(guard.enter(*this));
  return trie_.shrink() ? Code::ok : Code::no_memory;
}

Result<Stats> Map::stats() {
  WriteGuard guard;
  STAVE_TRY(guard.enter(*this));
  // Without another map or cursor nothing is shared.
  const uint64_t own = family_.use_count() == 1 ? trie_.memory() : trie_.own_memory();
  return Stats{trie_.size(), trie_.memory() - own, own};
}

Result<Snapshot> Map::snapshot() {
  WriteGuard guard;
  STAVE_TRY(guard.enter(*this));
  family_->note_made(trie_.own_memory());
  return Snapshot(family_, trie_.share_root(family_->take_tokens(1)));
}

}  // namespace stave::cow_map
