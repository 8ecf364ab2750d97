// Part of stave.hpp: the disk_index family, see disk_index.h.
#ifndef STAVE_DISK_INDEX_HPP
#define STAVE_DISK_INDEX_HPP

#include <stave/disk_index.h>
#include <stave/base.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

namespace stave::inline v0 {

struct DiskIndexOptions : stave_disk_index_options {
  DiskIndexOptions() noexcept { stave_disk_index_options_init(this); }
  // "record_size=8 background=no"
  Result<void> set(const char* text) noexcept {
    return detail::call(stave_disk_index_options_set, this, text);
  }
};

struct DiskIndexStats : stave_disk_index_stats {
  DiskIndexStats() noexcept { stave_disk_index_stats_init(this); }
};

// The default record; its bytes are the record's.
struct Payload : stave_payload {
  Payload() noexcept : stave_payload{} {}
  Bytes bytes() const noexcept {
    return {static_cast<const stave_payload*>(this), sizeof(stave_payload)};
  }
  std::span<std::byte> writable() noexcept {
    return std::as_writable_bytes(std::span(static_cast<stave_payload*>(this), 1));
  }
};

class DiskIndexCursor : public detail::Handle<stave_disk_index_cursor, stave_disk_index_cursor_free,
                                              stave_disk_index_cursor_close> {
 public:
  using Handle::Handle;

  // Status::done behind the last record. Status::corruption upon damaged pages; the next call goes on.
  Result<void> next() noexcept { return detail::call(stave_disk_index_cursor_next, raw()); }
  // Of the record it stands on; the bytes are valid until the cursor's next call.
  Result<Bytes> key() noexcept { return detail::bytes_of(stave_disk_index_cursor_key, raw()); }
  Result<Bytes> record() noexcept {
    return detail::bytes_of(stave_disk_index_cursor_record, raw());
  }
  // The number of records read: as many as `keys` has room for at the most. `records` has room for
  // as many records of `record_size`.
  Result<std::size_t> next_many(std::span<std::byte> keys, std::span<std::byte> records,
                                std::size_t record_size) noexcept {
    const std::size_t count_max = keys.size() / STAVE_DISK_INDEX_KEY_SIZE;
    if (record_size != 0 && records.size() / record_size < count_max)
      return detail::invalid_argument("records is shorter than keys");
    return detail::value_of<std::size_t>(stave_disk_index_cursor_next_many, raw(), count_max,
                                         keys.data(), records.data(), record_size);
  }
};

class DiskIndex
    : public detail::Handle<stave_disk_index, stave_disk_index_free, stave_disk_index_close> {
 public:
  using Handle::Handle;
  static Result<DiskIndex> open(const char* path, const DiskIndexOptions& options = {}) noexcept {
    return detail::handle_of<DiskIndex>(stave_disk_index_open, path, &options);
  }
  // source(keys, records, count_max, &count) as stave_disk_index_source, answering a Status.
  template <typename Source>
  requires std::is_invocable_r_v<Status, Source&, std::byte*, std::byte*, std::size_t, std::size_t*>
  static Result<void> rebuild(const char* path, const DiskIndexOptions& options,
                              Source&& source) noexcept {
    return detail::call(stave_disk_index_rebuild, path, &options, forward<Source>(),
                        address(source));
  }

  Result<DiskIndexOptions> options() noexcept {
    return detail::value_of<DiskIndexOptions>(stave_disk_index_options_get, raw());
  }

  Result<void> put(Bytes key, Bytes record) noexcept {
    return detail::call(stave_disk_index_put, raw(), key.data(), key.size(), record.data(),
                        record.size());
  }
  // Status::exists when the key does.
  Result<void> insert(Bytes key, Bytes record) noexcept {
    return detail::call(stave_disk_index_insert, raw(), key.data(), key.size(), record.data(),
                        record.size());
  }
  // stave_disk_index_remove.
  Result<void> remove(Bytes key) noexcept {
    return detail::call(stave_disk_index_remove, raw(), key.data(), key.size());
  }
  // The number of records stored, all of them unless the call fails.
  Result<std::size_t> multi_put(Bytes keys, Bytes records, std::size_t record_size) noexcept {
    const std::size_t count = keys.size() / STAVE_DISK_INDEX_KEY_SIZE;
    if (record_size != 0 && records.size() / record_size < count)
      return detail::invalid_argument("records is shorter than keys");
    return detail::value_of<std::size_t>(stave_disk_index_multi_put, raw(), keys.data(),
                                         records.data(), record_size, count);
  }

  // Into the caller's memory, which has the size of a record.
  Result<void> get(Bytes key, std::span<std::byte> record) noexcept {
    return detail::call(stave_disk_index_get, raw(), key.data(), key.size(), record.data(),
                        record.size());
  }
  Result<bool> contains(Bytes key) noexcept {
    return detail::exists(stave_disk_index_contains, raw(), key.data(), key.size());
  }
  // found[i] becomes 1 or 0; there is room for as many records as found has elements.
  Result<void> multi_get(Bytes keys, std::span<std::byte> records, std::size_t record_size,
                         std::span<std::uint8_t> found) noexcept {
    const std::size_t count = keys.size() / STAVE_DISK_INDEX_KEY_SIZE;
    if (found.size() < count || (record_size != 0 && records.size() / record_size < count))
      return detail::invalid_argument("records or found is shorter than keys");
    return detail::call(stave_disk_index_multi_get, raw(), keys.data(), count, records.data(),
                        record_size, found.data());
  }
  Result<std::uint64_t> size() noexcept {
    return detail::value_of<std::uint64_t>(stave_disk_index_size, raw());
  }

  template <typename Source>
  requires std::is_invocable_r_v<Status, Source&, std::byte*, std::byte*, std::size_t, std::size_t*>
      Result<void> bulk_load(Source&& source)
  noexcept {
    return detail::call(stave_disk_index_bulk_load, raw(), forward<Source>(), address(source));
  }
  Result<void> reserve(std::uint64_t entries) noexcept {
    return detail::call(stave_disk_index_reserve, raw(), entries);
  }
  Result<DiskIndexCursor> open_cursor() noexcept {
    return detail::handle_of<DiskIndexCursor>(stave_disk_index_cursor_open, raw());
  }

  Result<void> save(std::uint64_t lsn = 0) noexcept {
    return detail::call(stave_disk_index_save, raw(), lsn);
  }
  Result<void> checkpoint(std::uint64_t lsn = 0) noexcept {
    return detail::call(stave_disk_index_checkpoint, raw(), lsn);
  }
  Result<void> shrink_to_fit() noexcept {
    return detail::call(stave_disk_index_shrink_to_fit, raw());
  }
  Result<DiskIndexStats> stats() noexcept {
    return detail::value_of<DiskIndexStats>(stave_disk_index_stats_get, raw());
  }
  Result<void> verify() noexcept {
    return detail::call(stave_disk_index_verify, raw(), nullptr, nullptr);
  }
  // progress(done, total) in segments; any Status but ok stops the verification, which returns it.
  template <typename Progress>
  requires std::is_invocable_r_v<Status, Progress&, std::uint64_t, std::uint64_t> Result<void>
  verify(Progress&& progress)
  noexcept {
    detail::Call call;
    const stave_disk_index_progress run = [](void* context, std::uint64_t done,
                                             std::uint64_t total) {
      auto& callable = *static_cast<std::remove_reference_t<Progress>*>(context);
      return static_cast<stave_status>(static_cast<Status>(callable(done, total)));
    };
    return call.result(stave_disk_index_verify(raw(), run, address(progress), call));
  }

 private:
  template <typename Source>
  static stave_disk_index_source forward() noexcept {
    return [](void* context, void* keys, void* records, std::size_t count_max, std::size_t* count) {
      auto& callable = *static_cast<std::remove_reference_t<Source>*>(context);
      const Status answer = callable(static_cast<std::byte*>(keys),
                                     static_cast<std::byte*>(records), count_max, count);
      return static_cast<stave_status>(answer);
    };
  }
  // A callback has the callable's own type back.
  template <typename Callable>
  static void* address(Callable& callable) noexcept {
    return const_cast<void*>(static_cast<const void*>(std::addressof(callable)));
  }
};

}  // namespace stave::inline v0

#endif  // STAVE_DISK_INDEX_HPP
