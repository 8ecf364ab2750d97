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
    return detail::call(stave_memtable_options_set, this, text);
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

class MemtableCursor : public detail::Handle<stave_memtable_cursor, stave_memtable_cursor_free,
                                             stave_memtable_cursor_close> {
 public:
  using Handle::Handle;

  // Status::done behind the last record.
  Result<void> next() noexcept { return detail::call(stave_memtable_cursor_next, raw()); }
  // Of the record it stands on; the bytes are valid until the cursor's next call.
  Result<Bytes> key() noexcept { return detail::bytes_of(stave_memtable_cursor_key, raw()); }
  Result<Bytes> value() noexcept { return detail::bytes_of(stave_memtable_cursor_value, raw()); }
  Result<bool> deleted() noexcept { return detail::flag_of(stave_memtable_cursor_deleted, raw()); }
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
};

// What transactions and snapshots read alike; `Functions` are theirs.
template <typename Functions>
class MemtableReads
    : public detail::Handle<typename Functions::Handle, Functions::free, Functions::close> {
  using Base = detail::Handle<typename Functions::Handle, Functions::free, Functions::close>;

 public:
  using Base::Base;
  using Base::raw;

  // Into the caller's buffer; the answer is a view of it.
  Result<Bytes> get(Bytes key, Buffer& value) noexcept {
    detail::Call call;
    const stave_status status =
        Functions::get_buffer(raw(), key.data(), key.size(), value.raw(), call);
    return call.result(status, value.bytes());
  }
  // Into the caller's memory; `size` receives the value's size, also when it does not fit.
  Result<void> get(Bytes key, std::span<std::byte> value, std::size_t& size) noexcept {
    return detail::call(Functions::get, raw(), key.data(), key.size(), value.data(), value.size(),
                        &size);
  }
  Result<Pin> get_pin(Bytes key) noexcept {
    return detail::handle_of<Pin>(Functions::get_pin, raw(), key.data(), key.size());
  }
  Result<bool> contains(Bytes key) noexcept {
    return detail::exists(Functions::contains, raw(), key.data(), key.size());
  }
  // value_sizes[i] is STAVE_ABSENT for an absent key.
  Result<void> multi_get(Bytes keys, std::span<const std::uint32_t> key_sizes, Buffer& values,
                         std::span<std::uint64_t> value_sizes) noexcept {
    if (!detail::fits(keys, key_sizes) || value_sizes.size() < key_sizes.size())
      return detail::too_short();
    return detail::call(Functions::multi_get, raw(), keys.data(), key_sizes.data(),
                        key_sizes.size(), values.raw(), value_sizes.data());
  }
  Result<MemtableCursor> open_cursor(
      const MemtableCursorOptions& options = MemtableCursorOptions()) noexcept {
    return detail::handle_of<MemtableCursor>(Functions::cursor, raw(), &options);
  }
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
    return detail::value_of<std::uint64_t>(stave_memtable_snapshot_timestamp, raw());
  }
};

// Rolled back by the destructor unless it was committed.
class MemtableTransaction : public MemtableReads<detail::TransactionFunctions> {
 public:
  using MemtableReads::MemtableReads;

  Result<std::uint64_t> id() noexcept {
    return detail::value_of<std::uint64_t>(stave_memtable_transaction_id, raw());
  }
  // The timestamp it reads at.
  Result<std::uint64_t> snapshot() noexcept {
    return detail::value_of<std::uint64_t>(stave_memtable_transaction_snapshot, raw());
  }
  // Status::conflict when another transaction was first.
  Result<void> put(Bytes key, Bytes value) noexcept {
    return detail::call(stave_memtable_transaction_put, raw(), key.data(), key.size(), value.data(),
                        value.size());
  }
  // stave_memtable_transaction_remove.
  Result<void> remove(Bytes key) noexcept {
    return detail::call(stave_memtable_transaction_remove, raw(), key.data(), key.size());
  }
  // A value size of STAVE_TOMBSTONE removes the key. `written` (may be null) is the number of writes
  // made, also when one has failed.
  Result<void> multi_write(Bytes keys, std::span<const std::uint32_t> key_sizes, Bytes values,
                           std::span<const std::uint64_t> value_sizes,
                           std::size_t* written = nullptr) noexcept {
    if (!detail::fits(keys, key_sizes) || value_sizes.size() != key_sizes.size() ||
        !detail::values_fit(values, value_sizes))
      return detail::too_short();
    return detail::call(stave_memtable_transaction_multi_write, raw(), keys.data(),
                        key_sizes.data(), values.data(), value_sizes.data(), key_sizes.size(),
                        written);
  }
  // The commit timestamp; 0 when nothing was written.
  Result<std::uint64_t> commit() noexcept {
    return detail::value_of<std::uint64_t>(stave_memtable_transaction_commit, raw());
  }
  Result<void> rollback() noexcept {
    return detail::call(stave_memtable_transaction_rollback, raw());
  }
};

