// The checker is checked: each anomaly by a history that shows nothing else.
#include "tests/history/isolation_checker.h"

#include <gtest/gtest.h>

namespace stave::test {
namespace {

HistoryTransaction committed(std::vector<HistoryTransaction::Read> reads,
                             std::vector<uint32_t> appends) {
  HistoryTransaction transaction;
  transaction.committed = true;
  transaction.reads = std::move(reads);
  transaction.appends = std::move(appends);
  return transaction;
}

TEST(IsolationChecker, ASerialHistoryIsFine) {
  const std::vector<HistoryTransaction> history = {
      committed({{0, {}}, {1, {}}}, {0, 1}),
      committed({{0, {0}}}, {0}),
      committed({{0, {0, 1}}, {1, {0}}}, {}),
  };
  const std::vector<AppendList> lists = {{0, 1}, {0}};
  const IsolationVerdict verdict = check_isolation(history, lists);
  EXPECT_EQ(verdict.anomaly, "");
  EXPECT_FALSE(verdict.write_skew);
}

TEST(IsolationChecker, WriteSkewIsSeenAndAllowed) {
  const std::vector<HistoryTransaction> history = {
      committed({{0, {}}, {1, {}}}, {0}),
      committed({{0, {}}, {1, {}}}, {1}),
  };
  const std::vector<AppendList> lists = {{0}, {1}};
  const IsolationVerdict verdict = check_isolation(history, lists);
  EXPECT_EQ(verdict.anomaly, "");
  EXPECT_TRUE(verdict.write_skew);
}

TEST(IsolationChecker, LostUpdate) {
  const std::vector<HistoryTransaction> history = {
      committed({{0, {}}}, {0}),
      committed({{0, {}}}, {0}),
  };
  const std::vector<AppendList> overwritten = {{1}};
  EXPECT_NE(check_isolation(history, overwritten).anomaly, "");
  const std::vector<AppendList> both = {{0, 1}};
  EXPECT_NE(check_isolation(history, both).anomaly, "");
}

TEST(IsolationChecker, AbortedRead) {
  std::vector<HistoryTransaction> history = {committed({{0, {}}}, {0}), committed({{0, {0}}}, {})};
  history[0].committed = false;
  EXPECT_NE(check_isolation(history, std::vector<AppendList>{{}}).anomaly, "");
}

TEST(IsolationChecker, ReadSkew) {
  const std::vector<HistoryTransaction> history = {
      committed({{0, {}}, {1, {}}}, {0, 1}),
      committed({{0, {}}, {1, {0}}}, {}),
  };
  const std::vector<AppendList> lists = {{0}, {0}};
  EXPECT_NE(check_isolation(history, lists).anomaly, "");
}

// Two readers see two independent writes in different orders.
TEST(IsolationChecker, LongFork) {
  const std::vector<HistoryTransaction> history = {
      committed({{0, {}}}, {0}),
      committed({{1, {}}}, {1}),
      committed({{0, {0}}, {1, {}}}, {}),
      committed({{0, {}}, {1, {1}}}, {}),
  };
  const std::vector<AppendList> lists = {{0}, {1}};
  EXPECT_NE(check_isolation(history, lists).anomaly, "");
}

TEST(IsolationChecker, AReadThatIsNotOfItsSnapshot) {
  std::vector<HistoryTransaction> history = {committed({{0, {}}}, {0}), committed({{0, {}}}, {})};
  history[0].snapshot = 1;
  history[0].timestamp = 1;
  history[1].snapshot = 2;
  const std::vector<AppendList> lists = {{0}};
  EXPECT_NE(check_isolation(history, lists).anomaly, "");
  history[1].snapshot = 1;
  EXPECT_EQ(check_isolation(history, lists).anomaly, "");
}

}  // namespace
}  // namespace stave::test
