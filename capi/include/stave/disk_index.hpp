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
    detail::Call call;
    return call.result(stave_disk_index_options_set(this, text, call));
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

class DiskIndexCursor {
 public:
  DiskIndexCursor() noexcept = default;
  explicit DiskIndexCursor(stave_disk_index_cursor* cursor) noexcept : cursor_(cursor) {}

  // Status::done behind the last record. Status::corruption upon damaged pages; the next call goes on.
  Result<void> next() noexcept {
    detail::Call call;
    return call.result(stave_disk_index_cursor_next(raw(), call));
  }
  // Of the record it stands on; the bytes are valid until the cursor's next call.
  Result<Bytes> key() noexcept { return bytes(stave_disk_index_cursor_key); }
  Result<Bytes> record() noexcept { return bytes(stave_disk_index_cursor_record); }
  // The number of records read: as many as `keys` has room for at the most. `records` has room for
  // as many records of `record_size`.
  Result<std::size_t> next_many(std::span<std::byte> keys, std::span<std::byte> records,
                                std::size_t record_size) noexcept {
    const std::size_t count_max = keys.size() / STAVE_DISK_INDEX_KEY_SIZE;
    if (record_size != 0 && records.size() / record_size < count_max)
      return detail::invalid_argument("records is shorter than keys");
    detail::Call call;
    std::size_t count = 0;
    const stave_status status = stave_disk_index_cursor_next_many(
        raw(), count_max, keys.data(), records.data(), record_size, &count, call);
    return call.result(status, count);
  }
  Result<void> close() noexcept {
    detail::Call call;
    return call.result(stave_disk_index_cursor_close(raw(), call));
  }
  stave_disk_index_cursor* raw() const noexcept { return cursor_.get(); }

 private:
  template <typename Function>
  Result<Bytes> bytes(Function function) noexcept {
    detail::Call call;
    const void* data = nullptr;
    std::size_t size = 0;
    const stave_status status = function(raw(), &data, &size, call);
    return call.result(status, Bytes(data, size));
  }

  detail::Owner<stave_disk_index_cursor, stave_disk_index_cursor_free> cursor_;
};

class DiskIndex {
 public:
  DiskIndex() noexcept = default;
  explicit DiskIndex(stave_disk_index* index) noexcept : index_(index) {}
  static Result<DiskIndex> open(const char* path, const DiskIndexOptions& options = {}) noexcept {
    detail::Call call;
    stave_disk_index* index = nullptr;
    const stave_status status = stave_disk_index_open(path, &options, &index, call);
    return call.result(status, DiskIndex(index));
  }
  // source(keys, records, count_max, &count) as stave_disk_index_source, answering a Status.
  template <typename Source>
  requires std::is_invocable_r_v<Status, Source&, std::byte*, std::byte*, std::size_t, std::size_t*>
  static Result<void> rebuild(const char* path, const DiskIndexOptions& options,
                              Source&& source) noexcept {
    detail::Call call;
    return call.result(
        stave_disk_index_rebuild(path, &options, forward<Source>(), address(source), call));
  }

  Result<DiskIndexOptions> options() noexcept {
    detail::Call call;
    DiskIndexOptions options;
    const stave_status status = stave_disk_index_options_get(raw(), &options, call);
    return call.result(status, options);
  }
  // Reports what the destructor, which closes too, cannot.
  Result<void> close() noexcept {
    detail::Call call;
    return call.result(stave_disk_index_close(raw(), call));
  }

