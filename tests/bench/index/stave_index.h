// Stave's index through the C interface, for the programs of both key modes.
#pragma once

#include <stave/index.h>

#include <array>

#include "tests/bench/index/index_rows.h"

namespace stave::bench::index {

template <typename Key>
class StaveIndex {
 public:
  StaveIndex() {
    stave_index_options options;
    stave_index_options_init(&options);
    if (sizeof(Key) == 16) options.key_mode = STAVE_KEYS_OWNED16;
    create(&options, nullptr);
  }
  StaveIndex(const stave_index_options* options, const stave_index_resolver* resolver) {
    create(options, resolver);
  }
  ~StaveIndex() { stave_index_free(index_); }
  StaveIndex(const StaveIndex&) = delete;
  StaveIndex& operator=(const StaveIndex&) = delete;

  void reserve(uint64_t keys) {
    stave_error error;
    check(stave_index_reserve(index_, keys, &error), error);
  }
  bool put(const Key& key, uint64_t value) {
    stave_error error;
    uint8_t existed = 0;
    check(stave_index_put(index_, &key, sizeof key, value, nullptr, &existed, &error), error);
    return existed == 0;
  }
  bool get(const Key& key, uint64_t& value) const {
    stave_error error;
    return found(stave_index_get(index_, &key, sizeof key, &value, &error), error);
  }
  bool erase(const Key& key) {
    stave_error error;
    return found(stave_index_remove(index_, &key, sizeof key, nullptr, &error), error);
  }
  uint64_t size() const {
    stave_error error;
    uint64_t size = 0;
    check(stave_index_size(index_, &size, &error), error);
    return size;
  }
  void multi_get(const std::array<Key, batch>& keys, std::array<uint64_t, batch>& values,
                 std::array<uint8_t, batch>& found) const {
    stave_error error;
    std::array<uint32_t, batch> sizes;
    sizes.fill(sizeof(Key));
    check(stave_index_multi_get(index_, keys.data(), sizes.data(), batch, values.data(),
                                found.data(), &error),
          error);
  }

 private:
  void create(const stave_index_options* options, const stave_index_resolver* resolver) {
    stave_error error;
    check(stave_index_create(options, resolver, &index_, &error), error);
  }
  static void check(stave_status status, const stave_error& error) {
    if (status != STAVE_OK) fail(error.message);
  }
  static bool found(stave_status status, const stave_error& error) {
    if (status == STAVE_NOT_FOUND) return false;
    check(status, error);
    return true;
  }

  stave_index* index_ = nullptr;
};

}  // namespace stave::bench::index
