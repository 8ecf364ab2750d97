// What the index's tests share: every kind of index behind one interface, and keys to put into it.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/endian.h"
#include "core/index/index.h"
#include "core/sync/epoch.h"

namespace stave::index {

// Reclaims what the last test has retired, so that it does not look like a leak.
class ReclaimedAtTheEnd : public testing::Environment {
 public:
  void TearDown() override { EXPECT_TRUE(sync::EpochRegistry::reclaim_all()); }
};
inline testing::Environment* const reclaimed_at_the_end =
    testing::AddGlobalTestEnvironment(new ReclaimedAtTheEnd);

enum class Kind { owned, owned16, wide_resolved, narrow_resolved };
inline constexpr std::array<Kind, 4> all_kinds = {Kind::owned, Kind::owned16, Kind::wide_resolved,
                                                  Kind::narrow_resolved};
inline bool is_owned(Kind kind) {
  return kind == Kind::owned || kind == Kind::owned16;
}
// The size of the largest keys that entries hold, where they hold keys.
inline size_t inline_key_size(Kind kind) {
  return kind == Kind::owned16 ? 16 : 8;
}

inline std::string kind_name(const testing::TestParamInfo<Kind>& info) {
  switch (info.param) {
    case Kind::owned:
      return "owned";
    case Kind::owned16:
      return "owned16";
    case Kind::wide_resolved:
      return "wide_resolved";
    case Kind::narrow_resolved:
      return "narrow_resolved";
  }
  return "";
}

// A value has the number of its key in its high bits. So a resolver needs no memory of its own, and
// a value never comes to stand for another key.
class NumberedKeys : public Resolver {
 public:
  static constexpr unsigned version_bits = 20;
  static uint64_t value(uint64_t number, uint64_t version = 0) noexcept {
    return number << version_bits | version;
  }
  static uint64_t number(uint64_t value) noexcept { return value >> version_bits; }

  // `key_size` is 8 bytes or more.
  explicit NumberedKeys(size_t key_size = 8) noexcept : key_size_(key_size) {}
  std::string key(uint64_t number) const {
    std::string key(key_size_, '.');
    for (size_t i = 0; i < 8; i++) key[key_size_ - 1 - i] = static_cast<char>(number >> (8 * i));
    return key;
  }
  // The hash of each key where the test passes hashes of its own.
  void set_hash(uint64_t (*function)(uint64_t number)) noexcept { hash_ = function; }

  Verdict match(uint64_t value, Bytes bytes, Status* error) const noexcept override {
    const uint64_t count = matches.fetch_add(1, std::memory_order_relaxed);
    if (yields && count % 4 == 0) std::this_thread::yield();
    if (fails.load(std::memory_order_relaxed)) {
      *error = Code::io;
      return Verdict::error;
    }
    if (stale.load(std::memory_order_relaxed) == value) return Verdict::stale;
    return as_bytes(key(number(value))).size() == bytes.size() &&
                   equal(as_bytes(key(number(value))), bytes)
               ? Verdict::equal
               : Verdict::different;
  }
  Result<uint64_t> hash(uint64_t value) const noexcept override {
    hashes.fetch_add(1, std::memory_order_relaxed);
    if (hash_ != nullptr) return hash_(number(value));
    return hash64(as_bytes(key(number(value))), 0);
  }

  mutable std::atomic<uint64_t> matches{0};
  mutable std::atomic<uint64_t> hashes{0};
  bool yields = false;  // lets other threads in between a lookup and what follows from it
  std::atomic<bool> fails{false};
  std::atomic<uint64_t> stale{~uint64_t{0}};

