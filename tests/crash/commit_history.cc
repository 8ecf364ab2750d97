#include "tests/crash/commit_history.h"

#include <algorithm>

namespace stave::test {

CommitHistory::CommitHistory() : states_(1) {}

void CommitHistory::begin(const std::vector<Workload::Change>& changes) {
  Contents next = states_.back();
  for (const Workload::Change& change : changes) {
    if (change.value)
      next[change.key] = *change.value;
    else
      next.erase(change.key);
  }
  states_.push_back(std::move(next));
}

void CommitHistory::acknowledge(store::Durability durability) {
  if (durability >= store::Durability::os) process_ = commits();
  if (durability == store::Durability::device) device_ = commits();
}

std::optional<size_t> CommitHistory::find(const Contents& found, size_t high) const {
  for (size_t commits = high + 1; commits-- > 0;)
    if (states_[commits] == found) return commits;
  return std::nullopt;
}

bool CommitHistory::ever_stored(const std::string& key, const std::string& value) const {
  return std::any_of(states_.begin(), states_.end(), [&](const Contents& state) {
    const auto at = state.find(key);
    return at != state.end() && at->second == value;
  });
}

std::string CommitHistory::judge(const Contents& found, Bounds bounds, size_t* commits) {
  const std::optional<size_t> match = find(found, bounds.high);
  if (match) *commits = *match;
  if (match && *match >= bounds.low) return {};
  const std::string range =
      " (expected " + std::to_string(bounds.low) + " to " + std::to_string(bounds.high) + ")";
  if (match) {
    verdicts_.lost++;
    return "acknowledged commits are lost: " + std::to_string(*match) + " are there" + range;
  }
  for (const auto& [key, value] : found) {
    if (ever_stored(key, value)) continue;
    verdicts_.wrong_values++;
    return "a value that was never stored under " + quoted(key);
  }
  verdicts_.holes++;
  return "not the contents after any number of commits" + range +
         "; against the newest: " + difference(states_[bounds.high], found);
}

void CommitHistory::reopened(size_t commits) {
  states_.resize(commits + 1);
  device_ = process_ = commits;
}

}  // namespace stave::test