  Result<void> put(Bytes key, Bytes record) noexcept {
    detail::Call call;
    return call.result(
        stave_disk_index_put(raw(), key.data(), key.size(), record.data(), record.size(), call));
  }
  // Status::exists when the key does.
  Result<void> insert(Bytes key, Bytes record) noexcept {
    detail::Call call;
    return call.result(
        stave_disk_index_insert(raw(), key.data(), key.size(), record.data(), record.size(), call));
  }
  // stave_disk_index_remove.
  Result<void> remove(Bytes key) noexcept {
    detail::Call call;
    return call.result(stave_disk_index_remove(raw(), key.data(), key.size(), call));
  }
  // The number of records stored, all of them unless the call fails.
  Result<std::size_t> multi_put(Bytes keys, Bytes records, std::size_t record_size) noexcept {
    const std::size_t count = keys.size() / STAVE_DISK_INDEX_KEY_SIZE;
    if (record_size != 0 && records.size() / record_size < count)
      return detail::invalid_argument("records is shorter than keys");
    detail::Call call;
    std::size_t done = 0;
    const stave_status status = stave_disk_index_multi_put(raw(), keys.data(), records.data(),
                                                           record_size, count, &done, call);
    return call.result(status, done);
  }

  // Into the caller's memory, which has the size of a record.
  Result<void> get(Bytes key, std::span<std::byte> record) noexcept {
    detail::Call call;
    return call.result(
        stave_disk_index_get(raw(), key.data(), key.size(), record.data(), record.size(), call));
  }
  Result<bool> contains(Bytes key) noexcept {
    detail::Call call;
    const stave_status status = stave_disk_index_contains(raw(), key.data(), key.size(), call);
    if (status == STAVE_NOT_FOUND) return false;
    return call.result(status, true);
  }
  // found[i] becomes 1 or 0; there is room for as many records as found has elements.
  Result<void> multi_get(Bytes keys, std::span<std::byte> records, std::size_t record_size,
                         std::span<std::uint8_t> found) noexcept {
    const std::size_t count = keys.size() / STAVE_DISK_INDEX_KEY_SIZE;
    if (found.size() < count || (record_size != 0 && records.size() / record_size < count))
      return detail::invalid_argument("records or found is shorter than keys");
    detail::Call call;
    return call.result(stave_disk_index_multi_get(raw(), keys.data(), count, records.data(),
                                                  record_size, found.data(), call));
  }
  Result<std::uint64_t> size() noexcept {
    detail::Call call;
    std::uint64_t size = 0;
    const stave_status status = stave_disk_index_size(raw(), &size, call);
    return call.result(status, size);
  }

  template <typename Source>
  requires std::is_invocable_r_v<Status, Source&, std::byte*, std::byte*, std::size_t, std::size_t*>
      Result<void> bulk_load(Source&& source)
  noexcept {
    detail::Call call;
    return call.result(stave_disk_index_bulk_load(raw(), forward<Source>(), address(source), call));
  }
  Result<void> reserve(std::uint64_t entries) noexcept {
    detail::Call call;
    return call.result(stave_disk_index_reserve(raw(), entries, call));
  }
  Result<DiskIndexCursor> open_cursor() noexcept {
    detail::Call call;
    stave_disk_index_cursor* cursor = nullptr;
    const stave_status status = stave_disk_index_cursor_open(raw(), &cursor, call);
    return call.result(status, DiskIndexCursor(cursor));
  }

  Result<void> save(std::uint64_t lsn = 0) noexcept {
    detail::Call call;
    return call.result(stave_disk_index_save(raw(), lsn, call));
  }
  Result<void> checkpoint(std::uint64_t lsn = 0) noexcept {
    detail::Call call;
    return call.result(stave_disk_index_checkpoint(raw(), lsn, call));
  }
  Result<void> shrink_to_fit() noexcept {
    detail::Call call;
    return call.result(stave_disk_index_shrink_to_fit(raw(), call));
  }
  Result<DiskIndexStats> stats() noexcept {
    detail::Call call;
    DiskIndexStats stats;
    const stave_status status = stave_disk_index_stats_get(raw(), &stats, call);
    return call.result(status, stats);
  }
  Result<void> verify() noexcept {
    detail::Call call;
    return call.result(stave_disk_index_verify(raw(), nullptr, nullptr, call));
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
  stave_disk_index* raw() const noexcept { return index_.get(); }

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

  detail::Owner<stave_disk_index, stave_disk_index_free> index_;
};

}  // namespace stave::inline v0

#endif  // STAVE_DISK_INDEX_HPP
