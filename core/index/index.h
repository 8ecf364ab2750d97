// The index: keys (bytes) -> u64, in memory, for any number of readers and writers.
//
//   auto index = Index::create({.capacity = 1'000'000});
//   (*index)->put(as_bytes("key"), 7);
//   uint64_t value;
//   Status status = (*index)->get(as_bytes("key"), &value);      ok, not_found
//
// Two modes. An index that owns its keys is exact by itself and hands keys back; entries take 16
// bytes, or 24 to have keys of up to 16 bytes inside. With a resolver it
// keeps none and asks who has them (resolved_keys.h); entries then take 8 bytes for values of 44
// bits, 16 bytes for 64.
//
// Each call exists with the hash given by the caller. Such a hash may be anything that is always
// the same for the same key; hash() is what the plain calls use, so both can be mixed when it is
// that.
//
// Thread safety: everything from any thread; destroying alone. Linearizable per key. Readers take
// no lock and never wait for a writer. Cost: everything O(1) per key, unless the name says
// otherwise. Errors of every call: `too_large` (key above key_size_max, value above value_bits),
// `no_memory`, what the resolver answered; then nothing has changed.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/base/status.h"
#include "core/index/resolved_keys.h"
#include "core/index/stats.h"

namespace stave::index {

struct IndexOptions {
  uint64_t capacity = 0;         // entries to have room for from the start
  uint32_t shards = 0;           // a power of two up to 256; 0 chooses by the capacity
  uint64_t seed = 0;             // of hash(); one that nobody can guess, against flooding
  unsigned value_bits = 64;      // 44 or 64
  unsigned inline_key_size = 8;  // 8 or 16: owned keys of up to so many bytes are in their entries
  const Resolver* resolver = nullptr;  // null: the index owns its keys. Outlives the index.
};

class Index {
 public:
  static Result<std::unique_ptr<Index>> create(const IndexOptions& options);
  virtual ~Index() = default;
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  uint64_t hash(Bytes key) const noexcept {
    return key.size() == sizeof(uint64_t) ? hash(word_of(key.data())) : hash64(key, seed_);
  }

  // Of the bytes of these words.
  template <size_t kWords>
  uint64_t hash(const std::array<uint64_t, kWords>& words) const noexcept {
    if constexpr (kWords == 1)
      return hash(words[0]);
    else
      return hash64(std::as_bytes(std::span(words)), seed_);
  }
  uint64_t hash(uint64_t word) const noexcept { return word_hash_(word); }
  static uint64_t word_of(const void* key) noexcept {
    uint64_t word;
    std::memcpy(&word, key, sizeof word);
    return word;
  }

  // ---- One key ---------------------------------------------------------------------------------

  // A key and its hash.
  struct Key {
    Bytes bytes;
    uint64_t hash = 0;
    bool own_hash = false;  // it is known to be hash(bytes)
  };
  Key key(Bytes bytes) const noexcept { return {bytes, hash(bytes), true}; }

  // The value before, if there was one.
  using Previous = std::optional<uint64_t>;

  // ok or not_found; another code is explained in *error, which is left alone otherwise. No Status
  // is carried about: nearly all of a lookup should be its wait for memory. An index that owns its
  // keys has no errors for keys of up to key_size_max bytes; then `error` may be null.
  virtual Code find(Bytes bytes, uint64_t* value, Status* error) const noexcept = 0;
  virtual Code find(const Key& key, uint64_t* value, Status* error) const noexcept = 0;
  // The same; `KeyType` is Bytes or Key.
  template <typename KeyType>
  Status get(const KeyType& key, uint64_t* value) const {
    Status error;
    const Code code = find(key, value, &error);
    return error.ok() ? Status(code) : error;
  }

  Result<bool> contains(Bytes bytes) const { return contains(key(bytes)); }
  Result<bool> contains(const Key& key) const;

  // Inserts or replaces.
  Result<Previous> put(Bytes bytes, uint64_t value) { return put(key(bytes), value); }
  virtual Result<Previous> put(const Key& key, uint64_t value) = 0;

  // Leaves the value of a present key, and answers it.
  Result<Previous> insert_if_absent(Bytes bytes, uint64_t value) {
    return insert_if_absent(key(bytes), value);
  }
  virtual Result<Previous> insert_if_absent(const Key& key, uint64_t value) = 0;

  // Replaces `expected` by `value`. ok; mismatch (*actual is the value there) or not_found.
  Status compare_and_swap(Bytes bytes, uint64_t expected, uint64_t value, uint64_t* actual) {
    return compare_and_swap(key(bytes), expected, value, actual);
  }
  virtual Status compare_and_swap(const Key& key, uint64_t expected, uint64_t value,
                                  uint64_t* actual) = 0;

  Result<Previous> remove(Bytes bytes) { return remove(key(bytes)); }
  virtual Result<Previous> remove(const Key& key) = 0;

  // Removes the key if its value is `expected`. ok; mismatch (*actual is the value there) or
  // not_found.
  Status remove_if(Bytes bytes, uint64_t expected, uint64_t* actual) {
    return remove_if(key(bytes), expected, actual);
  }
  virtual Status remove_if(const Key& key, uint64_t expected, uint64_t* actual) = 0;

  // ---- Many keys -------------------------------------------------------------------------------

  // What multi_get() and multi_put() tell of each key.
  struct Slot {
    Code code = Code::ok;  // multi_get: ok, not_found; multi_put: ok (there was a value), not_found
    uint64_t value = 0;    // the value; before the put
  };
  // Each key for itself, with the memory accesses of many under way at once. The first error ends
  // the call; what was put before it stays. The spans are of one size.
  virtual Status multi_get(std::span<const Bytes> keys, std::span<Slot> slots) const = 0;
  virtual Status multi_get(std::span<const Key> keys, std::span<Slot> slots) const = 0;
  virtual Status multi_put(std::span<const Bytes> keys, std::span<const uint64_t> values,
                           std::span<Slot> slots) = 0;
  virtual Status multi_put(std::span<const Key> keys, std::span<const uint64_t> values,
                           std::span<Slot> slots) = 0;

  // ---- All keys --------------------------------------------------------------------------------

  // Exact when no call is under way.
  virtual uint64_t size() const noexcept = 0;
  // Entries that fit before the next bucket is split.
  virtual uint64_t capacity() const noexcept = 0;
  virtual IndexStats stats() const = 0;
  // At one point in time.
  virtual Status clear() = 0;
  // Room for so many entries in all.
  virtual Status reserve(uint64_t entries) = 0;
  // Gives back memory; O(entries), and writers wait for the shard that is being shrunk.
  virtual Status shrink_to_fit() = 0;

  // A walk beside writers: an entry that is there throughout is met once, whatever grows meanwhile.
  struct Item {
    uint64_t value = 0;
    std::vector<std::byte> key;  // empty with a resolver
  };
  class Cursor {
   public:
    virtual ~Cursor() = default;
    // ok with an item, or `done`.
    virtual Status next(Item* item) = 0;
  };
  // Not thread safe itself; the index outlives it.
  virtual Result<std::unique_ptr<Cursor>> cursor() const = 0;
  Status collect_values(std::vector<uint64_t>* values) const;

 protected:
  explicit Index(uint64_t seed) noexcept : seed_(seed), word_hash_(seed) {}

 private:
  const uint64_t seed_;
  const WordHash word_hash_;
};

}  // namespace stave::index
