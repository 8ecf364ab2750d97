// Random operations on maps in trees of copies, each compared with a plain map that is really
// copied.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/cow_map/cursor.h"
#include "core/cow_map/diff.h"
#include "core/cow_map/map.h"
#include "core/sync/epoch.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using cow_map::Change;
using cow_map::Cursor;
using cow_map::Diff;
using cow_map::Map;
using cow_map::Options;
using Reference = std::unordered_map<int64_t, std::string>;

std::string text(Bytes bytes) {
  return std::string(as_text(bytes));
}

// Key number n of a run.
class Keys {
 public:
  Keys(Random& random, uint32_t kind) : kind_(kind), seed_(random.next()) {}

  int64_t operator()(uint64_t n) const {
    if (kind_ < 64) return static_cast<int64_t>(n << kind_);  // all strides, 1 << 32 among them
    if (kind_ == 64) return static_cast<int64_t>(os::SeededRandom(seed_ + n).next());
    // The ends of the range, and what lies around zero.
    if (n % 2 == 0) return static_cast<int64_t>(n / 2) + INT64_MIN;
    return n % 3 == 0 ? INT64_MAX - static_cast<int64_t>(n) : -static_cast<int64_t>(n / 2);
  }
  static constexpr uint32_t kinds = 66;

 private:
  uint32_t kind_;
  uint64_t seed_;
};

struct Pair {
  std::unique_ptr<Map> map;
  Reference reference;
};

class Model {
 public:
  Model(uint64_t seed, uint32_t key_kind, const Options& options)
      : random_(seed), keys_(random_, key_kind), options_(options), family_seed_(random_.next()) {
    key_count_ = uint64_t{1} << random_.between(3, 12);
    EXPECT_TRUE(add_empty());
  }

  void run(uint64_t operations) {
    for (uint64_t i = 0; i < operations && !::testing::Test::HasFailure(); i++) {
      // Growing and shrinking alternate, so that every threshold is passed both ways.
      if (i % (4 * key_count_) == 0) grows_ = !grows_;
      step();
    }
    for (Pair& pair : maps_) check_all(pair);
  }

  uint64_t clones = 0, diffs = 0, walks = 0, removes = 0;

