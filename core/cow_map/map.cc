#include "core/cow_map/map.h"

#include <cstring>
#include <new>
#include <string>

namespace stave::cow_map {

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

Map::~Map() {
  // Nobody else is here. What the trie refers to goes by epoch.
  let_go_of_all();
}

void Map::let_go_of_all() noexcept {
  if (trie_.root() == 0) return;
  const uint64_t made = trie_.own_memory();
  trie_.clear();
  if (!family_) return;  // create() has failed
  family_->note_made(made);
  family_->released_root();
}

Status Map::create(const Options& options, uint64_t seed) {
  FamilyReference family(options, seed);
  if (!family) return Code::no_memory;
  trie_.begin(family->hash(), family->form(), family->take_tokens(1));
  if (!trie_.reset(options.capacity)) return Code::no_memory;
  if (family->inside_size() == sizeof(uint64_t)) way_.set_words();
  family_ = std::move(family);
  return {};
}

Status Map::clone_from(Map& source) {
  Writing writing;
  STAVE_TRY(writing.enter(source));
  family_ = source.family_;
  const uint64_t token = family_->take_tokens(2);
  family_->note_made(source.trie_.own_memory());
  if (source.has_words()) way_.set_words();
  trie_.begin(family_->hash(), family_->form(), token);
  trie_.share(source.trie_, token + 1);
  return {};
}

Status Map::close() {
  Writing writing;
  const Status status = writing.enter(*this);
  if (status.is(Code::busy)) return status;
  let_go_of_all();
  // Without memory for them, inserts that wait end with the map; whoever does not look for them
  // finds it closed.
  if (way_.is_delaying()) way_.end_delaying();
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

bool Map::NewValue::make(const Map& map, Bytes value) noexcept {
  if (map.trie_.form() == ValueForm::inside) {
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

Map::NewValue::~NewValue() {
  if (block_ != nullptr) block_->release();
}

Status Map::store(const Located& at, NewValue& value) {
  if (!trie_.put(at, value.word(), value.memory())) return Code::no_memory;
  value.pass_on();
  let_go(at.value);
  return {};
}

void Map::let_go(uint64_t value) noexcept {
  if (trie_.form() == ValueForm::block && value != 0)
    reinterpret_cast<ValueBlock*>(value)->release();
}

Result<std::optional<ValuePin>> Map::get_pin(int64_t key) const {
  const sync::EpochPin pin;
  for (;;) {
    uint64_t value = 0;
    if (is_delaying() && find_delayed(key)) return std::optional<ValuePin>();
    if (const Code code = find(key, value); code != Code::ok) return code;
    if (trie_.form() == ValueForm::inside || value == 0) return std::optional<ValuePin>();
    auto* const block = reinterpret_cast<ValueBlock*>(value);
    // If it fails the value has just been replaced or removed: the next look shows by what.
    if (block->try_acquire()) return std::optional<ValuePin>(ValuePin(block));
  }
}

Code Map::insert_word_slowly(const Located& at, uint64_t value) noexcept {
  if (!trie_.put(at, value, 0)) return Code::no_memory;
  // The inserts that follow may wait until somebody asks. While there are other threads none does.
  if (trie_.size() < family_->options().delays_from || !sync::is_only_thread()) return Code::ok;
  if (!delayed_) delayed_.reset(new (std::nothrow) DelayedInserts);
  if (!delayed_) return Code::ok;
  delayed_->clear();
  delayed_->set_made_size(trie_.size());
  way_.begin_delaying();
  return Code::ok;
}

Code Map::insert_later(int64_t key, uint64_t value) noexcept {
  if (!sync::is_only_thread()) return Code::busy;
  if (delayed_->full()) {
    const bool all_made = trie_.put_all(delayed_->all());
    delayed_->set_made_size(trie_.size());
    if (!all_made) return Code::no_memory;
    delayed_->clear();
  }
  delayed_->add(trie_.hash()(static_cast<uint64_t>(key)), value);
  return Code::ok;
}

bool Map::make_delayed() const noexcept {
  const bool alone = sync::is_only_thread();
  if (!alone) way_.begin_making(size_with_delayed());
  const bool all_made = trie_.put_all(delayed_->all());
  if (all_made) {
    way_.end_delaying();
  } else if (alone) {
    delayed_->set_made_size(trie_.size());
  }
  return all_made;
}

bool Map::try_catch_up() const noexcept {
  if (sync::is_only_thread()) return catch_up();
  // Who has the lock makes them.
  const std::unique_lock lock(lock_, std::try_to_lock);
  return lock && catch_up();
}

const DelayedInsert* Map::find_delayed(int64_t key) const noexcept {
  return try_catch_up() ? nullptr : delayed_->find(trie_.hash()(static_cast<uint64_t>(key)));
}

uint64_t Map::size_with_delayed() const noexcept {
  const sync::EpochPin pin;
  const Word root = trie_.root();
  if (root == 0) return 0;
  return way_.size_or(delayed_->size_with(
      [root](uint64_t hash) { return static_cast<bool>(Trie::find_hash(root, hash)); }));
}

uint64_t Map::size() const noexcept {
  return !is_delaying() || try_catch_up() ? trie_.size() : size_with_delayed();
}

Status Map::insert(int64_t key, Bytes value, Receive previous) {
  Writing writing;
  STAVE_TRY(writing.enter(*this));
  STAVE_TRY(check_value(value));
  NewValue stored;
  if (!stored.make(*this, value)) return Code::no_memory;
  const Located at = locate(key);
  if (at.found) STAVE_TRY(previous(bytes_of(at.value)));
  return store(at, stored);
}

Status Map::remove(int64_t key, Receive removed) {
  Writing writing;
  STAVE_TRY(writing.enter(*this));
  const Located at = locate(key);
  if (!at.found) return Code::not_found;
  STAVE_TRY(removed(bytes_of(at.value)));
  if (!trie_.remove(at)) return Code::no_memory;
  let_go(at.value);
  return {};
}

Status Map::modify(int64_t key, Edit edit) {
  Writing writing;
  STAVE_TRY(writing.enter(*this));
  const Located at = locate(key);
  if (!at.found) return Code::not_found;
  const auto value = run([&] { return edit(bytes_of(at.value)); });
  if (!value) return value.status();
  STAVE_TRY(check_value(*value));
  NewValue stored;
  if (!stored.make(*this, *value)) return Code::no_memory;
  return store(at, stored);
}

Status Map::get_or_insert(int64_t key, Make make, Receive result) {
  Writing writing;
  STAVE_TRY(writing.enter(*this));
  const Located at = locate(key);
  if (at.found) {
    STAVE_TRY(result(bytes_of(at.value)));
    return Code::exists;
  }
  const auto value = run([&] { return make(); });
  if (!value) return value.status();
  STAVE_TRY(check_value(*value));
  NewValue stored;
  if (!stored.make(*this, *value)) return Code::no_memory;
  STAVE_TRY(result(stored.bytes(*this)));
  return store(at, stored);
}

Status Map::update_or_insert(int64_t key, Edit edit, Bytes value, Receive result) {
  Writing writing;
  STAVE_TRY(writing.enter(*this));
  STAVE_TRY(check_value(value));
  const Located at = locate(key);
  Result<Bytes> made(value);
  if (at.found) made = run([&] { return edit(bytes_of(at.value)); });
  if (!made) return made.status();
  STAVE_TRY(check_value(*made));
  NewValue stored;
  if (!stored.make(*this, *made)) return Code::no_memory;
  STAVE_TRY(result(stored.bytes(*this)));
  STAVE_TRY(store(at, stored));
  return at.found ? Code::exists : Code::ok;
}

Status Map::clear() {
  Writing writing;
  STAVE_TRY(writing.enter(*this));
  if (trie_.size() == 0 && trie_.is_bare()) return {};
  const uint64_t made = trie_.own_memory();
  if (!trie_.reset(0)) return Code::no_memory;
  family_->note_made(made);
  family_->released_root();
  return {};
}

Status Map::shrink_to_fit() {
  Writing writing;
  STAVE_TRY(writing.enter(*this));
  return trie_.shrink() ? Code::ok : Code::no_memory;
}

Result<Stats> Map::stats() {
  Writing writing;
  STAVE_TRY(writing.enter(*this));
  const uint64_t own = family_->has_one_member() ? trie_.memory() : trie_.own_memory();
  return Stats{trie_.size(), trie_.memory() - own, own};
}

Result<Snapshot> Map::snapshot() {
  Writing writing;
  STAVE_TRY(writing.enter(*this));
  family_->note_made(trie_.own_memory());
  return Snapshot(family_, trie_.share_root(family_->take_tokens(1)));
}

}  // namespace stave::cow_map
