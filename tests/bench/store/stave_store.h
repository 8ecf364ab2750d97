// Stave's store through the C interface, as any program would use it.
#pragma once

#include <stave/store.h>

#include "tests/bench/store/store_rows.h"

namespace stave::bench::store {

inline void check(stave_status status, const stave_error& error) {
  if (status != STAVE_OK) fail(error.message);
}

class StaveSession {
 public:
  StaveSession(stave_store* store, size_t value_size) : store_(store), value_(value_size, '\0') {
    stave_buffer_init(&values_);
  }
  ~StaveSession() { stave_buffer_free(&values_); }
  StaveSession(const StaveSession&) = delete;
  StaveSession& operator=(const StaveSession&) = delete;

  void put(Bytes key, Bytes value) {
    check(stave_store_put(store_, key.data(), key.size(), value.data(), value.size(), nullptr,
                          &error_),
          error_);
  }
  template <typename Visit>
  bool get(Bytes key, Visit&& visit) {
    size_t size = 0;
    const stave_status status = stave_store_get(store_, key.data(), key.size(), value_.data(),
                                                value_.size(), &size, &error_);
    if (status == STAVE_NOT_FOUND) return false;
    check(status, error_);
    visit(as_bytes(value_.data(), size));
    return true;
  }
  void erase(Bytes key) {
    check(stave_store_remove(store_, key.data(), key.size(), nullptr, &error_), error_);
  }
  template <typename Visit>
  void multi_get(const Key16* keys, size_t count, Visit&& visit) {
    const std::vector<uint32_t> key_sizes(count, sizeof(Key16));
    std::vector<uint64_t> sizes(count);
    check(stave_store_multi_get(store_, keys, key_sizes.data(), count, &values_, sizes.data(),
                                &error_),
          error_);
    const char* value = static_cast<const char*>(values_.data);
    for (size_t i = 0; i < count; i++) {
      if (sizes[i] == STAVE_ABSENT) fail("multi_get misses a record");
      visit(i, as_bytes(value, sizes[i]));
      value += sizes[i];
    }
  }

 private:
  stave_store* store_;
  std::string value_;
  stave_buffer values_;
  stave_error error_;
};

// With the keys in memory or on disk: STAVE_KEYDIR_*.
template <uint8_t keydir>
class StaveStore {
 public:
  explicit StaveStore(const Setup& setup) : value_size_(setup.value_size) {
    stave_store_options options;
    stave_store_options_init(&options);
    options.durability =
        setup.durability == Durability::device ? STAVE_DURABILITY_DEVICE : STAVE_DURABILITY_OS;
    // Mapped segments save a system call per read, as the peers' mappings do.
    options.io = STAVE_IO_MMAP;
    options.keydir = keydir;
    stave_error error;
    check(stave_store_open("data", &options, &store_, &error), error);
  }
  ~StaveStore() {
    stave_error error;
    check(stave_store_close(store_, &error), error);
    stave_store_free(store_);
  }
  StaveStore(const StaveStore&) = delete;
  StaveStore& operator=(const StaveStore&) = delete;

  StaveSession session() { return {store_, value_size_}; }

 private:
  stave_store* store_ = nullptr;
  size_t value_size_;
};

}  // namespace stave::bench::store
