// Visits the keys that are visible at one timestamp, in no particular order, beside any traffic.
//
// Every key that is visible throughout the cursor's life is visited once. One thread at a time. The
// cursor holds no epoch between its calls: it reads some rows at a time and keeps their values.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/mvcc/inline_value.h"
#include "core/mvcc/memtable.h"
#include "core/mvcc/transaction.h"

namespace stave::mvcc {

struct CursorOptions {
  Bytes prefix;  // copied
  bool keys_only = false;
  bool tombstones = false;  // visits deleted keys too
};

class MemtableCursor {
 public:
  // `lease` keeps the timestamp alive in a managed table, unless `reader` does, the transaction
  // whose writes are seen (0: none). Throws bad_alloc.
  MemtableCursor(std::shared_ptr<Memtable> table, std::shared_ptr<SnapshotLease> lease,
                 uint64_t snapshot, uint64_t reader, const CursorOptions& options);

  // To the next record, `done` when there is none, `too_old` when prune() has been there. Throws
  // bad_alloc, and can go on then.
  Status next();

  // Of the record it stands on, valid until it moves.
  Bytes key() const noexcept { return as_bytes(record_.key); }
  Bytes value() const noexcept { return record_.value.bytes(); }
  bool deleted() const noexcept { return record_.deleted; }

 private:
  struct Record {
    std::string key;
    ValueHold value;
    bool deleted = false;
  };
  Status read_ahead();
  void add(const Row& row);

  std::shared_ptr<Memtable> table_;
  std::shared_ptr<SnapshotLease> lease_;
  const uint64_t snapshot_;
  const uint64_t reader_;
  const std::string prefix_;
  const bool keys_only_;
  const bool tombstones_;
  KeyTable::Walk walk_;
  std::deque<Record> ahead_;
  Record record_;
};

}  // namespace stave::mvcc
