// The rows find out a store that gives wrong answers or forgets: each lie here ends the program.
#include "tests/bench/store/store_rows.h"

#include <gtest/gtest.h>

#include <mutex>
#include <unordered_map>

namespace stave::bench::store {
namespace {

enum class Lie { none, loses_a_put, mixes_up_values, finds_what_is_absent, ignores_erases };

// Keeps all in memory, and between two objects too, unless the process ends.
template <Lie lie>
class LyingStore {
 public:
  explicit LyingStore(const Setup&) {}
  LyingStore& session() { return *this; }

  void put(Bytes key, Bytes value) {
    const std::lock_guard lock(mutex_);
    if (lie == Lie::loses_a_put && map_.size() == 77) return;
    map_[std::string(as_text(key))] = as_text(value);
  }
  template <typename Visit>
  bool get(Bytes key, Visit&& visit) {
    const std::lock_guard lock(mutex_);
    const auto found = map_.find(std::string(as_text(key)));
    if (found == map_.end()) return lie == Lie::finds_what_is_absent;
    std::string value = found->second;
    if (lie == Lie::mixes_up_values) value.back() ^= 1;
    visit(as_bytes(value));
    return true;
  }
  void erase(Bytes key) {
    const std::lock_guard lock(mutex_);
    if (lie != Lie::ignores_erases) map_.erase(std::string(as_text(key)));
  }

 private:
  static inline std::mutex mutex_;
  static inline std::unordered_map<std::string, std::string> map_;
};

template <Lie lie>
StoreRows<LyingStore<lie>> rows() {
  return {500, 100};
}

TEST(StoreRows, AcceptAnHonestStore) {
  auto honest = rows<Lie::none>();
  for (const double figure :
       {honest.load(), honest.get(2), honest.miss(1), honest.multi_get(1), honest.update(2),
        honest.warm_get(2), honest.warm_miss(1), honest.ycsb(2, 50, true), honest.clean_open(),
        honest.durable(2), honest.erase_half()}) {
    EXPECT_GT(figure, 0);
  }
  EXPECT_GE(honest.memory_bytes(), 0);
  EXPECT_LE(honest.cold_open_bytes(), 1 << 20);
}

TEST(StoreRowsDeathTest, NoticeEveryLie) {
  const auto failed = testing::ExitedWithCode(1);
  EXPECT_EXIT(rows<Lie::loses_a_put>().get(1), failed, "get of record");
  EXPECT_EXIT(rows<Lie::loses_a_put>().durable(1), failed, "get of record");
  EXPECT_EXIT(rows<Lie::mixes_up_values>().get(1), failed, "get of record");
  EXPECT_EXIT(rows<Lie::mixes_up_values>().multi_get(1), failed, "get of record");
  EXPECT_EXIT(rows<Lie::mixes_up_values>().ycsb(1, 95, false), failed, "get of record");
  EXPECT_EXIT(rows<Lie::finds_what_is_absent>().miss(1), failed, "miss of record");
  EXPECT_EXIT(rows<Lie::ignores_erases>().erase_half(), failed, "miss of record");
}

// Durability `os` is a promise: what lives in the process alone does not pass.
TEST(StoreRowsDeathTest, NoticeWhatAKillTakesAway) {
  EXPECT_EXIT(rows<Lie::none>().open_after_kill(), testing::ExitedWithCode(1), "get of record");
}

}  // namespace
}  // namespace stave::bench::store
