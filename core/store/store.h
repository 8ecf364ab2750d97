// The store: a durable log-structured key-value store over a directory.
//
// This is what the C interface wraps; it knows nothing of handles, closing races and C types.
// All calls are safe from any number of threads, except that close() is made once, when no other
// call is running, and nothing is called after it. Formats: docs/formats/. Protocols:
// docs/internals/commit.md and docs/internals/recovery.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

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

enum class PutMode { always, only_absent, only_existing };

class Store {
 public:
  static Result<std::unique_ptr<Store>> open(os::FileSystem& files, const std::string& directory,
                                             const Options& options);
  virtual ~Store() = default;

  // Where a read puts the value: asked once with the size, answers where to copy it (may throw
  // bad_alloc) or an empty span to skip reading it.
  using Sink = FunctionRef<MutableBytes(size_t size)>;

  // not_found, or the value has been copied into what `sink` answered.
  virtual Status get(Bytes key, Sink sink) = 0;
  // Begins to bring near what get() is going to read of some keys, at most prefetch_max, and waits
  // for all of it at once instead of for one key after the other. Nothing depends on it.
  static constexpr size_t prefetch_max = 32;
  virtual void prefetch(std::span<const Bytes> keys) const noexcept = 0;
  virtual Result<PinnedValue> get_pin(Bytes key) = 0;
  virtual Status contains(Bytes key) = 0;
  virtual uint64_t size() const = 0;

  // `exists` / `not_found` as the mode says.
  virtual Status put(Bytes key, Bytes value, PutMode mode, Durability durability) = 0;
  virtual Status erase(Bytes key, Durability durability) = 0;
  // `mismatch` when a condition fails: *failed_position is the entry's. *erased counts the keys
  // that existed before and do not exist behind it. Either may be null.
  virtual Status write(const Batch& batch, Durability durability, size_t* failed_position,
                       uint64_t* erased) = 0;

  // The cursor must be destroyed before the store, but may stand open during close(). Its calls
  // follow the same rules as the store's; the bytes it stands on are its own.
  virtual Result<std::unique_ptr<Cursor>> open_cursor(Bytes prefix, bool keys_only) = 0;

  virtual Status flush() = 0;
  virtual Status sync() = 0;
  // Saves the key directory on disk beside traffic: an open after a crash reads the log from here.
  virtual Status checkpoint() = 0;
  virtual Stats stats() const = 0;
  // `progress(done, total)` stops the verification with any status but ok.
  virtual Status verify(FunctionRef<Status(uint64_t, uint64_t)> progress) = 0;
  // As opened, with the stored number of shards.
  virtual const Options& options() const noexcept = 0;

  // Syncs, marks the store clean, unlocks. The object is dead afterwards whatever it returns.
  // Destruction without close leaves the files as a killed process would.
  virtual Status close() = 0;
};

// One thread at a time.
class Cursor {
 public:
  virtual ~Cursor() = default;
  // ok on a record, `done` behind the last.
  virtual Status next() = 0;
  // Of the record it stands on; valid until the next call.
  virtual Bytes key() const noexcept = 0;
  virtual Bytes value() const noexcept = 0;
};

}  // namespace stave::store
