// The rows find out a map that gives wrong answers: each lie here ends the program.
#include "tests/bench/cow_map/cow_map_rows.h"

#include <gtest/gtest.h>

#include <unordered_map>

namespace stave::bench::cow_map {
namespace {

enum class Lie { none, forgets_a_key, shares_its_entries, skips_entries };

template <Lie lie>
class LyingMap {
 public:
  std::unique_ptr<LyingMap> clone() {
    auto copy = std::make_unique<LyingMap>();
    if (lie == Lie::shares_its_entries)
      copy->map_ = map_;
    else
      *copy->map_ = *map_;
    return copy;
  }
  void put(int64_t key, uint64_t value) { (*map_)[key] = value; }
  bool get(int64_t key, uint64_t& value) const {
    const auto found = map_->find(key);
    if (found == map_->end() || (lie == Lie::forgets_a_key && found->second == 77)) return false;
    value = found->second;
    return true;
  }
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [key, value] : *map_)
      if (lie != Lie::skips_entries || value != 77) visit(key, value);
  }

 private:
  using Map = std::unordered_map<int64_t, uint64_t>;
  std::shared_ptr<Map> map_ = std::make_shared<Map>();
};

template <Lie lie>
CowMapRows<LyingMap<lie>> rows() {
  return CowMapRows<LyingMap<lie>>(500);
}

TEST(CowMapRows, AcceptAnHonestMap) {
  auto honest = rows<Lie::none>();
  for (const double figure :
       {honest.get(), honest.insert(), honest.clone(), honest.first_update_after_clone(),
        honest.clone_and_ten_updates(), honest.iterate()}) {
    EXPECT_GT(figure, 0);
  }
  EXPECT_GE(honest.bytes(), 0);
}

TEST(CowMapRowsDeathTest, NoticeEveryLie) {
  const auto failed = testing::ExitedWithCode(1);
  EXPECT_EXIT(rows<Lie::forgets_a_key>().get(), failed, "get of key number 77");
  EXPECT_EXIT(rows<Lie::shares_its_entries>().first_update_after_clone(), failed, "clone of key");
  EXPECT_EXIT(rows<Lie::skips_entries>().iterate(), failed, "missed some");
}

}  // namespace
}  // namespace stave::bench::cow_map
