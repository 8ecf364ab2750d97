// Part of stave.hpp: the disk_index family, see disk_index.h.
#ifndef STAVE_DISK_INDEX_HPP
#define STAVE_DISK_INDEX_HPP

#include <stave/disk_index.h>
#include <stave/base.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace stave::inline v0 {

// set("record_size=8 background=no")
using DiskIndexOptions = detail::Options<stave_disk_index_options, stave_disk_index_options_init,
                                         stave_disk_index_options_set>;
using DiskIndexStats = detail::Initialized<stave_disk_index_stats, stave_disk_index_stats_init>;

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

// source(keys, records, count_max, &count) as stave_disk_index_source, answering a Status.
template <typename Callable>
concept DiskIndexSource =
    detail::Callback<Callable, std::byte*, std::byte*, std::size_t, std::size_t*>;

class DiskIndexCursor : public detail::Handle<stave_disk_index_cursor, stave_disk_index_cursor_free,
                                              stave_disk_index_cursor_close> {
 public:
  using Handle::Handle;

  // Status::done behind the last record. Status::corruption upon damaged pages; the next call goes on.
  Result<void> next() noexcept { return call(stave_disk_index_cursor_next); }
  // Of the record it stands on; the bytes are valid until the cursor's next call.
  Result<Bytes> key() noexcept { return bytes_of(stave_disk_index_cursor_key); }
  Result<Bytes> record() noexcept { return bytes_of(stave_disk_index_cursor_record); }
  // The number of records read: as many as `keys` has room for at the most. `records` has room for
  // as many records of `record_size`.
  Result<std::size_t> next_many(std::span<std::byte> keys, std::span<std::byte> records,
                                std::size_t record_size) noexcept {
    const std::size_t count_max = keys.size() / STAVE_DISK_INDEX_KEY_SIZE;
    if (record_size != 0 && records.size() / record_size < count_max)
      return detail::invalid_argument("records is shorter than keys");
    return value_of<std::size_t>(stave_disk_index_cursor_next_many, count_max, keys.data(),
                                 records.data(), record_size);
  }
};

class DiskIndex
    : public detail::Handle<stave_disk_index, stave_disk_index_free, stave_disk_index_close> {
 public:
  using Handle::Handle;
  static Result<DiskIndex> open(const char* path, const DiskIndexOptions& options = {}) noexcept {
    return detail::handle_of<DiskIndex>(stave_disk_index_open, path, &options);
  }
  template <DiskIndexSource Source>
  static Result<void> rebuild(const char* path, const DiskIndexOptions& options,
                              Source&& source) noexcept {
    return detail::call(stave_disk_index_rebuild, path, &options, run_source<Source>,
                        detail::context_of(source));
  }

  Result<DiskIndexOptions> options() noexcept {
    return value_of<DiskIndexOptions>(stave_disk_index_options_get);
  }

  Result<void> put(Bytes key, Bytes record) noexcept {
    return call(stave_disk_index_put, key, record);
  }
  // Status::exists when the key does.
  Result<void> insert(Bytes key, Bytes record) noexcept {
    return call(stave_disk_index_insert, key, record);
  }
  // stave_disk_index_remove.
  Result<void> remove(Bytes key) noexcept { return call(stave_disk_index_remove, key); }
  // The number of records stored, all of them unless the call fails.
  Result<std::size_t> multi_put(Bytes keys, Bytes records, std::size_t record_size) noexcept {
    const std::size_t count = keys.size() / STAVE_DISK_INDEX_KEY_SIZE;
    if (record_size != 0 && records.size() / record_size < count)
      return detail::invalid_argument("records is shorter than keys");
    return value_of<std::size_t>(stave_disk_index_multi_put, keys.data(), records.data(),
                                 record_size, count);
  }

  // Into the caller's memory, which has the size of a record.
  Result<void> get(Bytes key, std::span<std::byte> record) noexcept {
    return call(stave_disk_index_get, key, record);
  }
  Result<bool> contains(Bytes key) noexcept { return exists(stave_disk_index_contains, key); }
  // found[i] becomes 1 or 0; there is room for as many records as found has elements.
  Result<void> multi_get(Bytes keys, std::span<std::byte> records, std::size_t record_size,
                         std::span<std::uint8_t> found) noexcept {
    const std::size_t count = keys.size() / STAVE_DISK_INDEX_KEY_SIZE;
    if (found.size() < count || (record_size != 0 && records.size() / record_size < count))
      return detail::invalid_argument("records or found is shorter than keys");
    return call(stave_disk_index_multi_get, keys.data(), count, records.data(), record_size,
                found.data());
  }
  Result<std::uint64_t> size() noexcept { return number_of(stave_disk_index_size); }

  template <DiskIndexSource Source>
  Result<void> bulk_load(Source&& source) noexcept {
    return call(stave_disk_index_bulk_load, run_source<Source>, detail::context_of(source));
  }
  Result<void> reserve(std::uint64_t entries) noexcept {
    return call(stave_disk_index_reserve, entries);
  }
  Result<DiskIndexCursor> open_cursor() noexcept {
    return handle_of<DiskIndexCursor>(stave_disk_index_cursor_open);
  }

  Result<void> save(std::uint64_t lsn = 0) noexcept { return call(stave_disk_index_save, lsn); }
  Result<void> checkpoint(std::uint64_t lsn = 0) noexcept {
    return call(stave_disk_index_checkpoint, lsn);
  }
  Result<void> shrink_to_fit() noexcept { return call(stave_disk_index_shrink_to_fit); }
  Result<DiskIndexStats> stats() noexcept {
    return value_of<DiskIndexStats>(stave_disk_index_stats_get);
  }
  Result<void> verify() noexcept { return call(stave_disk_index_verify, nullptr, nullptr); }
  // progress(done, total) in segments; any Status but ok stops the verification, which returns it.
  template <detail::Callback<std::uint64_t, std::uint64_t> Progress>
  Result<void> verify(Progress&& progress) noexcept {
    const stave_disk_index_progress run = detail::run_callback<Progress>;
    return call(stave_disk_index_verify, run, detail::context_of(progress));
  }

 private:
  template <typename Source>
  static stave_status run_source(void* context, void* keys, void* records, std::size_t count_max,
                                 std::size_t* count) {
    return detail::run_callback<Source>(context, static_cast<std::byte*>(keys),
                                        static_cast<std::byte*>(records), count_max, count);
  }
};

}  // namespace stave::inline v0

#endif  // STAVE_DISK_INDEX_HPP
