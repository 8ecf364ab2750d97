// The disk_index family: opening, closing, and calls on keys.
#include <stave/disk_index.h>

#include <memory>

#include "capi/barrier.h"
#include "capi/disk_index_handle.h"
#include "core/os/posix_file_system.h"

using stave::as_bytes;
using stave::Bytes;
using stave::MutableBytes;
using stave::Result;
using stave::Status;
using namespace stave::capi;
using stave::disk_index::key_size;

stave_status stave_disk_index_open(const char* path, const stave_disk_index_options* options,
                                   stave_disk_index** index, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(index, "index"));
    *index = nullptr;
    STAVE_TRY(require(path, "path"));
    if (*path == '\0') return invalid_argument("path is empty");
    const Result<stave_disk_index_options> checked = disk_index_options(options);
    if (!checked) return checked.status();
    // What may fail for want of memory comes before there is an index, which would have to be
    // closed.
    auto handle = std::make_unique<stave_disk_index>();
    auto opened = stave::disk_index::DiskIndex::open(stave::os::posix_file_system(), path,
                                                     core_options(*checked));
    if (!opened) return opened.status();
    handle->core = *std::move(opened);
    handle->options = *checked;
    handle->options.record_size = handle->core->record_size();
    *index = handle.release();
    return {};
  });
}

stave_status stave_disk_index_options_get(stave_disk_index* index,
                                          stave_disk_index_options* options, stave_error* error) {
  return guarded(error, [&]() -> Status {
    DiskIndexCall call;
    STAVE_TRY(call.enter(index));
    STAVE_TRY(require(options, "options"));
    return write_disk_index_options(index->options, options);
  });
}

stave_status stave_disk_index_close(stave_disk_index* index, stave_error* error) {
  return guarded(error, [&]() -> Status { return close_handle(index); });
}

void stave_disk_index_free(stave_disk_index* index) {
  free_handle(index);
}

stave_status stave_disk_index_put(stave_disk_index* index, const void* key, size_t size_of_key,
                                  const void* record, size_t record_size, stave_error* error) {
  return guarded(error, [&]() -> Status {
    DiskIndexCall call;
    STAVE_TRY(call.enter(index));
    STAVE_TRY(require_disk_index_key(key, size_of_key));
    STAVE_TRY(require_record(call.index(), record, record_size));
    return call.index().put(disk_index_key(key), as_bytes(record, record_size));
  });
}

stave_status stave_disk_index_insert(stave_disk_index* index, const void* key, size_t size_of_key,
                                     const void* record, size_t record_size, stave_error* error) {
  return guarded(error, [&]() -> Status {
    DiskIndexCall call;
    STAVE_TRY(call.enter(index));
    STAVE_TRY(require_disk_index_key(key, size_of_key));
    STAVE_TRY(require_record(call.index(), record, record_size));
    return call.index().insert(disk_index_key(key), as_bytes(record, record_size));
  });
}

stave_status stave_disk_index_remove(stave_disk_index* index, const void* key, size_t size_of_key,
                                     stave_error* error) {
  return guarded(error, [&]() -> Status {
    DiskIndexCall call;
    STAVE_TRY(call.enter(index));
    STAVE_TRY(require_disk_index_key(key, size_of_key));
    return call.index().remove(disk_index_key(key));
  });
}

stave_status stave_disk_index_multi_put(stave_disk_index* index, const void* keys,
                                        const void* records, size_t record_size, size_t count,
                                        size_t* done, stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (done != nullptr) *done = 0;
    DiskIndexCall call;
    STAVE_TRY(call.enter(index));
    if (count == 0) return {};
    STAVE_TRY(require(keys, "keys"));
    STAVE_TRY(require_record(call.index(), records, record_size));
    size_t put = 0;
    const Status status = call.index().multi_put(as_bytes(keys, count * key_size),
                                                 as_bytes(records, count * record_size), &put);
    if (done != nullptr) *done = put;
    return status;
  });
}

stave_status stave_disk_index_get(stave_disk_index* index, const void* key, size_t size_of_key,
                                  void* record, size_t record_size, stave_error* error) {
  return guarded(error, [&]() -> Status {
    DiskIndexCall call;
    STAVE_TRY(call.enter(index));
    STAVE_TRY(require_disk_index_key(key, size_of_key));
    STAVE_TRY(require_record(call.index(), record, record_size));
    return call.index().get(disk_index_key(key), {static_cast<std::byte*>(record), record_size});
  });
}

stave_status stave_disk_index_contains(stave_disk_index* index, const void* key, size_t size_of_key,
                                       stave_error* error) {
  return guarded(error, [&]() -> Status {
    DiskIndexCall call;
    STAVE_TRY(call.enter(index));
    STAVE_TRY(require_disk_index_key(key, size_of_key));
    return call.index().contains(disk_index_key(key));
  });
}

stave_status stave_disk_index_multi_get(stave_disk_index* index, const void* keys, size_t count,
                                        void* records, size_t record_size, uint8_t* found,
                                        stave_error* error) {
  return guarded(error, [&]() -> Status {
    DiskIndexCall call;
    STAVE_TRY(call.enter(index));
    if (count == 0) return {};
    STAVE_TRY(require(keys, "keys"));
    STAVE_TRY(require_record(call.index(), records, record_size));
    STAVE_TRY(require(found, "found"));
    return call.index().multi_get(
        as_bytes(keys, count * key_size),
        MutableBytes(static_cast<std::byte*>(records), count * record_size), {found, count});
  });
}

stave_status stave_disk_index_size(stave_disk_index* index, uint64_t* size, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(size, "size"));
    *size = 0;
    DiskIndexCall call;
    STAVE_TRY(call.enter(index));
    *size = call.index().size();
    return {};
  });
}
