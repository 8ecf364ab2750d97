// The commits of one writer in order, and how far back a crash may take them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/store/options.h"
#include "tests/support/store_access.h"
#include "tests/support/workload.h"

namespace stave::test {

// A crash must leave the contents after a number of commits in [low, high].
struct Bounds {
  size_t low;
  size_t high;
};

class CommitHistory {
 public:
  CommitHistory();  // of an empty store

  // A commit is on its way: from now on it may be found after a crash.
  void begin(const std::vector<Workload::Change>& changes);
  // The newest commit was acknowledged; so everything before it is at least as durable.
  void acknowledge(store::Durability durability);

  Bounds after_power_loss() const noexcept { return {device_, states_.size() - 1}; }
  Bounds after_kill() const noexcept { return {process_, states_.size() - 1}; }

  // The highest number of commits, at most bounds.high, after which the contents were `found`.
  std::optional<size_t> find(const Contents& found, size_t high) const;
  // "" if `found` is within the bounds, else what is wrong, which is also counted.
  std::string judge(const Contents& found, Bounds bounds, size_t* commits);
  // Power was lost: no more than the device's promise holds.
  void lose_power() noexcept { process_ = device_; }
  // A store was opened and shows this many commits: the later ones never happened, the others are
  // durable.
  void reopened(size_t commits);

  const Contents& newest() const noexcept { return states_.back(); }
  size_t commits() const noexcept { return states_.size() - 1; }

  struct Verdicts {
    uint64_t lost = 0;          // acknowledged commits are missing
    uint64_t holes = 0;         // not the contents after any number of commits
    uint64_t wrong_values = 0;  // a value that was never stored under its key
  };
  const Verdicts& verdicts() const noexcept { return verdicts_; }

 private:
  bool ever_stored(const std::string& key, const std::string& value) const;

  std::vector<Contents> states_;  // by number of commits
  size_t device_ = 0;             // commits that survive a power loss
  size_t process_ = 0;            // commits that survive the process
  Verdicts verdicts_;
};

}  // namespace stave::test
