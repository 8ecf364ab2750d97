// The rows find out a table that gives wrong answers: each lie here ends the program.
#include "tests/bench/memtable/memtable_rows.h"

#include <gtest/gtest.h>

#include <map>

namespace stave::bench::memtable {
namespace {

enum class Lie {
  none,
  forgets_a_key,
  mixes_up_values,
  finds_what_is_absent,
  reads_the_newest,
  refuses_writes,
  loses_commits,
};

template <Lie lie>
class LyingTable {
 public:
  using Contents = std::map<Key16, uint64_t>;

  uint64_t size() const { return contents_.size(); }

  class Snapshot {
   public:
    explicit Snapshot(LyingTable& table) : table_(table), contents_(table.contents_) {}
    bool get(const Key16& key, uint64_t& value) {
      return look_up(lie == Lie::reads_the_newest ? table_.contents_ : contents_, key, value);
    }

   private:
    LyingTable& table_;
    Contents contents_;
  };

  class Transaction {
   public:
    explicit Transaction(LyingTable& table) : table_(table) {}
    bool get(const Key16& key, uint64_t& value) { return look_up(table_.contents_, key, value); }
    bool put(const Key16& key, uint64_t value) {
      writes_[key] = value;
      return lie != Lie::refuses_writes;
    }
    void commit() {
      if (lie == Lie::loses_commits && !table_.contents_.empty()) return;
      for (const auto& [key, value] : writes_) table_.contents_[key] = value;
    }

   private:
    LyingTable& table_;
    Contents writes_;
  };

 private:
  static bool look_up(const Contents& contents, const Key16& key, uint64_t& value) {
    const auto found = contents.find(key);
    if (found == contents.end()) return lie == Lie::finds_what_is_absent;
    if (lie == Lie::forgets_a_key && number_of(found->second) == 77) return false;
    value = found->second ^ static_cast<uint64_t>(lie == Lie::mixes_up_values);
    return true;
  }

  Contents contents_;
};

constexpr uint64_t keys = 200;

template <Lie lie>
using Rows = MemtableRows<LyingTable<lie>>;

TEST(MemtableRows, AcceptAnHonestTable) {
  Rows<Lie::none> rows(keys);
  for (const double nanoseconds : {rows.read(1), rows.miss(1), rows.write(1), rows.transaction(1),
                                   rows.history(10), rows.insert(1), rows.bytes()}) {
    EXPECT_GE(nanoseconds, 0);
  }
}

TEST(MemtableRowsDeathTest, NoticeEveryLie) {
  const auto failed = testing::ExitedWithCode(1);
  EXPECT_EXIT(Rows<Lie::forgets_a_key>(keys).read(1), failed, "read of number 77");
  EXPECT_EXIT(Rows<Lie::forgets_a_key>(keys).transaction(1), failed, "read of number 77");
  EXPECT_EXIT(Rows<Lie::mixes_up_values>(keys).read(1), failed, "read");
  EXPECT_EXIT(Rows<Lie::finds_what_is_absent>(keys).miss(1), failed, "miss");
  EXPECT_EXIT(Rows<Lie::reads_the_newest>(keys).history(10), failed, "history");
  EXPECT_EXIT(Rows<Lie::refuses_writes>(keys).insert(1), failed, "insert");
  EXPECT_EXIT(Rows<Lie::loses_commits>(keys).insert(1), failed, "size is 100");
}

}  // namespace
}  // namespace stave::bench::memtable
