#include "tests/support/workload.h"

#include <algorithm>
#include <array>

#include "core/base/hash.h"
#include "core/store/store_atomic.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

constexpr uint64_t keys_per_stream = 20;
// Around the borders of padding, and large enough to fill small segments.
constexpr std::array<size_t, 16> small_sizes = {0,  1,  3,   4,   5,   16,  20,  21,
                                                36, 37, 100, 100, 100, 300, 300, 700};

// Expiries are only there to be logged: nothing expires while a test runs.
constexpr uint64_t far_future_ms = 4'102'444'800'000;

Status apply_atomically(store::Store& store, const std::vector<Workload::Change>& changes,
                        const store::WriteOptions& options) {
  Status removed;
  const auto write = [&](store::Atomic& atomic) -> Status {
    for (const Workload::Change& change : changes) {
      const Bytes key = as_bytes(change.key);
      if (change.value) {
        STAVE_TRY(atomic.put(key, as_bytes(*change.value), store::WriteMode::put));
      } else {
        removed = atomic.remove(key);
        if (removed.is_error()) return removed;
      }
    }
    return {};
  };
  const Status status = store.atomic(as_bytes(changes.front().key), write, options, nullptr);
  return status.ok() && changes.size() == 1 ? removed : status;
}

Status apply_batch(store::Store& store, const std::vector<Workload::Change>& changes,
                   const store::WriteOptions& options) {
  store::Batch batch;
  for (const Workload::Change& change : changes) {
    const auto kind = change.value ? store::Batch::Kind::put : store::Batch::Kind::remove;
    STAVE_TRY(batch.add(kind, as_bytes(change.key), as_bytes(change.value.value_or(""))));
  }
  return store.write(batch, options, nullptr, nullptr);
}

}  // namespace

std::vector<Workload::Change> Workload::commit(uint64_t number) const {
  Random random(hash64(as_bytes(prefix_), seed_ ^ (number * 0x9e3779b97f4a7c15)));
  const auto random_change = [&](bool may_erase) {
    Change change{prefix_ + std::to_string(random.below(keys_per_stream)), std::nullopt};
    if (!may_erase || !random.one_in(4)) {
      size_t size = random.pick(small_sizes);
      if (random.one_in(12)) size = random.below(value_size_max_ + 1);
      change.value = test_value(random.next(), std::min(size, value_size_max_));
    }
    return change;
  };
  std::vector<Change> changes;
  const uint64_t shape = random.below(10);
  const uint64_t count = shape < 7 ? 1 : random.between(2, shape == 9 ? 24 : 5);
  for (uint64_t i = 0; i < count; i++) changes.push_back(random_change(shape > 0));
  return changes;
}

Status Workload::apply(store::Store& store, uint64_t number, store::Durability durability) const {
  const std::vector<Change> changes = commit(number);
  store::WriteOptions options(durability);
  if (number % 3 == 0) options.expires_at = far_future_ms;
  const uint32_t shard = store.shard_for(as_bytes(changes.front().key));
  const bool in_one_shard = std::all_of(changes.begin(), changes.end(), [&](const Change& change) {
    return store.shard_for(as_bytes(change.key)) == shard;
  });
  if (in_one_shard && number % 2 == 0) return apply_atomically(store, changes, options);
  if (changes.size() > 1) return apply_batch(store, changes, options);
  const Change& change = changes.front();
  const Bytes key = as_bytes(change.key);
  if (!change.value) return store.remove(key, options);
  const Bytes value = as_bytes(*change.value);
  if (number % 5 == 0)
    return store.modify(
        key, [&](const Bytes*) -> Result<Bytes> { return value; }, options);
  return store.put(key, value, store::WriteMode::put, options);
}

void Workload::apply(Contents& contents, uint64_t number) const {
  for (Change& change : commit(number)) {
    if (change.value)
      contents[change.key] = *std::move(change.value);
    else
      contents.erase(change.key);
  }
}

Contents Workload::own_part(const Contents& all) const {
  Contents part;
  for (auto at = all.lower_bound(prefix_); at != all.end() && at->first.starts_with(prefix_); ++at)
    part.insert(*at);
  return part;
}

std::optional<uint64_t> Workload::find_commits(const Contents& all, Contents& contents,
                                               uint64_t low, uint64_t high) const {
  const Contents found = own_part(all);
  std::optional<uint64_t> match;
  Contents at_match;
  for (uint64_t number = low;; number++) {
    if (contents == found) {
      match = number;
      at_match = contents;
    }
    if (number == high) break;
    apply(contents, number + 1);
  }
  if (match) contents = std::move(at_match);
  return match;
}

}  // namespace stave::test