 private:
  bool add_empty() {
    maps_.push_back({std::make_unique<Map>(), {}});
    return maps_.back().map->create(options_, family_seed_).ok();
  }
  int64_t key() { return keys_(random_.below(key_count_)); }
  std::string value() {
    size_t size = options_.value_size;
    if (!options_.fixed_values) size = random_.one_in(1000) ? 70'000 : random_.below(40);
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_.below(256));
    return bytes;
  }

  void step() {
    Pair& pair = maps_[random_.below(maps_.size())];
    const uint64_t choice = random_.below(1000);
    if (choice < 20 && grows_) return multi_put(pair);
    if (choice < 300) return grows_ ? put(pair) : remove(pair);
    if (choice < 400) return grows_ ? remove(pair) : put(pair);
    if (choice < 450) return insert_or_replace(pair);
    if (choice < 770) return get(pair);
    if (choice < 800) return multi_get(pair);
    if (choice < 850) return modify(pair);
    if (choice < 900) return get_or_insert(pair);
    if (choice < 950) return update_or_insert(pair);
    if (choice < 975) return clone(pair);
    if (choice < 995) return free();
    rare(pair);
  }

  void rare(Pair& pair) {
    switch (random_.below(8)) {
      case 0:
        EXPECT_TRUE(pair.map->clear().ok());
        pair.reference.clear();
        break;
      case 1:
        EXPECT_TRUE(pair.map->shrink_to_fit().ok());
        break;
      case 2:
      case 3:
        check_all(pair);
        break;
      default:
        check_diff(pair, maps_[random_.below(maps_.size())]);
    }
  }

  void put(Pair& pair) {
    const int64_t k = key();
    const std::string v = value();
    std::optional<std::string> previous;
    EXPECT_TRUE(pair.map
                    ->put(k, as_bytes(v),
                          [&](Bytes before) {
                            previous = text(before);
                            return Status();
                          })
                    .ok());
    expect_present(pair, k, previous);
    pair.reference[k] = v;
  }
  void multi_put(Pair& pair) {
    std::vector<int64_t> keys(random_.below(80));
    std::vector<std::string> values(keys.size());
    std::vector<bool> expected;
    for (size_t i = 0; i < keys.size(); i++) {
      keys[i] = key();
      values[i] = value();
      expected.push_back(!pair.reference.insert_or_assign(keys[i], values[i]).second);
    }
    std::vector<bool> replaced(keys.size());
    size_t done = 0;
    EXPECT_TRUE(pair.map
                    ->multi_put(
                        keys, [&](size_t i) { return as_bytes(values[i]); },
                        [&](size_t i, bool had_value) { replaced[i] = had_value; }, done)
                    .ok());
    EXPECT_EQ(done, keys.size());
    EXPECT_EQ(replaced, expected);
  }
  void insert_or_replace(Pair& pair) {
    const int64_t k = key();
    const std::string v = value();
    const auto entry = pair.reference.find(k);
    const bool is_present = entry != pair.reference.end();
    if (random_.one_in(2)) {
      EXPECT_EQ(pair.map->insert(k, as_bytes(v)).code(), is_present ? Code::exists : Code::ok);
      if (!is_present) pair.reference[k] = v;
      return;
    }
    std::optional<std::string> previous;
    const Status status = pair.map->replace(k, as_bytes(v), [&](Bytes before) {
      previous = text(before);
      return Status();
    });
    EXPECT_EQ(status.code(), is_present ? Code::ok : Code::not_found);
    expect_present(pair, k, previous);
    if (is_present) entry->second = v;
  }
  void multi_get(Pair& pair) {
    std::vector<int64_t> keys(random_.below(80));
    for (int64_t& k : keys) k = key();
    size_t calls = 0;
    EXPECT_EQ(pair.map->multi_get(keys,
                                  [&](size_t i, const Bytes* found) {
                                    EXPECT_EQ(i, calls++);
                                    std::optional<std::string> bytes;
                                    if (found != nullptr) bytes = text(*found);
                                    expect_present(pair, keys[i], bytes);
                                    return Code::ok;
                                  }),
              Code::ok);
    EXPECT_EQ(calls, keys.size());
  }
  void remove(Pair& pair) {
    const int64_t k = key();
    std::optional<std::string> removed;
    const Status status = pair.map->remove(k, [&](Bytes before) {
      removed = text(before);
      return Status();
    });
    expect_present(pair, k, removed);
    EXPECT_EQ(status.code(), removed ? Code::ok : Code::not_found);
    removes += pair.reference.erase(k);
  }
  void get(Pair& pair) {
    const int64_t k = key();
    std::optional<std::string> found;
    const Status status = pair.map->get(k, [&](Bytes bytes) {
      found = text(bytes);
      return Status();
    });
    EXPECT_EQ(status.code(), found ? Code::ok : Code::not_found);
    expect_present(pair, k, found);
    EXPECT_EQ(pair.map->size(), pair.reference.size());
  }
  void modify(Pair& pair) {
    const int64_t k = key();
    const std::string v = value();
    std::optional<std::string> before;
    const bool stops = random_.one_in(4);
    const Status status = pair.map->modify(k, [&](Bytes bytes) -> Result<Bytes> {
      before = text(bytes);
      if (stops) return Code::cancelled;
      return as_bytes(v);
    });
    expect_present(pair, k, before);
    EXPECT_EQ(status.code(), !before ? Code::not_found : stops ? Code::cancelled : Code::ok);
    if (before && !stops) pair.reference[k] = v;
  }
  void get_or_insert(Pair& pair) {
    const int64_t k = key();
    const std::string v = value();
    std::string now;
    const Status status = pair.map->get_or_insert(
        k, [&] { return Result<Bytes>(as_bytes(v)); },
        [&](Bytes bytes) {
          now = text(bytes);
          return Status();
        });
    const auto [entry, added] = pair.reference.try_emplace(k, v);
    EXPECT_EQ(status.code(), added ? Code::ok : Code::exists);
    EXPECT_EQ(now, entry->second);
  }
  void update_or_insert(Pair& pair) {
    const int64_t k = key();
    const std::string added = value();
    const std::string changed = value();
    std::optional<std::string> before;
    const Status status = pair.map->update_or_insert(
        k,
        [&](Bytes bytes) {
          before = text(bytes);
          return Result<Bytes>(as_bytes(changed));
        },
        as_bytes(added), [&](Bytes) { return Status(); });
    expect_present(pair, k, before);
    EXPECT_EQ(status.code(), before ? Code::exists : Code::ok);
    pair.reference[k] = before ? changed : added;
  }
  void clone(Pair& pair) {
    if (maps_.size() >= 12) return;
    auto copy = std::make_unique<Map>();
    EXPECT_TRUE(copy->clone_from(*pair.map).ok());
    Pair made{std::move(copy), pair.reference};
    maps_.push_back(std::move(made));
    clones++;
  }
  void free() {
    if (maps_.size() == 1) return;
    std::swap(maps_[random_.below(maps_.size())], maps_.back());
    maps_.pop_back();
  }

  void expect_present(const Pair& pair, int64_t k, const std::optional<std::string>& found) {
    const auto entry = pair.reference.find(k);
    if (entry == pair.reference.end()) {
      EXPECT_FALSE(found) << "a key that is not there: " << k;
    } else {
      EXPECT_EQ(found, entry->second) << "key " << k;
    }
  }
  void check_all(Pair& pair) {
    auto snapshot = pair.map->snapshot();
    ASSERT_TRUE(snapshot);
    Cursor cursor(*std::move(snapshot));
    Reference seen;
    while (cursor.next())
      EXPECT_TRUE(seen.emplace(cursor.key(), text(cursor.value())).second) << "met twice";
    EXPECT_TRUE(seen == pair.reference);
    walks++;
    const auto stats = pair.map->stats();
    ASSERT_TRUE(stats);
    EXPECT_EQ(stats->entries, pair.reference.size());
    EXPECT_LT(stats->own_bytes, uint64_t{1} << 40);
    EXPECT_LT(stats->shared_bytes, uint64_t{1} << 40);
  }
  void check_diff(Pair& before, Pair& after) {
    auto first = before.map->snapshot();
    auto second = after.map->snapshot();
    ASSERT_TRUE(first && second);
    Diff diff(*std::move(first), *std::move(second));
    Reference result = before.reference;
    std::map<int64_t, int> seen;
    Status status;
    while ((status = diff.next()).ok()) {
      EXPECT_EQ(seen[diff.key()]++, 0) << "met twice";
      const auto entry = result.find(diff.key());
      EXPECT_EQ(diff.change() != Change::added, entry != result.end());
      if (diff.change() != Change::added && entry != result.end()) {
        EXPECT_EQ(text(diff.before()), entry->second);
      }
      if (diff.change() == Change::changed) {
        EXPECT_NE(text(diff.before()), text(diff.after()));
      }
      if (diff.change() == Change::removed) {
        result.erase(diff.key());
      } else {
        result[diff.key()] = text(diff.after());
      }
    }
    EXPECT_EQ(status.code(), Code::done);
    EXPECT_TRUE(result == after.reference);
    diffs++;
  }

  Random random_;
  Keys keys_;
  Options options_;
  uint64_t family_seed_;
  uint64_t key_count_ = 0;
  bool grows_ = false;
  std::vector<Pair> maps_;
};

