// Part of stave.hpp: the memtable family, see memtable.h.
#ifndef STAVE_MEMTABLE_HPP
#define STAVE_MEMTABLE_HPP

#include <stave/memtable.h>
#include <stave/base.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stave::inline v0 {

// ---- Options -----------------------------------------------------------------------------------

// set("timestamps=explicit capacity=1000000")
using MemtableOptions = detail::Options<stave_memtable_options, stave_memtable_options_init,
                                        stave_memtable_options_set>;
using MemtableStats = detail::Initialized<stave_memtable_stats, stave_memtable_stats_init>;

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

// ---- Handles -----------------------------------------------------------------------------------

class MemtableCursor : public detail::Handle<stave_memtable_cursor, stave_memtable_cursor_free,
                                             stave_memtable_cursor_close> {
 public:
  using Handle::Handle;

  // Status::done behind the last record.
  Result<void> next() noexcept { return call(stave_memtable_cursor_next); }
  // Of the record it stands on; the bytes are valid until the cursor's next call.
  Result<Bytes> key() noexcept { return bytes_of(stave_memtable_cursor_key); }
  Result<Bytes> value() noexcept { return bytes_of(stave_memtable_cursor_value); }
  Result<bool> deleted() noexcept { return flag_of(stave_memtable_cursor_deleted); }
  // The number of records read: min(count_max, sizes.size() / 2) at the most.
  Result<std::size_t> next_many(std::size_t count_max, std::size_t bytes_max, Buffer& records,
                                std::span<std::uint64_t> sizes) noexcept {
    return value_of<std::size_t>(stave_memtable_cursor_next_many,
                                 std::min(count_max, sizes.size() / 2), bytes_max, &records,
                                 sizes.data());
  }
};

// What transactions and snapshots read alike; `Functions` are theirs.
template <typename Functions>
class MemtableReads
    : public detail::Handle<typename Functions::Handle, Functions::free, Functions::close> {
  using Base = detail::Handle<typename Functions::Handle, Functions::free, Functions::close>;

 public:
  using Base::Base;

  // Into the caller's buffer; the answer is a view of it.
  Result<Bytes> get(Bytes key, Buffer& value) noexcept {
    return this->content_of(value, Functions::get_buffer, key, &value);
  }
  // Into the caller's memory; `size` receives the value's size, also when it does not fit.
  Result<void> get(Bytes key, std::span<std::byte> value, std::size_t& size) noexcept {
    return this->call(Functions::get, key, value, &size);
  }
  Result<Pin> get_pin(Bytes key) noexcept {
    return this->template handle_of<Pin>(Functions::get_pin, key);
  }
  Result<bool> contains(Bytes key) noexcept { return this->exists(Functions::contains, key); }
  // value_sizes[i] is STAVE_ABSENT for an absent key.
  Result<void> multi_get(Bytes keys, std::span<const std::uint32_t> key_sizes, Buffer& values,
                         std::span<std::uint64_t> value_sizes) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::keys_too_short();
    if (value_sizes.size() < key_sizes.size()) return detail::value_sizes_too_short();
    return this->call(Functions::multi_get, keys.data(), key_sizes.data(), key_sizes.size(),
                      &values, value_sizes.data());
  }
  Result<MemtableCursor> open_cursor(
      const MemtableCursorOptions& options = MemtableCursorOptions()) noexcept {
    return this->template handle_of<MemtableCursor>(Functions::cursor, &options);
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
    return number_of(stave_memtable_snapshot_timestamp);
  }
};

// Rolled back by the destructor unless it was committed.
class MemtableTransaction : public MemtableReads<detail::TransactionFunctions> {
 public:
  using MemtableReads::MemtableReads;

  Result<std::uint64_t> id() noexcept { return number_of(stave_memtable_transaction_id); }
  // The timestamp it reads at.
  Result<std::uint64_t> snapshot() noexcept {
    return number_of(stave_memtable_transaction_snapshot);
  }
  // Status::conflict when another transaction was first.
  Result<void> put(Bytes key, Bytes value) noexcept {
    return call(stave_memtable_transaction_put, key, value);
  }
  // stave_memtable_transaction_remove.
  Result<void> remove(Bytes key) noexcept { return call(stave_memtable_transaction_remove, key); }
  // A value size of STAVE_TOMBSTONE removes the key. `written` (may be null) is the number of writes
  // made, also when one has failed.
  Result<void> multi_write(Bytes keys, std::span<const std::uint32_t> key_sizes, Bytes values,
                           std::span<const std::uint64_t> value_sizes,
                           std::size_t* written = nullptr) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::keys_too_short();
    if (value_sizes.size() != key_sizes.size() || !detail::fits(values, value_sizes))
      return detail::values_do_not_fit();
    return call(stave_memtable_transaction_multi_write, keys.data(), key_sizes.data(),
                values.data(), value_sizes.data(), key_sizes.size(), written);
  }
  // The commit timestamp; 0 when nothing was written.
  Result<std::uint64_t> commit() noexcept { return number_of(stave_memtable_transaction_commit); }
  Result<void> rollback() noexcept { return call(stave_memtable_transaction_rollback); }
};

class Memtable : public detail::Handle<stave_memtable, stave_memtable_free, stave_memtable_close> {
 public:
  using Handle::Handle;
  static Result<Memtable> create(const MemtableOptions& options = {}) noexcept {
    return detail::handle_of<Memtable>(stave_memtable_create, &options);
  }

  Result<MemtableOptions> options() noexcept {
    return value_of<MemtableOptions>(stave_memtable_options_get);
  }

  // ---- Managed

  Result<MemtableTransaction> begin() noexcept {
    return handle_of<MemtableTransaction>(stave_memtable_begin);
  }
  Result<MemtableSnapshot> snapshot() noexcept {
    return handle_of<MemtableSnapshot>(stave_memtable_snapshot_open);
  }

