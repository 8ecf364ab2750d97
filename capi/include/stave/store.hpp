// Part of stave.hpp: the store family, see store.h.
#ifndef STAVE_STORE_HPP
#define STAVE_STORE_HPP

#include <stave/store.h>
#include <stave/base.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace stave::inline v0 {

// ---- Options -----------------------------------------------------------------------------------

enum class Durability : std::uint32_t {
  standard = STAVE_DURABILITY_DEFAULT,
  memory = STAVE_DURABILITY_MEMORY,
  os = STAVE_DURABILITY_OS,
  device = STAVE_DURABILITY_DEVICE,
};

// set("durability=os segment_size=64MiB")
using StoreOptions =
    detail::Options<stave_store_options, stave_store_options_init, stave_store_options_set>;

struct WriteOptions : stave_write_options {
  WriteOptions(Durability of_this_write = Durability::standard) noexcept {
    struct_size = sizeof(stave_write_options);
    durability = static_cast<std::uint32_t>(of_this_write);
  }
};

struct CursorOptions : stave_store_cursor_options {
  explicit CursorOptions(Bytes only_with_prefix = {}, bool only_keys = false) noexcept {
    stave_store_cursor_options_init(this);
    prefix = only_with_prefix.data();
    prefix_size = only_with_prefix.size();
    keys_only = only_keys ? 1 : 0;
  }
};

using Stats = detail::Initialized<stave_store_stats, stave_store_stats_init>;

// ---- Handles -----------------------------------------------------------------------------------

enum class Condition : std::uint32_t {
  absent = STAVE_REQUIRE_ABSENT,
  exists = STAVE_REQUIRE_EXISTS,
  equal = STAVE_REQUIRE_EQUAL,
};

class Batch : public detail::Handle<stave_batch, stave_batch_free, stave_batch_close> {
 public:
  using Handle::Handle;
  static Result<Batch> create() noexcept { return detail::handle_of<Batch>(stave_batch_create); }

  Result<void> put(Bytes key, Bytes value) noexcept { return call(stave_batch_put, key, value); }
  Result<void> remove(Bytes key) noexcept { return call(stave_batch_remove, key); }
  Result<void> require(Bytes key, Condition condition, Bytes value = {}) noexcept {
    return call(stave_batch_require, key, static_cast<std::uint32_t>(condition), value);
  }
  Result<std::uint64_t> count() noexcept { return number_of(stave_batch_count); }
  Result<void> clear() noexcept { return call(stave_batch_clear); }
};

class Cursor
    : public detail::Handle<stave_store_cursor, stave_store_cursor_free, stave_store_cursor_close> {
 public:
  using Handle::Handle;

  // Status::done behind the last record.
  Result<void> next() noexcept { return call(stave_store_cursor_next); }
  // Of the record it stands on; the bytes are valid until the cursor's next call.
  Result<Bytes> key() noexcept { return bytes_of(stave_store_cursor_key); }
  Result<Bytes> value() noexcept { return bytes_of(stave_store_cursor_value); }
  // The number of records read: min(count_max, sizes.size() / 2) at the most.
  Result<std::size_t> next_many(std::size_t count_max, std::size_t bytes_max, Buffer& records,
                                std::span<std::uint64_t> sizes) noexcept {
    return value_of<std::size_t>(stave_store_cursor_next_many,
                                 std::min(count_max, sizes.size() / 2), bytes_max, &records,
                                 sizes.data());
  }
};

class Store : public detail::Handle<stave_store, stave_store_free, stave_store_close> {
 public:
  using Handle::Handle;
  static Result<Store> open(const char* path, const StoreOptions& options = {}) noexcept {
    return detail::handle_of<Store>(stave_store_open, path, &options);
  }

  Result<StoreOptions> options() noexcept {
    return value_of<StoreOptions>(stave_store_options_get);
  }

  Result<void> put(Bytes key, Bytes value, const WriteOptions& options = {}) noexcept {
    return call(stave_store_put, key, value, &options);
  }
  // Status::exists when the key does.
  Result<void> insert(Bytes key, Bytes value, const WriteOptions& options = {}) noexcept {
    return call(stave_store_insert, key, value, &options);
  }
  // Status::not_found when the key is absent.
  Result<void> replace(Bytes key, Bytes value, const WriteOptions& options = {}) noexcept {
    return call(stave_store_replace, key, value, &options);
  }
  // stave_store_remove.
  Result<void> remove(Bytes key, const WriteOptions& options = {}) noexcept {
    return call(stave_store_remove, key, &options);
  }
  // `failed` receives the position of the first condition that does not hold (Status::mismatch).
  Result<void> write(const Batch& batch, const WriteOptions& options = {},
                     std::uint64_t* failed = nullptr) noexcept {
    return call(stave_store_write, batch.raw(), failed, &options);
  }

