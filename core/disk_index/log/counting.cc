// How many records there are. A put need not know whether its key is new, and to find out would be
// to wait for memory. So what is not known is left open until size() asks, or until a merge has
// told it: its pages have to be read then anyway.
#include <algorithm>

#include "core/disk_index/disk_index_impl.h"

namespace stave::disk_index {

// 1. count_ = entries in segments when the frozen delta's pass began + counting_.frozen +
//    counting_.active, the sums of what the deltas' changes do to it.
// 2. A sum that is not `known` lacks something. The active delta's also lacks 1 for each key of
//    recent_puts and older_puts that was not there before: before the recent changes, or before
//    the delta.
// 3. is_counted_ says that nothing is lacking.
// All under writer_mutex_, but for loads of count_ and is_counted_.
uint64_t DiskIndexImpl::size() const noexcept {
  // Acquire: pairs with the release in note_open_questions(), for the count.
  while (!is_counted_.load(std::memory_order_acquire)) {
    const WriterLock writer(writer_mutex_, std::try_to_lock);
    // Who holds it for long has counted first.
    if (!writer) {
      std::this_thread::yield();
      continue;
    }
    count_all();
    break;
  }
  return count_.load(std::memory_order_relaxed);
}

void DiskIndexImpl::note_open_questions() const noexcept {
  const bool counted = counting_.active_known && counting_.frozen_known &&
                       counting_.recent_puts.empty() && counting_.older_puts.empty();
  // Release: pairs with the acquire in size().
  is_counted_.store(counted, std::memory_order_release);
}

void DiskIndexImpl::add_to_count(int64_t change) const noexcept {
  counting_.active += change;
  count_.fetch_add(static_cast<uint64_t>(change), std::memory_order_relaxed);
}

// A put of a key that has no recent change.
void DiskIndexImpl::note_blind_put(uint32_t number) noexcept {
  if (!counting_.active_known) return;
  // There is room: no more than a delta has recent changes.
  counting_.recent_puts.push_back(number);
  if (is_counted_.load(std::memory_order_relaxed)) note_open_questions();
}

bool DiskIndexImpl::was_there(const View& view, const Delta* delta, uint64_t hash,
                              const Key& key) const noexcept {
  if (delta != nullptr)
    if (const std::optional<Change> change = delta->find(*view.file, hash, key))
      return change->kind == LogKind::put;
  const Result<const std::byte*> found =
      view.reader->find(*view.file, view.directory->word_of(hash), hash, key);
  // A damaged page is for those who ask for its keys; here it makes the count a guess.
  return found.ok() && *found != nullptr;
}

// `visit(hash, key)` for the keys of some operations of the active delta; `prefetch(hash)` some
// keys before, so that their memory is waited for together.
template <typename Prefetch, typename Visit>
void DiskIndexImpl::for_keys(const std::vector<uint32_t>& numbers, Prefetch&& ask,
                             Visit&& visit) const noexcept {
  struct Asked {
    uint64_t hash;
    Key key;
  };
  std::array<Asked, 16> asked;
  const View& now = view();
  for (size_t i = 0; i < numbers.size(); i++) {
    Asked& place = asked[i % asked.size()];
    if (i >= asked.size()) visit(place.hash, place.key);
    place.key = now.active->key_at(*now.file, numbers[i]);
    place.hash = hasher_(place.key);
    ask(place.hash);
  }
  const size_t rest = std::min(numbers.size(), asked.size());
  for (size_t i = numbers.size() - rest; i < numbers.size(); i++)
    visit(asked[i % asked.size()].hash, asked[i % asked.size()].key);
}

// Before the recent changes are moved: of keys that have an older change, it tells what the put
// did.
void DiskIndexImpl::count_recent() const noexcept {
  if (counting_.recent_puts.empty()) return;
  const View& now = view();
  size_t at = 0;
  for_keys(
      counting_.recent_puts, [&](uint64_t hash) { now.active->prefetch(hash); },
      [&](uint64_t hash, const Key& key) {
        const uint32_t number = counting_.recent_puts[at++];
        const std::optional<Change> before = now.active->find_settled(*now.file, hash, key);
        if (before)
          add_to_count(before->kind == LogKind::remove ? 1 : 0);
        else if (counting_.older_puts.size() < counting_.older_puts.capacity())
          counting_.older_puts.push_back(number);
        else
          counting_.active_known = false;
      });
  counting_.recent_puts.clear();
  if (!counting_.active_known) counting_.older_puts.clear();
}

// The sum over changes of hashes from `first` on, of a delta without recent changes.
int64_t DiskIndexImpl::sum_of(const View& view, const Delta& delta, const Delta* behind,
                              uint64_t first) const noexcept {
  int64_t sum = 0;
  delta.for_range(*view.file, first, UINT64_MAX, [&](const Change& change) {
    const Key key = load_key(change.entry);
    const uint64_t hash = hasher_(key);
    if (hash < first) return;
    sum += (change.kind == LogKind::put ? 1 : 0) - (was_there(view, behind, hash, key) ? 1 : 0);
  });
  return sum;
}

void DiskIndexImpl::count_all() const noexcept {
  if (is_counted_.load(std::memory_order_relaxed)) return;
  const sync::EpochPin pin;
  const View& now = view();
  if (!counting_.frozen_known) {
    // What is merged shows in the number of entries.
    int64_t sum = static_cast<int64_t>(now.directory->entries() - counting_.base);
    const std::optional<uint64_t> merged = counting_.merged_last;
    if (!merged || *merged != UINT64_MAX)
      sum += sum_of(now, *now.frozen, nullptr, merged ? *merged + 1 : 0);
    count_.fetch_add(static_cast<uint64_t>(sum - counting_.frozen), std::memory_order_relaxed);
    counting_.frozen = sum;
    counting_.frozen_known = true;
  }
  count_recent();
  if (!counting_.active_known) {
    now.active->settle_recent(*now.file, hasher_, false);
    add_to_count(sum_of(now, *now.active, now.frozen, 0) - counting_.active);
    counting_.active_known = true;
  }
  for_keys(
      counting_.older_puts, [&](uint64_t hash) { prefetch(now, hash); },
      [&](uint64_t hash, const Key& key) {
        if (!was_there(now, now.frozen, hash, key)) add_to_count(1);
      });
  counting_.older_puts.clear();
  note_open_questions();
}

// Moves the active delta's recent changes behind.
void DiskIndexImpl::settle_recent(bool and_gather) const {
  const View& now = view();
  if (now.active == nullptr) return;
  const sync::EpochPin pin;
  count_recent();
  now.active->settle_recent(*now.file, hasher_, and_gather);
}

// The active delta, without recent changes, becomes the frozen one.
void DiskIndexImpl::count_freeze() noexcept {
  counting_.base = directory_->entries();
  counting_.merged_last.reset();
  counting_.frozen = std::exchange(counting_.active, 0);
  counting_.frozen_known = counting_.active_known && counting_.older_puts.empty();
  counting_.active_known = true;
  counting_.older_puts.clear();
  note_open_questions();
}

// All changes of the frozen delta are in segments.
void DiskIndexImpl::count_end_of_pass() noexcept {
  counting_.frozen = 0;
  counting_.frozen_known = true;
  count_.store(directory_->entries() + static_cast<uint64_t>(counting_.active),
               std::memory_order_relaxed);
  note_open_questions();
}

}  // namespace stave::disk_index
