// The rows find out an index that gives wrong answers: each lie here ends the program.
#include "tests/bench/index/index_rows.h"

#include <gtest/gtest.h>

#include <unordered_map>

namespace stave::bench::index {
namespace {

enum class Lie {
  none,
  forgets_a_key,
  mixes_up_values,
  finds_what_is_absent,
  loses_erases,
  counts_wrong,
  calls_updates_new,
};

template <Lie lie>
class LyingIndex {
 public:
  void reserve(uint64_t keys) { map_.reserve(keys); }
  bool put(Key8 key, uint64_t value) {
    const bool fresh = map_.insert_or_assign(key, value).second;
    return fresh || lie == Lie::calls_updates_new;
  }
  bool get(Key8 key, uint64_t& value) const {
    const auto found = map_.find(key);
    if (found == map_.end()) return lie == Lie::finds_what_is_absent;
    if (lie == Lie::forgets_a_key && number_of(found->second) == 77) return false;
    value = found->second ^ static_cast<uint64_t>(lie == Lie::mixes_up_values);
    return true;
  }
  bool erase(Key8 key) { return map_.erase(key) == 1 && lie != Lie::loses_erases; }
  uint64_t size() const { return map_.size() + static_cast<uint64_t>(lie == Lie::counts_wrong); }

 private:
  std::unordered_map<Key8, uint64_t> map_;
};

constexpr uint64_t keys = 500;

template <Lie lie>
using Rows = IndexRows<LyingIndex<lie>, Key8>;

TEST(IndexRows, AcceptAnHonestIndex) {
  Rows<Lie::none> rows(keys);
  for (const double nanoseconds :
       {rows.hit(1), rows.miss(1), rows.multi_get(1), rows.zipf(1, 50), rows.erase(1),
        rows.insert(1, false), rows.insert(1, true), rows.bytes()}) {
    EXPECT_GE(nanoseconds, 0);
  }
  EXPECT_NE(rows.latency().find(" histogram "), std::string::npos);
}

TEST(IndexRowsDeathTest, NoticeEveryLie) {
  const auto failed = testing::ExitedWithCode(1);
  EXPECT_EXIT(Rows<Lie::forgets_a_key>(keys).hit(1), failed, "hit of key number 77");
  EXPECT_EXIT(Rows<Lie::forgets_a_key>(keys).multi_get(1), failed, "multi_get of key number 77");
  EXPECT_EXIT(Rows<Lie::mixes_up_values>(keys).hit(1), failed, "hit");
  EXPECT_EXIT(Rows<Lie::mixes_up_values>(keys).zipf(1, 50), failed, "read");
  EXPECT_EXIT(Rows<Lie::finds_what_is_absent>(keys).miss(1), failed, "miss");
  EXPECT_EXIT(Rows<Lie::loses_erases>(keys).erase(1), failed, "erase");
  EXPECT_EXIT(Rows<Lie::counts_wrong>(keys).insert(1, false), failed, "size is 501");
  EXPECT_EXIT(Rows<Lie::calls_updates_new>(keys).zipf(1, 50), failed, "update");
}

}  // namespace
}  // namespace stave::bench::index
