// Part of stave.hpp: the memtable family, see memtable.h.
#ifndef STAVE_MEMTABLE_HPP
#define STAVE_MEMTABLE_HPP

#include <stave/memtable.h>
#include <stave/base.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

namespace stave {
inline namespace v0 {

// ---- Options -----------------------------------------------------------------------------------

struct MemtableOptions : stave_memtable_options {
  MemtableOptions() noexcept { stave_memtable_options_init(this); }
  // "timestamps=explicit capacity=1000000"
  Result<void> set(const char* text) noexcept {
    detail::Call call;
    return call.result(stave_memtable_options_set(this, text, call));
  }
};

struct MemtableCursorOptions : stave_memtable_cursor_options {
  explicit MemtableCursorOptions(Bytes only_with_prefix = {}, bool only_keys = false,
                                 bool with_tombstones = false) noexcept {
    stave_memtable_cursor_options_init(this);
    prefix = only_with_prefix.data();
    prefix_size = only_with_prefix.size();
    keys_only = only_keys ? 1 : 0;
    tombstones = with_tombstones ? 1 : 0;
  }
};

struct MemtableStats : stave_memtable_stats {
  MemtableStats() noexcept { stave_memtable_stats_init(this); }
};

namespace detail {

// Whether values of these sizes, one behind the other, fit into `bytes`. Tombstones have none.
inline bool values_fit(Bytes bytes, std::span<const std::uint64_t> sizes) noexcept {
  std::size_t left = bytes.size();
  for (const std::uint64_t size : sizes) {
    if (size == STAVE_TOMBSTONE) continue;
    if (size > left) return false;
    left -= static_cast<std::size_t>(size);
  }
  return true;
}
inline Error too_short() noexcept {
  return invalid_argument("keys, values or their sizes are shorter than they should be");
}

}  // namespace detail

// ---- Handles -----------------------------------------------------------------------------------

class MemtableCursor {
 public:
  MemtableCursor() noexcept = default;
  explicit MemtableCursor(stave_memtable_cursor* cursor) noexcept : cursor_(cursor) {}

  // Status::done behind the last record.
  Result<void> next() noexcept {
    detail::Call call;
    return call.result(stave_memtable_cursor_next(raw(), call));
  }
  // Of the record it stands on; the bytes are valid until the cursor's next call.
  Result<Bytes> key() noexcept { return bytes(stave_memtable_cursor_key); }
  Result<Bytes> value() noexcept { return bytes(stave_memtable_cursor_value); }
  Result<bool> deleted() noexcept {
    detail::Call call;
    std::uint8_t deleted = 0;
    const stave_status status = stave_memtable_cursor_deleted(raw(), &deleted, call);
    return call.result(status, deleted != 0);
  }
  // The number of records read: min(count_max, sizes.size() / 2) at the most.
  Result<std::size_t> next_many(std::size_t count_max, std::size_t bytes_max, Buffer& records,
                                std::span<std::uint64_t> sizes) noexcept {
    detail::Call call;
    std::size_t count = 0;
    const std::size_t room = sizes.size() / 2;
    const stave_status status =
        stave_memtable_cursor_next_many(raw(), count_max < room ? count_max : room, bytes_max,
                                        records.raw(), sizes.data(), &count, call);
    return call.result(status, count);
  }
  Result<void> close() noexcept {
    detail::Call call;
    return call.result(stave_memtable_cursor_close(raw(), call));
  }
  stave_memtable_cursor* raw() const noexcept { return cursor_.get(); }

 private:
  template <typename Function>
  Result<Bytes> bytes(Function function) noexcept {
    detail::Call call;
    const void* data = nullptr;
    std::size_t size = 0;
    const stave_status status = function(raw(), &data, &size, call);
    return call.result(status, Bytes(data, size));
  }

  detail::Owner<stave_memtable_cursor, stave_memtable_cursor_free> cursor_;
};

// What transactions and snapshots read alike; `Functions` are theirs.
template <typename Functions>
class MemtableReads {
 public:
  using Handle = typename Functions::Handle;

  MemtableReads() noexcept = default;
  explicit MemtableReads(Handle* handle) noexcept : handle_(handle) {}

  // Into the caller's buffer; the answer is a view of it.
  Result<Bytes> get(Bytes key, Buffer& value) noexcept {
    detail::Call call;
    const stave_status status =
        Functions::get_buffer(raw(), key.data(), key.size(), value.raw(), call);
    return call.result(status, value.bytes());
  }
  // Into the caller's memory; `size` receives the value's size, also when it does not fit.
  Result<void> get(Bytes key, std::span<std::byte> value, std::size_t& size) noexcept {
    detail::Call call;
    return call.result(
        Functions::get(raw(), key.data(), key.size(), value.data(), value.size(), &size, call));
  }
  Result<Pin> get_pin(Bytes key) noexcept {
    detail::Call call;
    stave_pin* pin = nullptr;
    const stave_status status = Functions::get_pin(raw(), key.data(), key.size(), &pin, call);
    return call.result(status, Pin(pin));
  }
  Result<bool> contains(Bytes key) noexcept {
    detail::Call call;
    const stave_status status = Functions::contains(raw(), key.data(), key.size(), call);
    if (status == STAVE_NOT_FOUND) return false;
    return call.result(status, true);
  }
  // value_sizes[i] is STAVE_ABSENT for an absent key.
  Result<void> multi_get(Bytes keys, std::span<const std::uint32_t> key_sizes, Buffer& values,
                         std::span<std::uint64_t> value_sizes) noexcept {
    if (!detail::fits(keys, key_sizes) || value_sizes.size() < key_sizes.size())
      return detail::too_short();
    detail::Call call;
    return call.result(Functions::multi_get(raw(), keys.data(), key_sizes.data(), key_sizes.size(),
                                            values.raw(), value_sizes.data(), call));
  }
  Result<MemtableCursor> open_cursor(
      const MemtableCursorOptions& options = MemtableCursorOptions()) noexcept {
    detail::Call call;
    stave_memtable_cursor* cursor = nullptr;
    const stave_status status = Functions::cursor(raw(), &options, &cursor, call);
    return call.result(status, MemtableCursor(cursor));
  }
  Result<void> close() noexcept {
    detail::Call call;
    return call.result(Functions::close(raw(), call));
  }
  Handle* raw() const noexcept { return handle_.get(); }

 private:
  detail::Owner<Handle, Functions::free> handle_;
};

namespace detail {

struct SnapshotFunctions {
  using Handle = stave_memtable_snapshot;
  static constexpr auto get = stave_memtable_snapshot_get;
  static constexpr auto get_buffer = stave_memtable_snapshot_get_buffer;
  static constexpr auto get_pin = stave_memtable_snapshot_get_pin;
  static constexpr auto contains = stave_memtable_snapshot_contains;
  static constexpr auto multi_get = stave_memtable_snapshot_multi_get;
  static constexpr auto cursor = stave_memtable_snapshot_cursor;
  static constexpr auto close = stave_memtable_snapshot_close;
  static constexpr auto free = stave_memtable_snapshot_free;
};
struct TransactionFunctions {
  using Handle = stave_memtable_transaction;
  static constexpr auto get = stave_memtable_transaction_get;
  static constexpr auto get_buffer = stave_memtable_transaction_get_buffer;
  static constexpr auto get_pin = stave_memtable_transaction_get_pin;
  static constexpr auto contains = stave_memtable_transaction_contains;
  static constexpr auto multi_get = stave_memtable_transaction_multi_get;
  static constexpr auto cursor = stave_memtable_transaction_cursor;
  static constexpr auto close = stave_memtable_transaction_close;
  static constexpr auto free = stave_memtable_transaction_free;
};

}  // namespace detail

class MemtableSnapshot : public MemtableReads<detail::SnapshotFunctions> {
 public:
  using MemtableReads::MemtableReads;

  Result<std::uint64_t> timestamp() noexcept {
    detail::Call call;
    std::uint64_t timestamp = 0;
    const stave_status status = stave_memtable_snapshot_timestamp(raw(), &timestamp, call);
    return call.result(status, timestamp);
  }
};

// Rolled back by the destructor unless it was committed.
class MemtableTransaction : public MemtableReads<detail::TransactionFunctions> {
 public:
  using MemtableReads::MemtableReads;

  Result<std::uint64_t> id() noexcept {
    detail::Call call;
    std::uint64_t id = 0;
    const stave_status status = stave_memtable_transaction_id(raw(), &id, call);
    return call.result(status, id);
  }
  // The timestamp it reads at.
  Result<std::uint64_t> snapshot() noexcept {
    detail::Call call;
    std::uint64_t timestamp = 0;
    const stave_status status = stave_memtable_transaction_snapshot(raw(), &timestamp, call);
    return call.result(status, timestamp);
  }
  // Status::conflict when another transaction was first.
  Result<void> put(Bytes key, Bytes value) noexcept {
    detail::Call call;
    return call.result(stave_memtable_transaction_put(raw(), key.data(), key.size(), value.data(),
                                                      value.size(), call));
  }
  // stave_memtable_transaction_remove.
  Result<void> remove(Bytes key) noexcept {
    detail::Call call;
    return call.result(stave_memtable_transaction_remove(raw(), key.data(), key.size(), call));
  }
  // A value size of STAVE_TOMBSTONE removes the key. `written` (may be null) is the number of writes
  // made, also when one has failed.
  Result<void> multi_write(Bytes keys, std::span<const std::uint32_t> key_sizes, Bytes values,
                           std::span<const std::uint64_t> value_sizes,
                           std::size_t* written = nullptr) noexcept {
    if (!detail::fits(keys, key_sizes) || value_sizes.size() != key_sizes.size() ||
        !detail::values_fit(values, value_sizes))
      return detail::too_short();
    detail::Call call;
    return call.result(stave_memtable_transaction_multi_write(raw(), keys.data(), key_sizes.data(),
                                                              values.data(), value_sizes.data(),
                                                              key_sizes.size(), written, call));
  }
  // The commit timestamp; 0 when nothing was written.
  Result<std::uint64_t> commit() noexcept {
    detail::Call call;
    std::uint64_t timestamp = 0;
    const stave_status status = stave_memtable_transaction_commit(raw(), &timestamp, call);
    return call.result(status, timestamp);
  }
  Result<void> rollback() noexcept {
    detail::Call call;
    return call.result(stave_memtable_transaction_rollback(raw(), call));
  }
};

class Memtable {
 public:
  Memtable() noexcept = default;
  explicit Memtable(stave_memtable* table) noexcept : table_(table) {}
  static Result<Memtable> create(const MemtableOptions& options = {}) noexcept {
    detail::Call call;
    stave_memtable* table = nullptr;
    const stave_status status = stave_memtable_create(&options, &table, call);
    return call.result(status, Memtable(table));
  }

  Result<MemtableOptions> options() noexcept {
    detail::Call call;
    MemtableOptions options;
    const stave_status status = stave_memtable_options_get(raw(), &options, call);
    return call.result(status, options);
  }
  Result<void> close() noexcept {
    detail::Call call;
    return call.result(stave_memtable_close(raw(), call));
  }

  // ---- Managed

  Result<MemtableTransaction> begin() noexcept {
    detail::Call call;
    stave_memtable_transaction* transaction = nullptr;
    const stave_status status = stave_memtable_begin(raw(), &transaction, call);
    return call.result(status, MemtableTransaction(transaction));
  }
  Result<MemtableSnapshot> snapshot() noexcept {
    detail::Call call;
    stave_memtable_snapshot* snapshot = nullptr;
    const stave_status status = stave_memtable_snapshot_open(raw(), &snapshot, call);
    return call.result(status, MemtableSnapshot(snapshot));
  }

  // ---- Explicit timestamps. `deleted` (may be null) tells a removed key from an absent one.

  Result<Bytes> read(Bytes key, std::uint64_t snapshot, std::uint64_t transaction, Buffer& value,
                     bool* deleted = nullptr) noexcept {
    detail::Call call;
    std::uint8_t removed = 0;
    const stave_status status = stave_memtable_read_buffer(
        raw(), key.data(), key.size(), snapshot, transaction, value.raw(), &removed, call);
    if (deleted != nullptr) *deleted = removed != 0;
    return call.result(status, value.bytes());
  }
  Result<void> read(Bytes key, std::uint64_t snapshot, std::uint64_t transaction,
                    std::span<std::byte> value, std::size_t& size,
                    bool* deleted = nullptr) noexcept {
    detail::Call call;
    std::uint8_t removed = 0;
    const stave_status status =
        stave_memtable_read(raw(), key.data(), key.size(), snapshot, transaction, value.data(),
                            value.size(), &size, &removed, call);
    if (deleted != nullptr) *deleted = removed != 0;
    return call.result(status);
  }
  Result<Pin> read_pin(Bytes key, std::uint64_t snapshot, std::uint64_t transaction = 0,
                       bool* deleted = nullptr) noexcept {
    detail::Call call;
    stave_pin* pin = nullptr;
    std::uint8_t removed = 0;
    const stave_status status = stave_memtable_read_pin(raw(), key.data(), key.size(), snapshot,
                                                        transaction, &pin, &removed, call);
    if (deleted != nullptr) *deleted = removed != 0;
    return call.result(status, Pin(pin));
  }
  // reader(Bytes) answers the status of the call. It may use the table.
  template <typename Reader>
  requires std::is_invocable_r_v<Status, Reader&, Bytes> Result<void> read_with(
      Bytes key, std::uint64_t snapshot, std::uint64_t transaction, Reader&& reader,
      bool* deleted = nullptr)
  noexcept {
    detail::Call call;
    std::uint8_t removed = 0;
    const stave_memtable_reader forward = [](void* context, const void* value, std::size_t size) {
      auto& callable = *static_cast<std::remove_reference_t<Reader>*>(context);
      return static_cast<stave_status>(static_cast<Status>(callable(Bytes(value, size))));
    };
    // The callback has the callable's own type back.
    void* context = const_cast<void*>(static_cast<const void*>(std::addressof(reader)));
    const stave_status status = stave_memtable_read_with(
        raw(), key.data(), key.size(), snapshot, transaction, forward, context, &removed, call);
    if (deleted != nullptr) *deleted = removed != 0;
    return call.result(status);
  }
  // value_sizes[i] is STAVE_ABSENT for an absent key and STAVE_TOMBSTONE for a removed one.
  Result<void> multi_read(Bytes keys, std::span<const std::uint32_t> key_sizes,
                          std::uint64_t snapshot, std::uint64_t transaction, Buffer& values,
                          std::span<std::uint64_t> value_sizes) noexcept {
    if (!detail::fits(keys, key_sizes) || value_sizes.size() < key_sizes.size())
      return detail::too_short();
    detail::Call call;
    return call.result(stave_memtable_multi_read(raw(), keys.data(), key_sizes.data(),
                                                 key_sizes.size(), snapshot, transaction,
                                                 values.raw(), value_sizes.data(), call));
  }

  Result<void> write(Bytes key, Bytes value, std::uint64_t transaction) noexcept {
    detail::Call call;
    return call.result(stave_memtable_write(raw(), key.data(), key.size(), value.data(),
                                            value.size(), transaction, call));
  }
  Result<void> write_tombstone(Bytes key, std::uint64_t transaction) noexcept {
    detail::Call call;
    return call.result(
        stave_memtable_write_tombstone(raw(), key.data(), key.size(), transaction, call));
  }
  Result<void> multi_write(Bytes keys, std::span<const std::uint32_t> key_sizes, Bytes values,
                           std::span<const std::uint64_t> value_sizes, std::uint64_t transaction,
                           std::size_t* written = nullptr) noexcept {
    if (!detail::fits(keys, key_sizes) || value_sizes.size() != key_sizes.size() ||
        !detail::values_fit(values, value_sizes))
      return detail::too_short();
    detail::Call call;
    return call.result(stave_memtable_multi_write(raw(), keys.data(), key_sizes.data(),
                                                  values.data(), value_sizes.data(),
                                                  key_sizes.size(), transaction, written, call));
  }
  Result<void> commit(std::uint64_t transaction, std::uint64_t timestamp, Bytes keys,
                      std::span<const std::uint32_t> key_sizes) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::too_short();
    detail::Call call;
    return call.result(stave_memtable_commit(raw(), transaction, timestamp, keys.data(),
                                             key_sizes.data(), key_sizes.size(), call));
  }
  Result<void> abort(std::uint64_t transaction, Bytes keys,
                     std::span<const std::uint32_t> key_sizes) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::too_short();
    detail::Call call;
    return call.result(stave_memtable_abort(raw(), transaction, keys.data(), key_sizes.data(),
                                            key_sizes.size(), call));
  }
  Result<bool> has_write_conflict(Bytes key, std::uint64_t transaction) noexcept {
    detail::Call call;
    std::uint8_t conflict = 0;
    const stave_status status = stave_memtable_has_write_conflict(raw(), key.data(), key.size(),
                                                                  transaction, &conflict, call);
    return call.result(status, conflict != 0);
  }
  Result<MemtableCursor> open_cursor(
      std::uint64_t snapshot, std::uint64_t transaction = 0,
      const MemtableCursorOptions& options = MemtableCursorOptions()) noexcept {
    detail::Call call;
    stave_memtable_cursor* cursor = nullptr;
    const stave_status status =
        stave_memtable_cursor_open(raw(), snapshot, transaction, &options, &cursor, call);
    return call.result(status, MemtableCursor(cursor));
  }

