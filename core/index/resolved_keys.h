// The key policy for keys that lie elsewhere: entries hold a value and what fits of the hash, and a
// resolver says what a value stands for.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/index/hash_parts.h"
#include "core/index/key_hash.h"
#include "core/index/probe.h"

namespace stave::index {

// Knows the keys of values. Called from any thread that uses the index, inside an epoch pin,
// without any lock of the index held: it may call the index. table.h says which values it may be
// asked about.
class Resolver {
 public:
  virtual ~Resolver() = default;

  // Is `key` the key of the record at `value`? An error is explained in *error.
  virtual Verdict match(uint64_t value, Bytes key, Status* error) const noexcept = 0;

  // The hash of the key of the record at `value`: the caller's or the index's own, as it was put.
  // `not_found` when there is no record any more. Called when a narrow shard has grown by 2^19.
  virtual Result<uint64_t> hash(uint64_t value) const noexcept = 0;

  // Prefetches what match() will read.
  virtual void prefetch(uint64_t /*value*/) const noexcept {}
};

// For tables that keep no keys.
struct NoStorage {
  uint64_t bytes() const noexcept { return 0; }
  void shrink() noexcept {}
};

class ResolvedKeys {
 public:
  using Storage = NoStorage;
  static constexpr bool kMatchesUnderLock = false;

  explicit ResolvedKeys(const Resolver& resolver, KeyHash hash = KeyHash(0)) noexcept
      : resolver_(&resolver), hash_(hash) {}

  // ---- What IndexOf asks of its keys -----------------------------------------------------------

  // A key on its way through a call.
  struct Sought {
    Probe probe;
    Bytes bytes;
  };
  Sought sought(Bytes bytes, std::optional<uint64_t> hash) const noexcept {
    return {probe_of(hash ? *hash : hash_(bytes)), bytes};
  }
  template <typename Entry>
  Verdict match(const Entry&, uint64_t value, const Sought& sought, Status* error) const noexcept {
    return resolver_->match(value, sought.bytes, error);
  }
  template <typename Entry>
  void prefetch(const Entry&, uint64_t value, const Sought&) const noexcept {
    resolver_->prefetch(value);
  }
  // No entry needs one.
  struct NewRecord {
    static bool is_ready(const Sought&, const NoStorage&) noexcept { return true; }
    static bool make(Sought&, NoStorage&) noexcept { return false; }
    static void release() noexcept {}
  };
  template <typename Entry>
  static std::vector<std::byte> key_bytes(const Entry&, uint8_t) {
    return {};
  }

  // ---- What Table asks of its keys -------------------------------------------------------------

  Result<uint64_t> fetch_hash(uint64_t value) const noexcept { return resolver_->hash(value); }
  // In the wide layout the word of the key is the hash.
  template <typename Entry>
  uint64_t position(const Entry& entry, uint8_t) const noexcept {
    return HashParts(entry.key.back()).position();
  }
  template <typename Shards, typename Entry>
  void discard(Shards&, uint32_t, uint8_t, const Entry&) const noexcept {}
  template <typename Shards>
  void discard_waiting(Shards&, uint32_t) const noexcept {}

 private:
  const Resolver* resolver_;
  KeyHash hash_;
};

}  // namespace stave::index
