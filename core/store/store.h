// The store: a durable log-structured key-value store over a directory.
//
// The C interface wraps this; handles, calls that race with close, and C types are its business.
//
// Thread safety: all calls from any thread. REQUIRES of close(): no other call is running, and none
// follows. Formats: docs/formats/. Protocols: docs/internals/commit.md and
// docs/internals/recovery.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/batch.h"
#include "core/store/log/pinned_value.h"
#include "core/store/options.h"

namespace stave::store {

class Cursor;

struct Stats {
  uint64_t keys = 0;
  uint64_t segments = 0;
  uint64_t log_bytes = 0;
  uint64_t live_bytes = 0;
  uint64_t disk_bytes = 0;
  uint64_t version = 0;
  uint64_t durable_version = 0;
  uint64_t commits = 0;
  uint64_t bytes_written = 0;
  uint64_t syncs = 0;
  uint64_t reads = 0;
  uint64_t recovered_commits = 0;
  uint64_t recovered_cut_bytes = 0;
  bool recovered = false;
  bool writes_refused = false;
};

enum class WriteMode {
  put,      // insert or replace
  insert,   // only if the key is absent
  replace,  // only if the key is present
};

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(os::FileSystem& files, const std::string& directory,
                                             const Options& options);
  virtual ~Store() = default;

  // Called once with the size of a value that was found; returns the memory to copy the value to,
  // or an empty span for no copy. May throw bad_alloc.
  using Sink = FunctionRef<MutableBytes(size_t size)>;
  // Likewise, for the key at `position`.
  using MultiSink = FunctionRef<MutableBytes(size_t position, size_t size)>;

  // `not_found`, or ok and the value is where `sink` said.
  virtual Status get(Bytes key, Sink sink) = 0;
  // Gets the keys in order, and prefetches what that reads. Calls `sink` for the keys that are
  // present. Stops at the first error.
  virtual Status multi_get(std::span<const Bytes> keys, MultiSink sink) = 0;
  virtual Result<PinnedValue> get_pin(Bytes key) = 0;
  virtual Status contains(Bytes key) = 0;
  virtual uint64_t size() const = 0;

  // `exists` or `not_found` as the mode says.
  virtual Status put(Bytes key, Bytes value, WriteMode mode, Durability durability) = 0;
  // `not_found` when the key is absent.
  virtual Status remove(Bytes key, Durability durability) = 0;
  // One commit. The last of several values for one key counts.
  virtual Status multi_put(std::span<const Bytes> keys, std::span<const Bytes> values,
                           Durability durability) = 0;
  // One commit. `*removed` (may be null) counts the keys that were present.
  virtual Status multi_remove(std::span<const Bytes> keys, Durability durability,
                              uint64_t* removed) = 0;
  // One commit. `mismatch` when a condition fails: `*failed_position` (may be null) is the entry's
  // position. `*removed` (may be null) counts the keys that were present and no longer are.
  virtual Status write(const Batch& batch, Durability durability, size_t* failed_position,
                       uint64_t* removed) = 0;

  // REQUIRES: the cursor is destroyed before the store. It may stand open during close().
  virtual Result<std::unique_ptr<Cursor>> open_cursor(Bytes prefix, bool keys_only) = 0;

  virtual Status flush() = 0;
  virtual Status sync() = 0;
  // Saves the key directory on disk, beside traffic: an open after a crash reads the log from here.
  virtual Status checkpoint() = 0;
  virtual Stats stats() const = 0;
  // `progress(done, total)` stops the verification with any status but ok.
  virtual Status verify(FunctionRef<Status(uint64_t, uint64_t)> progress) = 0;
  // As opened, with the stored number of shards.
  virtual const Options& options() const noexcept = 0;

  // Syncs, marks the store clean, unlocks. Whatever it returns, only the destructor may follow.
  // Destruction without close leaves the files as a killed process would.
  virtual Status close() = 0;
};

// Thread safety: one thread at a time.
class Cursor {
 public:
  virtual ~Cursor() = default;
  // ok when it stands on a record, `done` after the last.
  virtual Status next() = 0;
  // Of the record that it stands on; valid until the next call.
  virtual Bytes key() const noexcept = 0;
  virtual Bytes value() const noexcept = 0;
};

}  // namespace stave::store