  // Status::not_found when the key is absent, Status::mismatch when its value is not `expected`.
  Result<void> compare_and_swap(Bytes key, Bytes expected, Bytes desired,
                                const WriteOptions& options = {}) noexcept {
    return call(stave_store_compare_and_swap, key, expected, desired, &options);
  }
  // Calls edit(EditedValue&) on the key's value, under a lock: it makes no call on this store.
  // `updated` receives the new value, `previous` the one that there was. Status::not_found when the
  // key is absent.
  template <ValueEdit Edit>
  Result<void> update(Bytes key, Edit&& edit, Buffer* updated = nullptr,
                      const WriteOptions& options = {}) noexcept {
    return call(stave_store_update, key, detail::run_edit<Edit>, detail::context_of(edit), updated,
                &options);
  }
  template <ValueEdit Edit>
  Result<void> fetch_update(Bytes key, Edit&& edit, Buffer* previous = nullptr,
                            const WriteOptions& options = {}) noexcept {
    return call(stave_store_fetch_update, key, detail::run_edit<Edit>, detail::context_of(edit),
                previous, &options);
  }
  // Inserts or replaces. Whether there was a value, which `previous` receives.
  Result<bool> exchange(Bytes key, Bytes value, Buffer* previous = nullptr,
                        const WriteOptions& options = {}) noexcept {
    detail::Call call;
    std::uint8_t existed = 0;
    const stave_status status =
        call.run(stave_store_exchange, raw(), key, value, previous, &existed, &options);
    return call.result(status, existed != 0);
  }
  // The part of the store whose writes exclude each other in which the key lies.
  Result<std::uint32_t> shard_for(Bytes key) noexcept {
    return value_of<std::uint32_t>(stave_store_shard_for, key);
  }

  // Into the caller's buffer; the answer is a view of it.
  Result<Bytes> get(Bytes key, Buffer& value) noexcept {
    return content_of(value, stave_store_get_buffer, key, &value);
  }
  // Into the caller's memory; `size` receives the value's size, also when it does not fit.
  Result<void> get(Bytes key, std::span<std::byte> value, std::size_t& size) noexcept {
    return call(stave_store_get, key, value, &size);
  }
  Result<Pin> get_pin(Bytes key) noexcept { return handle_of<Pin>(stave_store_get_pin, key); }
  Result<std::size_t> value_size(Bytes key) noexcept {
    return value_of<std::size_t>(stave_store_value_size, key);
  }
  Result<bool> contains(Bytes key) noexcept { return exists(stave_store_contains, key); }
  Result<std::uint64_t> size() noexcept { return number_of(stave_store_size); }

  // Flat calls: the keys stand one behind the other, as do the values. value_sizes[i] is
  // STAVE_ABSENT for an absent key.
  Result<void> multi_get(Bytes keys, std::span<const std::uint32_t> key_sizes, Buffer& values,
                         std::span<std::uint64_t> value_sizes) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::keys_too_short();
    if (value_sizes.size() < key_sizes.size()) return detail::value_sizes_too_short();
    return call(stave_store_multi_get, keys.data(), key_sizes.data(), key_sizes.size(), &values,
                value_sizes.data());
  }
  Result<void> multi_put(Bytes keys, std::span<const std::uint32_t> key_sizes, Bytes values,
                         std::span<const std::uint64_t> value_sizes,
                         const WriteOptions& options = {}) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::keys_too_short();
    if (value_sizes.size() != key_sizes.size() || !detail::fits(values, value_sizes))
      return detail::values_do_not_fit();
    return call(stave_store_multi_put, keys.data(), key_sizes.data(), values.data(),
                value_sizes.data(), key_sizes.size(), &options);
  }
  // The number of keys that existed.
  Result<std::uint64_t> multi_remove(Bytes keys, std::span<const std::uint32_t> key_sizes,
                                     const WriteOptions& options = {}) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::keys_too_short();
    detail::Call call;
    std::uint64_t removed = 0;
    const stave_status status = call.run(stave_store_multi_remove, raw(), keys.data(),
                                         key_sizes.data(), key_sizes.size(), &removed, &options);
    return call.result(status, removed);
  }

  Result<Cursor> open_cursor(const CursorOptions& options = CursorOptions()) noexcept {
    return handle_of<Cursor>(stave_store_cursor_open, &options);
  }

  Result<void> flush() noexcept { return call(stave_store_flush); }
  Result<void> sync() noexcept { return call(stave_store_sync); }
  Result<void> checkpoint() noexcept { return call(stave_store_checkpoint); }
  Result<Stats> stats() noexcept { return value_of<Stats>(stave_store_stats_get); }
  Result<void> verify() noexcept { return call(stave_store_verify, nullptr, nullptr); }
  // progress(done, total) in bytes; any Status but ok stops the verification, which returns it.
  template <detail::Callback<std::uint64_t, std::uint64_t> Progress>
  Result<void> verify(Progress&& progress) noexcept {
    const stave_progress run = detail::run_callback<Progress>;
    return call(stave_store_verify, run, detail::context_of(progress));
  }
};

}  // namespace stave::inline v0

#endif  // STAVE_STORE_HPP
