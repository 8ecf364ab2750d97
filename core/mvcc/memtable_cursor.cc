#include "core/mvcc/memtable_cursor.h"

#include <utility>

namespace stave::mvcc {

MemtableCursor::MemtableCursor(const Memtable& table, ReadView view, const CursorOptions& options)
    : table_(table),
      view_(view),
      prefix_(as_text(options.prefix)),
      keys_only_(options.keys_only),
      tombstones_(options.tombstones),
      walk_(table.keys()) {}

Status MemtableCursor::next() {
  while (ahead_.empty()) STAVE_TRY(read_ahead());
  record_ = std::move(ahead_.front());
  ahead_.pop_front();
  return {};
}

// Reads all rows of a step of the walk or none: a step that fails is repeated.
Status MemtableCursor::read_ahead() {
  const sync::EpochPin pin;
  Status status;
  try {
    status = walk_.next([this](Row& row) { add(row); });
  } catch (...) {
    ahead_.clear();
    throw;
  }
  if (status.ok()) status = table_.check_horizon(view_.snapshot);
  if (!status.ok()) ahead_.clear();
  return status;
}

void MemtableCursor::add(const Row& row) {
  const std::string_view key = as_text(row.key());
  if (!key.starts_with(prefix_)) return;
  Record record;
  const Visible visible = table_.read_row(row, view_, [&](const ValueRef& value) {
    if (!keys_only_) record.value = ValueHold(value);
  });
  if (visible == Visible::absent || (visible == Visible::deleted && !tombstones_)) return;
  record.key = key;
  record.deleted = visible == Visible::deleted;
  ahead_.push_back(std::move(record));
}

}  // namespace stave::mvcc
