#include "core/disk_index/log/entry_counter.h"

#include <thread>
#include <utility>

#include "core/disk_index/log/lookahead.h"

namespace stave::disk_index {

EntryCounter::EntryCounter(State& state) : state_(state), count_(state.directory->entries()) {
  recent_puts_.reserve(Delta::first_recent_max);
  older_puts_.reserve(older_puts_max);
}

uint64_t EntryCounter::size() noexcept {
  // Acquire: pairs with the release in update_is_counted(), for the count.
  while (!is_counted_.load(std::memory_order_acquire)) {
    const WriterLock writer(state_.writer_mutex, std::try_to_lock);
    if (writer) {
      count_all();
      break;
    }
    // A thread that holds the lock for long has counted first.
    std::this_thread::yield();
  }
  return counted();
}

void EntryCounter::update_is_counted() noexcept {
  const bool counted =
      active_known_ && frozen_known_ && recent_puts_.empty() && older_puts_.empty();
  // Release: pairs with the acquire in size().
  is_counted_.store(counted, std::memory_order_release);
}

void EntryCounter::add(int64_t change) noexcept {
  active_ += change;
  count_.fetch_add(static_cast<uint64_t>(change), std::memory_order_relaxed);
}

void EntryCounter::note_blind_put(uint32_t number) noexcept {
  if (!active_known_) return;
  // Within the capacity: no more than a delta has recent changes.
  recent_puts_.push_back(number);
  if (is_counted_.load(std::memory_order_relaxed)) update_is_counted();
}

bool EntryCounter::was_there(const View& view, const Delta* delta, uint64_t hash,
                             const Key& key) const noexcept {
  if (delta != nullptr)
    if (const std::optional<Change> change = delta->find(*view.file, hash, key))
      return change->kind == LogKind::put;
  const Result<const std::byte*> found =
      view.reader->find(*view.file, view.directory->word_of(hash), hash, key);
  // A damaged page is reported to callers that ask for its keys; here it makes the count a guess.
  return found.ok() && *found != nullptr;
}

// `visit(hash, key)` for the keys of some operations of the active delta, each some keys after
// `prefetch(hash)`.
template <typename Prefetch, typename Visit>
void EntryCounter::for_keys(const std::vector<uint32_t>& numbers, Prefetch&& prefetch,
                            Visit&& visit) const noexcept {
  struct Hashed {
    uint64_t hash;
    Key key;
  };
  const auto visit_one = [&](const Hashed& next) { visit(next.hash, next.key); };
  const View& view = state_.view();
  Lookahead<Hashed> lookahead;
  for (const uint32_t number : numbers) {
    const Key key = view.active->key_at(*view.file, number);
    const uint64_t hash = state_.hasher(key);
    prefetch(hash);
    lookahead.push({hash, key}, visit_one);
  }
  lookahead.finish(visit_one);
}

void EntryCounter::count_recent() noexcept {
  if (recent_puts_.empty()) return;
  const View& view = state_.view();
  size_t at = 0;
  for_keys(
      recent_puts_, [&](uint64_t hash) { view.active->prefetch(hash); },
      [&](uint64_t hash, const Key& key) {
        const uint32_t number = recent_puts_[at++];
        const std::optional<Change> before = view.active->find_settled(*view.file, hash, key);
        if (before)
          add(before->kind == LogKind::remove ? 1 : 0);
        else if (older_puts_.size() < older_puts_.capacity())
          older_puts_.push_back(number);
        else
          active_known_ = false;
      });
  recent_puts_.clear();
  if (!active_known_) older_puts_.clear();
}

// What the changes of hashes from `first` on add, of a delta without recent changes; `older` is the
// delta before it, if any.
int64_t EntryCounter::sum_of(const View& view, const Delta& delta, const Delta* older,
                             uint64_t first) const noexcept {
  int64_t sum = 0;
  delta.for_range(*view.file, state_.hasher, first, UINT64_MAX, [&](const HashedChange& change) {
    const bool existed = was_there(view, older, change.hash, load_key(change.entry));
    sum += (change.kind == LogKind::put ? 1 : 0) - (existed ? 1 : 0);
  });
  return sum;
}

void EntryCounter::count_all() noexcept {
  if (is_counted_.load(std::memory_order_relaxed)) return;
  const sync::EpochPin pin;
  const View& view = state_.view();
  if (!frozen_known_) {
    // What is merged shows in the number of entries.
    int64_t sum = static_cast<int64_t>(view.directory->entries() - base_);
    if (merged_last_ != UINT64_MAX)
      sum += sum_of(view, *view.frozen, nullptr, merged_last_ ? *merged_last_ + 1 : 0);
    count_.fetch_add(static_cast<uint64_t>(sum - frozen_), std::memory_order_relaxed);
    frozen_ = sum;
    frozen_known_ = true;
  }
  count_recent();
  if (!active_known_) {
    view.active->settle_recent(*view.file, state_.hasher, false);
    add(sum_of(view, *view.active, view.frozen, 0) - active_);
    active_known_ = true;
  }
  for_keys(
      older_puts_, [&](uint64_t hash) { view.prefetch(hash); },
      [&](uint64_t hash, const Key& key) {
        if (!was_there(view, view.frozen, hash, key)) add(1);
      });
  older_puts_.clear();
  update_is_counted();
}

void EntryCounter::delta_recovered() noexcept {
  active_known_ = false;
  update_is_counted();
}

void EntryCounter::delta_began() noexcept {
  base_ = state_.directory->entries();
  merged_last_.reset();
  frozen_ = std::exchange(active_, 0);
  frozen_known_ = active_known_ && older_puts_.empty();
  active_known_ = true;
  older_puts_.clear();
  update_is_counted();
}

void EntryCounter::pass_ended() noexcept {
  frozen_ = 0;
  frozen_known_ = true;
  count_.store(state_.directory->entries() + static_cast<uint64_t>(active_),
               std::memory_order_relaxed);
  update_is_counted();
}

void EntryCounter::segments_replaced() noexcept {
  count_.store(state_.directory->entries(), std::memory_order_relaxed);
}

}  // namespace stave::disk_index
