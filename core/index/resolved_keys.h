// Keys that lie elsewhere: entries hold a value and what fits of the hash, and a resolver says what
// a value stands for.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/index/hash_parts.h"
#include "core/index/probe.h"

namespace stave::index {

// What the owner of the keys answers about a value. Called from any thread that uses the index,
// inside an epoch pin, without any lock of the index held: it may call the index. table.h says
// which values it may be asked about.
class Resolver {
 public:
  virtual ~Resolver() = default;

  // Is `key` the key of what lies at `value`? An error is explained in *error.
  virtual Verdict match(uint64_t value, Bytes key, Status* error) const noexcept = 0;

  // The hash of the whole key of what lies at `value`, the one given or computed when it was put.
  // `not_found` when nothing lies there any more. Asked when a narrow shard has grown by 2^19.
  virtual Result<uint64_t> hash(uint64_t value) const noexcept = 0;

  // Begins to load what match() will look at.
  virtual void prefetch(uint64_t /*value*/) const noexcept {}
};

// Where an index keeps no keys it needs no storage for them.
struct NoStorage {
  uint64_t bytes() const noexcept { return 0; }
  void shrink() noexcept {}
};

class ResolvedKeys {
 public:
  using Storage = NoStorage;

  explicit ResolvedKeys(const Resolver& resolver) noexcept : resolver_(&resolver) {}

  const Resolver& resolver() const noexcept { return *resolver_; }

  // What Table asks of its keys.
  Result<uint64_t> fetch_hash(uint64_t value) const noexcept { return resolver_->hash(value); }
  // In the wide layout the word of the key is the hash.
  template <typename Entry>
  uint64_t position(const Entry& entry, uint8_t) const noexcept {
    return HashParts(entry.key.back()).position();
  }
  template <typename Root, typename Entry>
  void discard(Root&, uint32_t, uint8_t, Entry) const noexcept {}
  template <typename Root>
  void discard_waiting(Root&, uint32_t) const noexcept {}

 private:
  const Resolver* resolver_;
};

}  // namespace stave::index
