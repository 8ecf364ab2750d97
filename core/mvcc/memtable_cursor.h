// Visits the keys that are visible in one view, in no particular order, beside any traffic.
//
// Every key that is visible throughout the cursor's life is visited once. One thread at a time. The
// cursor is not pinned between its calls: it reads some rows at a time and keeps their values.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/mvcc/inline_value.h"
#include "core/mvcc/memtable.h"

namespace stave::mvcc {

struct CursorOptions {
  Bytes prefix;  // copied
  bool keys_only = false;
  bool tombstones = false;  // visits deleted keys too
};

class MemtableCursor {
 public:
  // REQUIRES: the table outlives it and, if managed, the view's snapshot is open as long. Throws
  // bad_alloc.
  MemtableCursor(const Memtable& table, ReadView view, const CursorOptions& options);

  // Moves to the next record. `done` when there is none, `too_old` when prune() may have freed
  // some. Throws bad_alloc; the next call then goes on.
  Status next();

  // The record that the cursor stands on. The bytes are valid until it moves.
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

  const Memtable& table_;
  const ReadView view_;
  const std::string prefix_;
  const bool keys_only_;
  const bool tombstones_;
  KeyTable::Walk walk_;
  std::deque<Record> ahead_;
  Record record_;
};

}  // namespace stave::mvcc
