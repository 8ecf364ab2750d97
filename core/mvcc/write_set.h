// What one transaction has written and not yet committed. One thread at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <new>
#include <vector>

#include "core/mvcc/row.h"
#include "core/os/seeded_random.h"

namespace stave::mvcc {

class WriteSet {
 public:
  struct Write {
    Row* row = nullptr;
    ValueVersion* version = nullptr;
    uint64_t named = 0;  // the last commit call that named the key
  };

  // `identity` is not 0. `seed` is of the heights: sets with the same one begin with the same
  // height, and versions of one height are no skip list.
  WriteSet(uint64_t identity, uint64_t seed) noexcept : identity_(identity), random_(seed) {}
  // Of an identity that no other set has.
  explicit WriteSet(uint64_t identity) noexcept : WriteSet(identity, identity) {}
  ~WriteSet() { delete record_; }
  WriteSet(const WriteSet&) = delete;
  WriteSet& operator=(const WriteSet&) = delete;

  uint64_t identity() const noexcept { return identity_; }
  bool empty() const noexcept { return writes_.empty(); }
  size_t size() const noexcept { return writes_.size(); }
  std::vector<Write>& writes() noexcept { return writes_; }
  ValueRecord* record() noexcept { return record_; }

  // Makes sure that the next add() cannot fail. False without memory.
  bool prepare_add() noexcept {
    if (record_ != nullptr && writes_.size() < writes_.capacity()) [[likely]]
      return true;
    return make_room();
  }
  // While a version is pending its tag, free until it is retired, says where in the set it is.
  void add(Row* row, ValueVersion* version) noexcept {
    version->tag = writes_.size();
    writes_.push_back({row, version});
  }
  void replace(ValueVersion* old, ValueVersion* version) noexcept {
    version->tag = old->tag;
    writes_[version->tag].version = version;
  }
  void forget(ValueVersion* version) noexcept {
    Write& place = writes_[version->tag];
    place = writes_.back();
    place.version->tag = version->tag;
    writes_.pop_back();
  }
  // After the commit: the record goes its own way.
  ValueRecord* release_record() noexcept {
    writes_.clear();
    return std::exchange(record_, nullptr);
  }

  // Of a new version: each level is a fourth as likely as the one below.
  unsigned random_height() noexcept {
    const auto zeros = static_cast<unsigned>(std::countr_zero(random_.next() | uint64_t{1} << 62));
    return 1 + std::min(zeros / 2, ValueVersion::height_max - 1);
  }

 private:
  bool make_room() noexcept {
    if (record_ == nullptr) record_ = new (std::nothrow) ValueRecord(identity_);
    if (record_ == nullptr) return false;
    try {
      if (writes_.size() == writes_.capacity()) {
        writes_.reserve(writes_.empty() ? 4 : 2 * writes_.size());
      }
    } catch (const std::bad_alloc&) {
      return false;
    }
    return true;
  }

  uint64_t identity_;
  os::SeededRandom random_;
  ValueRecord* record_ = nullptr;  // made by the first write
  std::vector<Write> writes_;
};

}  // namespace stave::mvcc
