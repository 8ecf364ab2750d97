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
  // `expiry` is Unix time in milliseconds, 0 or STAVE_NEVER_EXPIRES, as in store.h.
  WriteOptions(Durability of_this_write = Durability::standard, std::uint64_t expiry = 0) noexcept {
    struct_size = sizeof(stave_write_options);
    durability = static_cast<std::uint32_t>(of_this_write);
    expires_at = expiry;
  }
};

struct CursorOptions : stave_store_cursor_options {
  // `begin_at` is of Cursor::token().
  explicit CursorOptions(Bytes only_with_prefix = {}, bool only_keys = false,
                         Bytes begin_at = {}) noexcept {
    stave_store_cursor_options_init(this);
    token = begin_at.data();
    token_size = begin_at.size();
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
  // Into the caller's buffer; the answer is a view of it. A cursor that is opened with it goes on
  // after the record that this one stands on.
  Result<Bytes> token(Buffer& token) noexcept {
    return content_of(token, stave_store_cursor_token, &token);
  }
};

// ---- Callbacks ---------------------------------------------------------------------------------

// The keys of one shard, inside of Store::atomic(). Each call returns what the store's call of that
// name would, and Status::shard_mismatch for a key of another shard.
class Atomic {
 public:
  explicit Atomic(stave_atomic* atomic) noexcept : atomic_(atomic) {}

  // Into the caller's buffer; the answer is a view of it.
  Result<Bytes> get(Bytes key, Buffer& value) noexcept {
    detail::Call call;
    const stave_status status = call.run(stave_atomic_get, atomic_, key, &value);
    return call.result(status, value.bytes());
  }
  Result<bool> contains(Bytes key) noexcept {
    detail::Call call;
    const stave_status status = call.run(stave_atomic_contains, atomic_, key);
    if (status == STAVE_NOT_FOUND) return false;
    return call.result(status, true);
  }
  Result<void> put(Bytes key, Bytes value) noexcept {
    return detail::call(stave_atomic_put, atomic_, key, value);
  }
  Result<void> insert(Bytes key, Bytes value) noexcept {
    return detail::call(stave_atomic_insert, atomic_, key, value);
  }
  Result<void> replace(Bytes key, Bytes value) noexcept {
    return detail::call(stave_atomic_replace, atomic_, key, value);
  }
  Result<void> remove(Bytes key) noexcept {
    return detail::call(stave_atomic_remove, atomic_, key);
  }

 private:
  stave_atomic* atomic_;
};

// A change of a key, as hooks see it; valid while the hook runs.
class StoreChange {
 public:
  explicit StoreChange(const stave_change* change) noexcept : change_(change) {}

  Bytes key() const noexcept { return {change_->key, change_->key_size}; }
  bool removed() const noexcept { return change_->removed != 0; }
  Bytes value() const noexcept { return {change_->value, change_->value_size}; }
  bool has_old_value() const noexcept { return change_->has_old_value != 0; }
  Bytes old_value() const noexcept { return {change_->old_value, change_->old_value_size}; }
  // Unix time in milliseconds; 0: never.
  std::uint64_t expires_at() const noexcept { return change_->expires_at; }
  std::uint64_t version() const noexcept { return change_->version; }

 private:
  const stave_change* change_;
};

// What a migration does with a record.
enum class Migrate : std::uint32_t {
  keep = STAVE_MIGRATE_KEEP,
  update = STAVE_MIGRATE_UPDATE,
  remove = STAVE_MIGRATE_REMOVE,
};

template <typename Callable>
concept AtomicCallback = detail::Callback<Callable, Atomic&>;
template <typename Callable>
concept Hook = detail::Callback<Callable, const StoreChange&>;
template <typename Callable>
concept Migration = detail::Callback<Callable, Bytes, EditedValue&, Migrate&>;
template <typename Callable>
concept MigrateProgress = detail::Callback<Callable, std::uint64_t, std::uint64_t, Bytes>;

namespace detail {

template <typename Callable>
stave_status run_atomic(void* context, stave_atomic* raw) {
  Atomic atomic(raw);
  return run_callback<Callable, Atomic&>(context, atomic);
}
template <typename Callable>
stave_status run_hook(void* context, const stave_change* raw) {
  const StoreChange change(raw);
  return run_callback<Callable, const StoreChange&>(context, change);
}
template <typename Decide, typename Progress>
struct Migrating {
  static stave_status decide(void* context, const void* key, std::size_t key_size,
                             stave_buffer* value, std::uint32_t* action) {
    EditedValue edited(value);
    Migrate decided = Migrate::keep;
    const stave_status status = run_callback<Decide, Bytes, EditedValue&, Migrate&>(
        static_cast<Migrating*>(context)->to_decide, Bytes(key, key_size), edited, decided);
    *action = static_cast<std::uint32_t>(decided);
    return status;
  }
  static stave_status progress(void* context, std::uint64_t done, std::uint64_t total,
                               const void* token, std::size_t token_size) {
    return run_callback<Progress, std::uint64_t, std::uint64_t, Bytes>(
        static_cast<Migrating*>(context)->to_progress, done, total, Bytes(token, token_size));
  }

