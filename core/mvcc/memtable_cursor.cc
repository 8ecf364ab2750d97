#include "core/mvcc/memtable_cursor.h"

#include <utility>

namespace stave::mvcc {

MemtableCursor::MemtableCursor(std::shared_ptr<Memtable> table,
                               std::shared_ptr<SnapshotLease> lease, uint64_t snapshot,
                               uint64_t reader, const CursorOptions& options)
    : table_(std::move(table)),
      lease_(std::move(lease)),
      snapshot_(snapshot),
      reader_(reader),
      prefix_(as_text(options.prefix)),
      keys_only_(options.keys_only),
      tombstones_(options.tombstones),
      walk_(table_->keys()) {}

Status MemtableCursor::next() {
  while (ahead_.empty()) STAVE_TRY(read_ahead());
  record_ = std::move(ahead_.front());
  ahead_.pop_front();
  return {};
}

// All rows of a step of the walk or none: a step that fails is made again.
Status MemtableCursor::read_ahead() {
  const sync::EpochPin pin;
  Status status;
  try {
    status = walk_.next([this](Row& row) { add(row); });
  } catch (...) {
    ahead_.clear();
    throw;
  }
  if (status.ok()) status = table_->check_horizon(snapshot_);
  if (!status.ok()) ahead_.clear();
  return status;
}

void MemtableCursor::add(const Row& row) {
  const std::string_view key = as_text(row.key());
  if (!key.starts_with(prefix_)) return;
  Record record;
  const Visible visible = table_->read_row(row, snapshot_, reader_,
                                           [&](const InlineValue& value, const std::byte* room) {
                                             if (!keys_only_) record.value = ValueHold(value, room);
                                           });
  if (visible == Visible::absent || (visible == Visible::deleted && !tombstones_)) return;
  record.key = key;
  record.deleted = visible == Visible::deleted;
  ahead_.push_back(std::move(record));
}

}  // namespace stave::mvcc
