// Part of stave.hpp: the store family, see store.h.
#ifndef STAVE_STORE_HPP
#define STAVE_STORE_HPP

#include <stave/store.h>
#include <stave/base.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

namespace stave {
inline namespace v0 {

// ---- Options -----------------------------------------------------------------------------------

enum class Durability : std::uint32_t {
  standard = STAVE_DURABILITY_DEFAULT,
  memory = STAVE_DURABILITY_MEMORY,
  os = STAVE_DURABILITY_OS,
  device = STAVE_DURABILITY_DEVICE,
};

struct StoreOptions : stave_store_options {
  StoreOptions() noexcept { stave_store_options_init(this); }
  // "durability=os segment_size=64MiB"
  Result<void> set(const char* text) noexcept {
    return detail::call(stave_store_options_set, this, text);
  }
};

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

struct Stats : stave_store_stats {
  Stats() noexcept { stave_store_stats_init(this); }
};

// ---- Handles -----------------------------------------------------------------------------------

enum class Condition : std::uint32_t {
  absent = STAVE_REQUIRE_ABSENT,
  exists = STAVE_REQUIRE_EXISTS,
  equal = STAVE_REQUIRE_EQUAL,
};

class Batch : public detail::Handle<stave_batch, stave_batch_free, stave_batch_close> {
 public:
  using Handle::Handle;
  static Result<Batch> create() noexcept {
    detail::Call call;
    stave_batch* batch = nullptr;
    const stave_status status = stave_batch_create(&batch, call);
    return call.result(status, Batch(batch));
  }

  Result<void> put(Bytes key, Bytes value) noexcept {
    return detail::call(stave_batch_put, raw(), key.data(), key.size(), value.data(), value.size());
  }
  Result<void> remove(Bytes key) noexcept {
    return detail::call(stave_batch_remove, raw(), key.data(), key.size());
  }
  Result<void> require(Bytes key, Condition condition, Bytes value = {}) noexcept {
    return detail::call(stave_batch_require, raw(), key.data(), key.size(),
                        static_cast<std::uint32_t>(condition), value.data(), value.size());
  }
  Result<std::uint64_t> count() noexcept {
    return detail::value_of<std::uint64_t>(stave_batch_count, raw());
  }
  Result<void> clear() noexcept { return detail::call(stave_batch_clear, raw()); }
};

class Cursor
    : public detail::Handle<stave_store_cursor, stave_store_cursor_free, stave_store_cursor_close> {
 public:
  using Handle::Handle;

  // Status::done behind the last record.
  Result<void> next() noexcept { return detail::call(stave_store_cursor_next, raw()); }
  // Of the record it stands on; the bytes are valid until the cursor's next call.
  Result<Bytes> key() noexcept { return detail::bytes_of(stave_store_cursor_key, raw()); }
  Result<Bytes> value() noexcept { return detail::bytes_of(stave_store_cursor_value, raw()); }
  // The number of records read: min(count_max, sizes.size() / 2) at the most.
  Result<std::size_t> next_many(std::size_t count_max, std::size_t bytes_max, Buffer& records,
                                std::span<std::uint64_t> sizes) noexcept {
    detail::Call call;
    std::size_t count = 0;
    const std::size_t room = sizes.size() / 2;
    const stave_status status =
        stave_store_cursor_next_many(raw(), count_max < room ? count_max : room, bytes_max,
                                     records.raw(), sizes.data(), &count, call);
    return call.result(status, count);
  }
};

class Store : public detail::Handle<stave_store, stave_store_free, stave_store_close> {
 public:
  using Handle::Handle;
  static Result<Store> open(const char* path, const StoreOptions& options = {}) noexcept {
    return detail::handle_of<Store>(stave_store_open, path, &options);
  }

  Result<StoreOptions> options() noexcept {
    return detail::value_of<StoreOptions>(stave_store_options_get, raw());
  }

  Result<void> put(Bytes key, Bytes value, const WriteOptions& options = {}) noexcept {
    return write_value(stave_store_put, key, value, options);
  }
  // Status::exists when the key does.
  Result<void> insert(Bytes key, Bytes value, const WriteOptions& options = {}) noexcept {
    return write_value(stave_store_insert, key, value, options);
  }
  // Status::not_found when the key is absent.
  Result<void> replace(Bytes key, Bytes value, const WriteOptions& options = {}) noexcept {
    return write_value(stave_store_replace, key, value, options);
  }
  // stave_store_remove.
  Result<void> remove(Bytes key, const WriteOptions& options = {}) noexcept {
    return detail::call(stave_store_remove, raw(), key.data(), key.size(), &options);
  }
  // `failed` receives the position of the first condition that does not hold (Status::mismatch).
  Result<void> write(const Batch& batch, const WriteOptions& options = {},
                     std::uint64_t* failed = nullptr) noexcept {
    return detail::call(stave_store_write, raw(), batch.raw(), failed, &options);
  }

  // Into the caller's buffer; the answer is a view of it.
  Result<Bytes> get(Bytes key, Buffer& value) noexcept {
    detail::Call call;
    const stave_status status =
        stave_store_get_buffer(raw(), key.data(), key.size(), value.raw(), call);
    return call.result(status, value.bytes());
  }
  // Into the caller's memory; `size` receives the value's size, also when it does not fit.
  Result<void> get(Bytes key, std::span<std::byte> value, std::size_t& size) noexcept {
    return detail::call(stave_store_get, raw(), key.data(), key.size(), value.data(), value.size(),
                        &size);
  }
  Result<Pin> get_pin(Bytes key) noexcept {
    return detail::handle_of<Pin>(stave_store_get_pin, raw(), key.data(), key.size());
  }
  Result<bool> contains(Bytes key) noexcept {
    return detail::exists(stave_store_contains, raw(), key.data(), key.size());
  }
  Result<std::uint64_t> size() noexcept {
    return detail::value_of<std::uint64_t>(stave_store_size, raw());
  }

  // Flat calls: the keys stand one behind the other, as do the values. value_sizes[i] is
  // STAVE_ABSENT for an absent key.
  Result<void> multi_get(Bytes keys, std::span<const std::uint32_t> key_sizes, Buffer& values,
                         std::span<std::uint64_t> value_sizes) noexcept {
    if (!detail::fits(keys, key_sizes))
      return detail::invalid_argument("keys is shorter than key_sizes say");
    if (value_sizes.size() < key_sizes.size())
      return detail::invalid_argument("value_sizes is shorter than key_sizes");
    return detail::call(stave_store_multi_get, raw(), keys.data(), key_sizes.data(),
                        key_sizes.size(), values.raw(), value_sizes.data());
  }
  Result<void> multi_put(Bytes keys, std::span<const std::uint32_t> key_sizes, Bytes values,
                         std::span<const std::uint64_t> value_sizes,
                         const WriteOptions& options = {}) noexcept {
    if (!detail::fits(keys, key_sizes))
      return detail::invalid_argument("keys is shorter than key_sizes say");
    if (value_sizes.size() != key_sizes.size() || !detail::fits(values, value_sizes))
      return detail::invalid_argument("values or value_sizes do not fit key_sizes");
    return detail::call(stave_store_multi_put, raw(), keys.data(), key_sizes.data(), values.data(),
                        value_sizes.data(), key_sizes.size(), &options);
  }
  // The number of keys that existed.
  Result<std::uint64_t> multi_remove(Bytes keys, std::span<const std::uint32_t> key_sizes,
                                     const WriteOptions& options = {}) noexcept {
    if (!detail::fits(keys, key_sizes))
      return detail::invalid_argument("keys is shorter than key_sizes say");
    detail::Call call;
    std::uint64_t deleted = 0;
    const stave_status status = stave_store_multi_remove(
        raw(), keys.data(), key_sizes.data(), key_sizes.size(), &deleted, &options, call);
    return call.result(status, deleted);
  }

  Result<Cursor> open_cursor(const CursorOptions& options = CursorOptions()) noexcept {
    return detail::handle_of<Cursor>(stave_store_cursor_open, raw(), &options);
  }

  Result<void> flush() noexcept { return detail::call(stave_store_flush, raw()); }
  Result<void> sync() noexcept { return detail::call(stave_store_sync, raw()); }
  Result<void> checkpoint() noexcept { return detail::call(stave_store_checkpoint, raw()); }
  Result<Stats> stats() noexcept { return detail::value_of<Stats>(stave_store_stats_get, raw()); }
  Result<void> verify() noexcept {
    return detail::call(stave_store_verify, raw(), nullptr, nullptr);
  }
  // progress(done, total) in bytes; any Status but ok stops the verification, which returns it.
  template <typename Progress>
  requires std::is_invocable_r_v<Status, Progress&, std::uint64_t, std::uint64_t> Result<void>
  verify(Progress&& progress)
  noexcept {
    detail::Call call;
    const stave_progress forward = [](void* context, std::uint64_t done, std::uint64_t total) {
      auto& callable = *static_cast<std::remove_reference_t<Progress>*>(context);
      return static_cast<stave_status>(static_cast<Status>(callable(done, total)));
    };
    // The callback has the callable's own type back.
    void* context = const_cast<void*>(static_cast<const void*>(std::addressof(progress)));
    return call.result(stave_store_verify(raw(), forward, context, call));
  }

 private:
  template <typename Function>
  Result<void> write_value(Function function, Bytes key, Bytes value,
                           const WriteOptions& options) noexcept {
    return detail::call(function, raw(), key.data(), key.size(), value.data(), value.size(),
                        &options);
  }
};

}  // namespace v0
}  // namespace stave

#endif  // STAVE_STORE_HPP
