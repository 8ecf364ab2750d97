// Stave's index, for the programs of both key modes.
#pragma once

#include <array>
#include <memory>

#include "core/index/index.h"
#include "tests/bench/index/index_rows.h"

namespace stave::bench::index {

template <typename T>
T take(Result<T> result) {
  if (!result.ok()) fail(std::string(result.status().message()));
  return *std::move(result);
}

template <typename Key>
class StaveIndex {
 public:
  explicit StaveIndex(const stave::index::IndexOptions& options = {})
      : index_(take(stave::index::Index::create(options))) {}

  void reserve(uint64_t keys) { check(index_->reserve(keys)); }
  bool put(const Key& key, uint64_t value) {
    return !take(index_->put(bytes_of(key), value)).has_value();
  }
  bool get(const Key& key, uint64_t& value) const {
    return found(index_->get(bytes_of(key), &value));
  }
  bool erase(const Key& key) { return take(index_->remove(bytes_of(key))).has_value(); }
  uint64_t size() const { return index_->size(); }

  void multi_get(const Key* keys, size_t count, uint64_t* values, bool* found) const {
    constexpr size_t batch = 32;
    if (count > batch) fail("a batch is too large");
    std::array<Bytes, batch> views;
    std::array<stave::index::Index::Slot, batch> slots;
    for (size_t i = 0; i < count; i++) views[i] = bytes_of(keys[i]);
    check(index_->multi_get(std::span(views).first(count), std::span(slots).first(count)));
    for (size_t i = 0; i < count; i++) {
      values[i] = slots[i].value;
      found[i] = slots[i].code == Code::ok;
    }
  }

 private:
  static void check(const Status& status) {
    if (!status.ok()) fail(std::string(status.message()));
  }
  static bool found(const Status& status) {
    if (status.code() == Code::not_found) return false;
    check(status);
    return true;
  }

  std::unique_ptr<stave::index::Index> index_;
};

}  // namespace stave::bench::index