  // ---- The whole table

  Result<std::uint64_t> size() noexcept { return number(stave_memtable_size); }
  Result<std::uint64_t> size_bytes() noexcept { return number(stave_memtable_size_bytes); }
  Result<bool> is_empty() noexcept {
    detail::Call call;
    std::uint8_t empty = 0;
    const stave_status status = stave_memtable_is_empty(raw(), &empty, call);
    return call.result(status, empty != 0);
  }
  // The number of versions freed. Managed: `oldest` is 0.
  Result<std::uint64_t> prune(std::uint64_t oldest = 0) noexcept {
    detail::Call call;
    std::uint64_t pruned = 0;
    const stave_status status = stave_memtable_prune(raw(), oldest, &pruned, call);
    return call.result(status, pruned);
  }
  Result<void> clear() noexcept {
    detail::Call call;
    return call.result(stave_memtable_clear(raw(), call));
  }
  Result<MemtableStats> stats() noexcept {
    detail::Call call;
    MemtableStats stats;
    const stave_status status = stave_memtable_stats_get(raw(), &stats, call);
    return call.result(status, stats);
  }
  stave_memtable* raw() const noexcept { return table_.get(); }

 private:
  template <typename Function>
  Result<std::uint64_t> number(Function function) noexcept {
    detail::Call call;
    std::uint64_t value = 0;
    const stave_status status = function(raw(), &value, call);
    return call.result(status, value);
  }

  detail::Owner<stave_memtable, stave_memtable_free> table_;
};

}  // namespace v0
}  // namespace stave

#endif  // STAVE_MEMTABLE_HPP