  void* to_decide;
  void* to_progress;
};

}  // namespace detail

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
  // stave_store_expire.
  Result<void> expire(Bytes key, std::uint64_t expires_at,
                      const WriteOptions& options = {}) noexcept {
    return call(stave_store_expire, key, expires_at, &options);
  }
  // `failed` receives the position of the first condition that does not hold (Status::mismatch),
  // `version` the commit's version.
  Result<void> write(const Batch& batch, const WriteOptions& options = {},
                     std::uint64_t* failed = nullptr, std::uint64_t* version = nullptr) noexcept {
    return call(stave_store_write, batch.raw(), failed, version, &options);
  }
  // The number of keys that were removed; with an error see stave_store_clear.
  Result<std::uint64_t> clear(const WriteOptions& options = {}) noexcept {
    detail::Call call;
    std::uint64_t removed = 0;
    const stave_status status = call.run(stave_store_clear, raw(), &removed, &options);
    return call.result(status, removed);
  }
  Result<std::uint64_t> remove_expired() noexcept { return number_of(stave_store_remove_expired); }

  // Status::not_found when the key is absent, Status::mismatch when its value is not `expected`.
  Result<void> compare_and_swap(Bytes key, Bytes expected, Bytes desired,
                                const WriteOptions& options = {}) noexcept {
    return call(stave_store_compare_and_swap, key, expected, desired, &options);
  }
  // Calls edit(EditedValue&) on the key's value, under a lock: it writes nothing to this store.
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
  // Calls callback(Atomic&) once, under the lock of the shard of `shard_key`; what it writes is one
  // commit. Any Status but ok undoes all, and is returned. The commit's version; 0 when nothing was
  // written.
  template <AtomicCallback Callable>
  Result<std::uint64_t> atomic(Bytes shard_key, Callable&& callback,
                               const WriteOptions& options = {}) noexcept {
    detail::Call call;
    std::uint64_t version = 0;
    const stave_status status =
        call.run(stave_store_atomic, raw(), shard_key, detail::run_atomic<Callable>,
                 detail::context_of(callback), &version, &options);
    return call.result(status, version);
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
  // Unix time in milliseconds; 0: never. Status::not_found when the key is absent.
  Result<std::uint64_t> expires_at(Bytes key) noexcept {
    return number_of(stave_store_expires_at, key);
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

  // Calls hook(const StoreChange&) for every change from now on, in the order of the versions. Refers to
  // the hook, which lives until the store is closed. With wants_old_value each write reads one.
  template <Hook Callable>
  Result<void> on_write(Callable& hook, bool wants_old_value = false) noexcept {
    const std::uint32_t flags = wants_old_value ? std::uint32_t{STAVE_HOOK_OLD_VALUE} : 0;
    return call(stave_store_on_write, flags, detail::run_hook<Callable>, detail::context_of(hook));
  }
  // Calls hook(const StoreChange&) for every record.
  template <Hook Callable>
  Result<void> on_open(Callable&& hook) noexcept {
    return call(stave_store_on_open, detail::run_hook<Callable>, detail::context_of(hook));
  }
  // Calls migration(Bytes key, EditedValue& value, Migrate& action) for every record that there is
  // now, or was when the migration began that `token` is of, and progress(done, total, Bytes token)
  // after each commit. The number of records that were changed.
  template <Migration Decide, MigrateProgress Progress>
  Result<std::uint64_t> migrate(Decide&& migration, Progress&& progress, Bytes token = {},
                                const WriteOptions& options = {}) noexcept {
    using Migrating = detail::Migrating<Decide, Progress>;
    Migrating callables{detail::context_of(migration), detail::context_of(progress)};
    detail::Call call;
    std::uint64_t changed = 0;
    const stave_status status =
        call.run(stave_store_migrate, raw(), Migrating::decide, Migrating::progress,
                 static_cast<void*>(&callables), token, &changed, &options);
    return call.result(status, changed);
  }
  template <Migration Decide>
  Result<std::uint64_t> migrate(Decide&& migration) noexcept {
    return migrate(migration, [](std::uint64_t, std::uint64_t, Bytes) { return Status::ok; });
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