class Memtable : public detail::Handle<stave_memtable, stave_memtable_free, stave_memtable_close> {
 public:
  using Handle::Handle;
  static Result<Memtable> create(const MemtableOptions& options = {}) noexcept {
    return detail::handle_of<Memtable>(stave_memtable_create, &options);
  }

  Result<MemtableOptions> options() noexcept {
    return detail::value_of<MemtableOptions>(stave_memtable_options_get, raw());
  }

  // ---- Managed

  Result<MemtableTransaction> begin() noexcept {
    return detail::handle_of<MemtableTransaction>(stave_memtable_begin, raw());
  }
  Result<MemtableSnapshot> snapshot() noexcept {
    return detail::handle_of<MemtableSnapshot>(stave_memtable_snapshot_open, raw());
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
    return detail::call(stave_memtable_multi_read, raw(), keys.data(), key_sizes.data(),
                        key_sizes.size(), snapshot, transaction, values.raw(), value_sizes.data());
  }

  Result<void> write(Bytes key, Bytes value, std::uint64_t transaction) noexcept {
    return detail::call(stave_memtable_write, raw(), key.data(), key.size(), value.data(),
                        value.size(), transaction);
  }
  Result<void> write_tombstone(Bytes key, std::uint64_t transaction) noexcept {
    return detail::call(stave_memtable_write_tombstone, raw(), key.data(), key.size(), transaction);
  }
  Result<void> multi_write(Bytes keys, std::span<const std::uint32_t> key_sizes, Bytes values,
                           std::span<const std::uint64_t> value_sizes, std::uint64_t transaction,
                           std::size_t* written = nullptr) noexcept {
    if (!detail::fits(keys, key_sizes) || value_sizes.size() != key_sizes.size() ||
        !detail::values_fit(values, value_sizes))
      return detail::too_short();
    return detail::call(stave_memtable_multi_write, raw(), keys.data(), key_sizes.data(),
                        values.data(), value_sizes.data(), key_sizes.size(), transaction, written);
  }
  Result<void> commit(std::uint64_t transaction, std::uint64_t timestamp, Bytes keys,
                      std::span<const std::uint32_t> key_sizes) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::too_short();
    return detail::call(stave_memtable_commit, raw(), transaction, timestamp, keys.data(),
                        key_sizes.data(), key_sizes.size());
  }
  Result<void> abort(std::uint64_t transaction, Bytes keys,
                     std::span<const std::uint32_t> key_sizes) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::too_short();
    return detail::call(stave_memtable_abort, raw(), transaction, keys.data(), key_sizes.data(),
                        key_sizes.size());
  }
  Result<bool> has_write_conflict(Bytes key, std::uint64_t transaction) noexcept {
    return detail::flag_of(stave_memtable_has_write_conflict, raw(), key.data(), key.size(),
                           transaction);
  }
  Result<MemtableCursor> open_cursor(
      std::uint64_t snapshot, std::uint64_t transaction = 0,
      const MemtableCursorOptions& options = MemtableCursorOptions()) noexcept {
    return detail::handle_of<MemtableCursor>(stave_memtable_cursor_open, raw(), snapshot,
                                             transaction, &options);
  }

  // ---- The whole table

  Result<std::uint64_t> size() noexcept { return number(stave_memtable_size); }
  Result<std::uint64_t> size_bytes() noexcept { return number(stave_memtable_size_bytes); }
  Result<bool> is_empty() noexcept { return detail::flag_of(stave_memtable_is_empty, raw()); }
  // The number of versions freed. Managed: `oldest` is 0.
  Result<std::uint64_t> prune(std::uint64_t oldest = 0) noexcept {
    return detail::value_of<std::uint64_t>(stave_memtable_prune, raw(), oldest);
  }
  Result<void> clear() noexcept { return detail::call(stave_memtable_clear, raw()); }
  Result<MemtableStats> stats() noexcept {
    return detail::value_of<MemtableStats>(stave_memtable_stats_get, raw());
  }

 private:
  template <typename Function>
  Result<std::uint64_t> number(Function function) noexcept {
    return detail::value_of<std::uint64_t>(function, raw());
  }
};

}  // namespace v0
}  // namespace stave

#endif  // STAVE_MEMTABLE_HPP
