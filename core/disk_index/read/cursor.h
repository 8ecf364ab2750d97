// A walk over all records, beside changes.
#pragma once

#include <cstdint>
#include <vector>

#include "core/disk_index/state.h"

namespace stave::disk_index {

// All records in the order of their hashes, one segment's worth at a time. How the hashes are
// divided into segments may change between two steps without anything being missed or met twice. A
// record that is there from the first call to the last is met exactly once; one that comes, goes or
// changes meanwhile may be met as before or as after that.
//
// Thread safety: one thread at a time.
class Cursor {
 public:
  explicit Cursor(const State& state) : state_(state), entry_size_(entry_size(state.record_size)) {}
  // Goes on with the records of this hash. Before the first next().
  void seek(uint64_t hash) noexcept { first_ = hash; }

  // ok on a record, `done` after the last. `corruption` once for each segment with damaged pages;
  // the next call goes on. Left out are only keys for which get() reports the same.
  Status next();
  // Of the record it stands on; valid until the next call.
  const Key& key() const noexcept { return key_; }
  uint64_t hash() const noexcept { return state_.hasher(key_); }
  Bytes record() const noexcept { return record_; }

 private:
  Status fill();

  const State& state_;
  const size_t entry_size_;
  uint64_t first_ = 0;  // lowest hash not visited yet
  bool ended_ = false;
  std::vector<std::byte> records_;  // of the segments visited last
  size_t at_ = 0;
  std::vector<HashedChange> changes_;
  std::vector<Entry> entries_;
  std::vector<Entry> taken_;
  Key key_;
  Bytes record_;
};

}  // namespace stave::disk_index
