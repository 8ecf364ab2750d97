// A repeatable stream of commits for one thread, so that whoever knows how many of them a store
// holds knows its exact contents: writers in other processes and threads need to report no more
// than a number.
//
// Each thread has keys of its own, so after any crash the part of the store that belongs to a
// thread must be its contents after some number of its commits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/store/store.h"
#include "tests/support/store_access.h"

namespace stave::test {

class Workload {
 public:
  // `prefix` begins all keys of this stream and of no other.
  Workload(uint64_t seed, std::string prefix, size_t value_size_max)
      : seed_(seed), prefix_(std::move(prefix)), value_size_max_(value_size_max) {}

  struct Change {
    std::string key;
    std::optional<std::string> value;  // nothing: the key is removed
  };
  // The changes of commit `number`, the first is 1: one put, one removal, or a batch.
  std::vector<Change> commit(uint64_t number) const;
  // Makes the commit on the store, by one of the calls that can. `not_found` is the removal of an
  // absent key: a commit without effect, which promises nothing about those before it.
  Status apply(store::Store& store, uint64_t number, store::Durability durability) const;
  void apply(Contents& contents, uint64_t number) const;

  const std::string& prefix() const noexcept { return prefix_; }
  // The part of `all` that belongs to this stream.
  Contents own_part(const Contents& all) const;

  // The number of commits in [low, high] after which `all` shows this stream's contents; nothing
  // when there is none. Where commits without effect make several right it is the highest. Starts
  // from `contents` after `low` commits, and leaves it after the number found.
  std::optional<uint64_t> find_commits(const Contents& all, Contents& contents, uint64_t low,
                                       uint64_t high) const;

 private:
  uint64_t seed_;
  std::string prefix_;
  size_t value_size_max_;
};

}  // namespace stave::test
