// The keys of one shard, as the callback of Store::atomic() reads and writes them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/store/store.h"

namespace stave::store {

// Writes are kept here until the callback has returned, so that a rollback has nothing to do.
//
// Thread safety: the thread that holds the shard's write mutex.
class Atomic {
 public:
  // For Store::atomic().
  Atomic(Store& store, uint32_t shard, CallTime& time) noexcept
      : store_(store), shard_(shard), time_(time) {}

  // As the store's own, and `shard_mismatch` for a key of another shard.
  Status get(Bytes key, Store::Sink sink);
  Status contains(Bytes key);
  Status put(Bytes key, Bytes value, WriteMode mode);
  Status remove(Bytes key);

  // What was written, one change a key, with what it replaces; they refer to this object. Removes
  // of absent keys are left out.
  Result<std::vector<Change>> changes(uint64_t expires_at);
  // The newest commit that is not visible yet and that an answer rested on; 0: none.
  uint64_t pending_lsn() const noexcept { return pending_lsn_; }

 private:
  using Written = std::optional<std::vector<std::byte>>;  // nothing: removed

  Status check_shard(Bytes key) const;
  Result<Store::Newest> find_newest(Bytes key);
  Result<bool> exists(Bytes key);

  Store& store_;
  const uint32_t shard_;
  CallTime& time_;
  std::map<std::string, Written, std::less<>> written_;
  uint64_t pending_lsn_ = 0;
};

}  // namespace stave::store