  // ---- Explicit timestamps. `deleted` (may be null) tells a removed key from an absent one.

  Result<Bytes> read(Bytes key, std::uint64_t snapshot, std::uint64_t transaction, Buffer& value,
                     bool* deleted = nullptr) noexcept {
    Flag removed(deleted);
    return content_of(value, stave_memtable_read_buffer, key, snapshot, transaction, &value,
                      removed.raw());
  }
  Result<void> read(Bytes key, std::uint64_t snapshot, std::uint64_t transaction,
                    std::span<std::byte> value, std::size_t& size,
                    bool* deleted = nullptr) noexcept {
    Flag removed(deleted);
    return call(stave_memtable_read, key, snapshot, transaction, value, &size, removed.raw());
  }
  Result<Pin> read_pin(Bytes key, std::uint64_t snapshot, std::uint64_t transaction = 0,
                       bool* deleted = nullptr) noexcept {
    Flag removed(deleted);
    detail::Call call;
    stave_pin* pin = nullptr;
    const stave_status status =
        call.run(stave_memtable_read_pin, raw(), key, snapshot, transaction, &pin, removed.raw());
    return call.result(status, Pin(pin));
  }
  // reader(Bytes) answers the status of the call. It may use the table.
  template <detail::Callback<Bytes> Reader>
  Result<void> read_with(Bytes key, std::uint64_t snapshot, std::uint64_t transaction,
                         Reader&& reader, bool* deleted = nullptr) noexcept {
    Flag removed(deleted);
    const stave_memtable_reader run = [](void* context, const void* value, std::size_t size) {
      return detail::run_callback<Reader>(context, Bytes(value, size));
    };
    return call(stave_memtable_read_with, key, snapshot, transaction, run,
                detail::context_of(reader), removed.raw());
  }
  // value_sizes[i] is STAVE_ABSENT for an absent key and STAVE_TOMBSTONE for a removed one.
  Result<void> multi_read(Bytes keys, std::span<const std::uint32_t> key_sizes,
                          std::uint64_t snapshot, std::uint64_t transaction, Buffer& values,
                          std::span<std::uint64_t> value_sizes) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::keys_too_short();
    if (value_sizes.size() < key_sizes.size()) return detail::value_sizes_too_short();
    return call(stave_memtable_multi_read, keys.data(), key_sizes.data(), key_sizes.size(),
                snapshot, transaction, &values, value_sizes.data());
  }

  Result<void> write(Bytes key, Bytes value, std::uint64_t transaction) noexcept {
    return call(stave_memtable_write, key, value, transaction);
  }
  Result<void> write_tombstone(Bytes key, std::uint64_t transaction) noexcept {
    return call(stave_memtable_write_tombstone, key, transaction);
  }
  Result<void> multi_write(Bytes keys, std::span<const std::uint32_t> key_sizes, Bytes values,
                           std::span<const std::uint64_t> value_sizes, std::uint64_t transaction,
                           std::size_t* written = nullptr) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::keys_too_short();
    if (value_sizes.size() != key_sizes.size() || !detail::fits(values, value_sizes))
      return detail::values_do_not_fit();
    return call(stave_memtable_multi_write, keys.data(), key_sizes.data(), values.data(),
                value_sizes.data(), key_sizes.size(), transaction, written);
  }
  Result<void> commit(std::uint64_t transaction, std::uint64_t timestamp, Bytes keys,
                      std::span<const std::uint32_t> key_sizes) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::keys_too_short();
    return call(stave_memtable_commit, transaction, timestamp, keys.data(), key_sizes.data(),
                key_sizes.size());
  }
  Result<void> abort(std::uint64_t transaction, Bytes keys,
                     std::span<const std::uint32_t> key_sizes) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::keys_too_short();
    return call(stave_memtable_abort, transaction, keys.data(), key_sizes.data(), key_sizes.size());
  }
  Result<bool> has_write_conflict(Bytes key, std::uint64_t transaction) noexcept {
    return flag_of(stave_memtable_has_write_conflict, key, transaction);
  }
  Result<MemtableCursor> open_cursor(
      std::uint64_t snapshot, std::uint64_t transaction = 0,
      const MemtableCursorOptions& options = MemtableCursorOptions()) noexcept {
    return handle_of<MemtableCursor>(stave_memtable_cursor_open, snapshot, transaction, &options);
  }

  // ---- The whole table

  Result<std::uint64_t> size() noexcept { return number_of(stave_memtable_size); }
  Result<std::uint64_t> size_bytes() noexcept { return number_of(stave_memtable_size_bytes); }
  Result<bool> is_empty() noexcept { return flag_of(stave_memtable_is_empty); }
  // The number of versions freed. Managed: `oldest` is 0.
  Result<std::uint64_t> prune(std::uint64_t oldest = 0) noexcept {
    return number_of(stave_memtable_prune, oldest);
  }
  Result<void> clear() noexcept { return call(stave_memtable_clear); }
  Result<MemtableStats> stats() noexcept {
    return value_of<MemtableStats>(stave_memtable_stats_get);
  }

 private:
  // A flag of a call, which goes to a bool of the caller (may be null) at the end of the scope.
  class Flag {
   public:
    explicit Flag(bool* to) noexcept : to_(to) {}
    ~Flag() {
      if (to_ != nullptr) *to_ = flag_ != 0;
    }
    Flag(const Flag&) = delete;
    Flag& operator=(const Flag&) = delete;

    std::uint8_t* raw() noexcept { return &flag_; }

   private:
    bool* to_;
    std::uint8_t flag_ = 0;
  };
};

}  // namespace stave::inline v0

#endif  // STAVE_MEMTABLE_HPP
