#include "tests/faults/legal_states.h"

#include <algorithm>

namespace stave::test {
namespace {

Contents changed(Contents contents, const LegalStates::Changes& changes) {
  for (const Workload::Change& change : changes) {
    if (change.value)
      contents[change.key] = *change.value;
    else
      contents.erase(change.key);
  }
  return contents;
}

}  // namespace

void LegalStates::acknowledged(const Changes& changes, store::Durability durability) {
  visible_ = changed(std::move(visible_), changes);
  std::vector<Contents> next;
  for (const Contents& contents : levels_.back()) next.push_back(changed(contents, changes));
  levels_.push_back(std::move(next));
  strengthen(durability);
}

void LegalStates::unknown(const Changes& changes) {
  std::vector<Contents> next = levels_.back();
  for (const Contents& contents : levels_.back()) {
    Contents with = changed(contents, changes);
    if (std::find(next.begin(), next.end(), with) == next.end()) next.push_back(std::move(with));
  }
  levels_.push_back(std::move(next));
}

void LegalStates::strengthen(store::Durability durability) {
  if (durability >= store::Durability::os) process_ = levels_.size() - 1;
  if (durability == store::Durability::device) device_ = levels_.size() - 1;
}

std::string LegalStates::judge_reopened(const Contents& found, bool power_lost) {
  const size_t low = power_lost ? device_ : process_;
  for (size_t level = low; level < levels_.size(); level++) {
    const std::vector<Contents>& legal = levels_[level];
    if (std::find(legal.begin(), legal.end(), found) == legal.end()) continue;
    levels_ = {{found}};
    device_ = process_ = 0;
    visible_ = found;
    return {};
  }
  return "not a legal state; against what was acknowledged: " + difference(visible_, found);
}

}  // namespace stave::test