 private:
  const size_t key_size_;
  uint64_t (*hash_)(uint64_t) = nullptr;
};

inline std::unique_ptr<Index> make_index(Kind kind, const NumberedKeys& keys,
                                         IndexOptions options = {}) {
  if (!is_owned(kind)) options.resolver = &keys;
  if (kind == Kind::owned16) options.inline_key_size = 16;
  if (kind == Kind::narrow_resolved) options.value_bits = 44;
  auto index = Index::create(options);
  EXPECT_TRUE(index.ok());
  return *std::move(index);
}

// find() and update() with one result.
using Previous = std::optional<uint64_t>;  // the value that there was
inline Status get_key(const Index& index, const Index::Key& key, uint64_t* value) {
  Status error;
  const Code code = index.find(key, value, &error);
  return error.ok() ? Status(code) : error;
}
inline Status change_key(Index& index, const Index::Key& key, const Index::Change& change,
                         Previous* previous) {
  Status error;
  const Index::Outcome outcome = index.update(key, change, &error);
  *previous = outcome.was_present ? Previous(outcome.previous) : Previous();
  return error.ok() ? Status(outcome.code) : error;
}
inline Result<Previous> change_key(Index& index, const Index::Key& key,
                                   const Index::Change& change) {
  Previous previous;
  Status status = change_key(index, key, change, &previous);
  if (status.is_error()) return status;
  return previous;
}
inline Result<Previous> put_key(Index& index, const Index::Key& key, uint64_t value) {
  return change_key(index, key, {Index::Action::put, value});
}
inline Result<Previous> insert_key(Index& index, const Index::Key& key, uint64_t value) {
  return change_key(index, key, {Index::Action::insert, value});
}
inline Result<Previous> remove_key(Index& index, const Index::Key& key) {
  return change_key(index, key, {Index::Action::remove});
}
// *actual is the value that there was, if the key was present.
inline Status swap_key(Index& index, const Index::Key& key, uint64_t expected, uint64_t value,
                       uint64_t* actual) {
  Previous previous;
  Status status =
      change_key(index, key, {Index::Action::compare_and_swap, value, expected}, &previous);
  *actual = previous.value_or(*actual);
  return status;
}
inline Status remove_key_if(Index& index, const Index::Key& key, uint64_t expected,
                            uint64_t* actual) {
  Previous previous;
  Status status = change_key(index, key, {Index::Action::remove_if, 0, expected}, &previous);
  *actual = previous.value_or(*actual);
  return status;
}

inline std::vector<uint64_t> values_of(const Index& index) {
  std::vector<uint64_t> values;
  const Status status = index.for_each_value([&values](uint64_t value) -> Status {
    values.push_back(value);
    return {};
  });
  EXPECT_TRUE(status.ok());
  return values;
}

// Keys for one call.
class ManyKeys {
 public:
  void add(const std::string& key) {
    bytes_ += key;
    sizes_.push_back(static_cast<uint32_t>(key.size()));
  }
  Index::FlatKeys flat() const { return {as_bytes(bytes_).data(), sizes_}; }

 private:
  std::string bytes_;
  std::vector<uint32_t> sizes_;
};

// One empty index of the kind that is the parameter.
class IndexTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override { index = make_index(GetParam(), keys); }

  static uint64_t value(uint64_t number, uint64_t version = 0) {
    return NumberedKeys::value(number, version);
  }
  // With the hash that a test chose.
  Index::Key hashed(const std::string& key, uint64_t hash) { return {as_bytes(key), hash}; }

  Previous put(uint64_t number, uint64_t version = 0) {
    const std::string key = keys.key(number);
    const auto previous = put_key(*index, as_bytes(key), value(number, version));
    EXPECT_TRUE(previous.ok());
    return *previous;
  }
  Previous remove(uint64_t number) {
    const std::string key = keys.key(number);
    const auto previous = remove_key(*index, as_bytes(key));
    EXPECT_TRUE(previous.ok());
    return *previous;
  }
  Previous get(uint64_t number) {
    const std::string key = keys.key(number);
    uint64_t found = 0;
    const Status status = get_key(*index, as_bytes(key), &found);
    EXPECT_FALSE(status.is_error());
    return status.ok() ? Previous(found) : Previous();
  }

  NumberedKeys keys{inline_key_size(GetParam())};
  std::unique_ptr<Index> index;
};

}  // namespace stave::index
