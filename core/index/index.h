// The index: keys (bytes) -> u64, in memory, for any number of readers and writers.
//
//   auto index = Index::create({.capacity = 1'000'000});
//   Status error;
//   (*index)->update(as_bytes("key"), {Index::Action::put, 7}, &error);
//   uint64_t value;
//   Code code = (*index)->find(as_bytes("key"), &value, &error);      ok, not_found
//
// Two key policies. An index that owns its keys is exact by itself and can return them; entries
// take 16 bytes, or 24 to have keys of up to 16 bytes inside. With a resolver it keeps none and
// asks the resolver (resolved_keys.h); entries then take 8 bytes for values of 44 bits, 16 bytes
// for 64.
//
// A key may come with a hash from the caller: any number, always the same one for the same key.
// hash() is what the index uses for keys without one, so both can be mixed if it is that.
//
// Thread safety: everything from any thread; destroying alone. Linearizable per key. Readers take
// no lock and never wait for a writer. Cost: everything O(1) per key, unless the name says
// otherwise. Errors of every call: `too_large` (key above key_size_max, value above value_bits),
// `no_memory`, the resolver's; then nothing has changed. A key that is too large is not found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/index/key_hash.h"
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

  uint64_t hash(Bytes key) const noexcept { return hash_(key); }

  // ---- One key ---------------------------------------------------------------------------------

  struct Key {
    Key() noexcept = default;
    Key(Bytes key) noexcept : bytes(key) {}
    Key(Bytes key, uint64_t callers_hash) noexcept : bytes(key), hash(callers_hash) {}
    Bytes bytes;
    std::optional<uint64_t> hash;  // nothing: the index's own
  };

  // ok or not_found. Another code is an error, explained in *error, which is unchanged otherwise.
  virtual Code find(const Key& key, uint64_t* value, Status* error) const noexcept = 0;

  enum class Action : uint8_t {
    put,               // inserts or replaces: ok
    insert,            // only if the key is absent: ok, exists
    compare_and_swap,  // replaces `expected`: ok, mismatch, not_found
    remove,            // ok, not_found
    remove_if,         // removes `expected`: ok, mismatch, not_found
  };
  struct Change {
    Action action = Action::put;
    uint64_t value = 0;
    uint64_t expected = 0;
  };
  struct Outcome {
    Code code = Code::ok;  // as the action says, or an error
    bool was_present = false;
    uint64_t previous = 0;  // the value that there was, if the key was present
  };
  // All changes of one key. An error may be explained in *error, which must be ok before.
  virtual Outcome update(const Key& key, const Change& change, Status* error) noexcept = 0;

  // ---- Many keys -------------------------------------------------------------------------------

  // Keys that lie one after the other.
  struct FlatKeys {
    const std::byte* bytes = nullptr;
    std::span<const uint32_t> sizes;
  };
  // Each key is an operation of its own; the memory accesses of many are under way at once. The
  // first error ends the call.
  //
  // values[i] is the value and found[i] is 1, or both are 0 if the key is absent.
  virtual Status multi_get(const FlatKeys& keys, uint64_t* values, uint8_t* found) const = 0;
  // previous[i] and existed[i] (each array may be null) are as of multi_get() before the put. *done
  // keys have been put, all unless there was an error.
  virtual Status multi_put(const FlatKeys& keys, const uint64_t* values, uint64_t* previous,
                           uint8_t* existed, size_t* done) = 0;

  // ---- All keys --------------------------------------------------------------------------------

  // Exact when no call is under way.
  virtual uint64_t size() const noexcept = 0;
  // Entries that fit before the next bucket is split.
  virtual uint64_t capacity() const noexcept = 0;
  virtual IndexStats stats() const = 0;
  // At one point in time.
  virtual Status clear() = 0;
  // Makes room for so many entries in all.
  virtual Status reserve(uint64_t entries) = 0;
  // Gives back memory; O(entries), and writers wait for the shard that is being shrunk.
  virtual Status shrink_to_fit() = 0;

  // A walk beside writers: an entry that is there throughout is visited once, whatever grows
  // meanwhile.
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
  // Not thread safe itself. The index outlives the last call of next(), not the cursor.
  virtual Result<std::unique_ptr<Cursor>> cursor() const = 0;
  // What a cursor visits; ends with the first status that is not ok.
  Status for_each_value(FunctionRef<Status(uint64_t value)> visit) const;

 protected:
  explicit Index(KeyHash hash) noexcept : hash_(hash) {}

 private:
  const KeyHash hash_;
};

}  // namespace stave::index
