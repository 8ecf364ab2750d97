// What one transaction has written and not yet committed. One thread at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <new>
#include <utility>
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

  // `identity` is the transaction's number, not 0. `seed` is of the heights of versions: it must
  // differ between sets, since versions of equal heights make no skip list.
  WriteSet(uint64_t identity, uint64_t seed) noexcept : identity_(identity), random_(seed) {}
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
    if (record_ == nullptr) record_ = new (std::nothrow) ValueRecord(identity_);
    if (record_ == nullptr) return false;
    if (writes_.size() < writes_.capacity()) return true;
    try {
      writes_.reserve(writes_.empty() ? 4 : 2 * writes_.size());
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  // The tag of a pending version, which is free until the version is retired, is its position here.
  void add(Row* row, ValueVersion* version) noexcept {
    version->tag = writes_.size();
    writes_.push_back({row, version});
  }
  void replace(ValueVersion* old, ValueVersion* version) noexcept {
    version->tag = old->tag;
    writes_[version->tag].version = version;
  }
  void remove(ValueVersion* version) noexcept {
    Write& removed = writes_[version->tag];
    removed = writes_.back();
    removed.version->tag = version->tag;
    writes_.pop_back();
  }
  // Empties the set. Returns the record, null when there is none; the caller retires it.
  ValueRecord* release() noexcept {
    writes_.clear();
    return std::exchange(record_, nullptr);
  }

  // The height of a new version: each level is a fourth as likely as the one below.
  unsigned random_height() noexcept {
    const auto zeros = static_cast<unsigned>(std::countr_zero(random_.next() | uint64_t{1} << 62));
    return 1 + std::min(zeros / 2, ValueVersion::height_max - 1);
  }

 private:
  uint64_t identity_;
  os::SeededRandom random_;
  ValueRecord* record_ = nullptr;  // made by the first write
  std::vector<Write> writes_;
};

}  // namespace stave::mvcc