TEST(CowMapModel, TreesOfCopiesAgainstPlainMaps) {
  const uint64_t seed = ladder_seed(6);
  const uint64_t operations = scaled(6'000'000);
  constexpr Options forms[] = {
      {.fixed_values = true, .value_size = 8}, {.fixed_values = false},
      {.fixed_values = true, .value_size = 3}, {.fixed_values = true, .value_size = 24},
      {.fixed_values = true, .value_size = 0}, {.fixed_values = false, .capacity = 5000}};
  const uint64_t runs = Keys::kinds * std::size(forms);
  uint64_t done = 0, clones = 0, diffs = 0, walks = 0, removes = 0;
  for (uint64_t run = 0; run < runs && !HasFailure(); run++) {
    SCOPED_TRACE("run " + std::to_string(run));
    Model model(seed + run, static_cast<uint32_t>(run % Keys::kinds),
                forms[run % std::size(forms)]);
    model.run(operations / runs + 1);
    done += operations / runs + 1;
    clones += model.clones;
    diffs += model.diffs;
    walks += model.walks;
    removes += model.removes;
  }
  report_counts("cow_map model", {{"operations", done},
                                  {"clones", clones},
                                  {"removals", removes},
                                  {"diffs", diffs},
                                  {"walks", walks}});
  while (sync::EpochRegistry::waiting() != 0) EXPECT_TRUE(sync::EpochRegistry::reclaim_all());
}

}  // namespace
}  // namespace stave::test
