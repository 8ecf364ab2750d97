#include "tests/history/isolation_checker.h"

#include <algorithm>
#include <utility>

namespace stave::test {

namespace {

using Edges = std::vector<std::vector<uint32_t>>;

struct Graph {
  explicit Graph(size_t transactions) : seen(transactions), unseen(transactions) {}
  Edges seen;    // to transactions that come after it and have seen it, or written over it
  Edges unseen;  // to transactions that have written over what it has read
};

// Whether there is a cycle among `nodes` nodes; `next(node, i)` is the i-th successor, or `nodes`.
template <typename Next>
bool has_cycle(uint32_t nodes, Next next) {
  enum class State : uint8_t { fresh, open, done };
  std::vector<State> states(nodes, State::fresh);
  std::vector<std::pair<uint32_t, uint32_t>> path;  // a node and how many successors were looked at
  for (uint32_t start = 0; start < nodes; start++) {
    if (states[start] != State::fresh) continue;
    states[start] = State::open;
    path.emplace_back(start, 0);
    while (!path.empty()) {
      auto& [node, looked_at] = path.back();
      const uint32_t to = next(node, looked_at++);
      if (to == nodes) {
        states[node] = State::done;
        path.pop_back();
      } else if (states[to] == State::open) {
        return true;
      } else if (states[to] == State::fresh) {
        states[to] = State::open;
        path.emplace_back(to, 0);
      }
    }
  }
  return false;
}

uint32_t pick(const std::vector<uint32_t>& list, size_t i, uint32_t otherwise) {
  return i < list.size() ? list[i] : otherwise;
}

// Every transaction stands twice: in the second place one stands that is left by a read-write
// dependency, which leads to a first place. So two of these never follow each other.
bool has_forbidden_cycle(const Graph& graph) {
  const auto count = static_cast<uint32_t>(graph.seen.size());
  return has_cycle(2 * count, [&](uint32_t node, uint32_t i) {
    if (node >= count) return pick(graph.unseen[node - count], i, 2 * count);
    const std::vector<uint32_t>& seen = graph.seen[node];
    if (i < seen.size()) return seen[i];
    const uint32_t second = pick(seen, i - seen.size(), 2 * count);
    return second == 2 * count ? second : second + count;
  });
}

bool has_any_cycle(const Graph& graph) {
  const auto count = static_cast<uint32_t>(graph.seen.size());
  return has_cycle(count, [&](uint32_t node, uint32_t i) {
    const std::vector<uint32_t>& seen = graph.seen[node];
    return i < seen.size() ? seen[i] : pick(graph.unseen[node], i - seen.size(), count);
  });
}

// What the final lists say by themselves.
std::string check_lists(std::span<const HistoryTransaction> history,
                        std::span<const AppendList> final_lists) {
  std::vector<std::vector<uint32_t>> appended(history.size());
  for (uint32_t key = 0; key < final_lists.size(); key++) {
    for (const uint32_t writer : final_lists[key]) {
      if (writer >= history.size()) return "a list names nobody";
      if (!history[writer].committed) return "an aborted write is in a list (G1a)";
      appended[writer].push_back(key);
    }
  }
  for (size_t i = 0; i < history.size(); i++) {
    if (!history[i].committed) continue;
    std::vector<uint32_t> expected = history[i].appends;
    std::sort(expected.begin(), expected.end());
    if (appended[i] != expected) return "a committed write is lost or doubled";
  }
  return "";
}

// One read of a committed transaction, and the dependencies that it shows.
std::string check_read(std::span<const HistoryTransaction> history, uint32_t reader,
                       const HistoryTransaction::Read& read, const AppendList& final_list,
                       Graph& graph) {
  if (read.list.size() > final_list.size() ||
      !std::equal(read.list.begin(), read.list.end(), final_list.begin())) {
    return "a read that is no beginning of the final list (G1a or lost update)";
  }
  const uint64_t snapshot = history[reader].snapshot;
  for (size_t i = 0; i < final_list.size() && snapshot != 0; i++) {
    const bool visible = history[final_list[i]].timestamp < snapshot;
    if (visible != (i < read.list.size())) return "a read that is not of its snapshot";
  }
  if (!read.list.empty()) graph.seen[read.list.back()].push_back(reader);
  if (read.list.size() == final_list.size()) return "";
  const uint32_t overwriter = final_list[read.list.size()];
  if (overwriter != reader) graph.unseen[reader].push_back(overwriter);
  return "";
}

}  // namespace

IsolationVerdict check_isolation(std::span<const HistoryTransaction> history,
                                 std::span<const AppendList> final_lists) {
  if (std::string anomaly = check_lists(history, final_lists); !anomaly.empty()) return {anomaly};
  Graph graph(history.size());
  for (const AppendList& list : final_lists) {
    for (size_t i = 1; i < list.size(); i++) graph.seen[list[i - 1]].push_back(list[i]);
  }
  for (uint32_t i = 0; i < history.size(); i++) {
    if (!history[i].committed) continue;
    for (const HistoryTransaction::Read& read : history[i].reads) {
      std::string anomaly = check_read(history, i, read, final_lists[read.key], graph);
      if (!anomaly.empty()) return {anomaly};
    }
  }
  if (has_forbidden_cycle(graph)) return {"a cycle that snapshot isolation forbids"};
  return {"", has_any_cycle(graph)};
}

}  // namespace stave::test
