// The disk_index family: opening, closing, and calls on keys.
#include <stave/disk_index.h>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/calls.h"
#include "capi/disk_index_handle.h"
#include "core/os/posix_file_system.h"

using stave::as_bytes;
using stave::MutableBytes;
using stave::Status;
using namespace stave::capi;
using stave::disk_index::DiskIndex;
using stave::disk_index::Key;
using stave::disk_index::key_size;

stave_status stave_disk_index_open(const char* path, const stave_disk_index_options* options,
                                   stave_disk_index** index, stave_error* error) {
  return guarded(error, [&] {
    // What may fail for want of memory comes before there is an index, which would have to be
    // closed.
    return make_handle(index, "index", [&](stave_disk_index& handle) -> Status {
      STAVE_TRY(require_path(path));
      STAVE_TRY_ASSIGN(const auto checked, disk_index_options(options));
      STAVE_TRY_ASSIGN(auto opened, DiskIndex::open(stave::os::posix_file_system(), path,
                                                    core_options(checked)));
      handle.core = std::move(opened);
      handle.options = checked;
      handle.options.record_size = handle.core->record_size();
      return {};
    });
  });
}

stave_status stave_disk_index_options_get(stave_disk_index* index,
                                          stave_disk_index_options* options, stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex&) -> Status {
    STAVE_TRY(require(options, "options"));
    return write_struct("stave_disk_index_options", index->options, options);
  });
}

stave_status stave_disk_index_close(stave_disk_index* index, stave_error* error) {
  return guarded(error, [&] { return close_handle(index); });
}

void stave_disk_index_free(stave_disk_index* index) {
  free_handle(index);
}

stave_status stave_disk_index_put(stave_disk_index* index, const void* key, size_t size_of_key,
                                  const void* record, size_t record_size, stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex& core) -> Status {
    Key read;
    STAVE_TRY(read_key(key, size_of_key, &read));
    STAVE_TRY(require_record(core, record, record_size));
    return core.put(read, as_bytes(record, record_size));
  });
}

stave_status stave_disk_index_insert(stave_disk_index* index, const void* key, size_t size_of_key,
                                     const void* record, size_t record_size, stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex& core) -> Status {
    Key read;
    STAVE_TRY(read_key(key, size_of_key, &read));
    STAVE_TRY(require_record(core, record, record_size));
    return core.insert(read, as_bytes(record, record_size));
  });
}

stave_status stave_disk_index_remove(stave_disk_index* index, const void* key, size_t size_of_key,
                                     stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex& core) -> Status {
    Key read;
    STAVE_TRY(read_key(key, size_of_key, &read));
    return core.remove(read);
  });
}

stave_status stave_disk_index_multi_put(stave_disk_index* index, const void* keys,
                                        const void* records, size_t record_size, size_t count,
                                        size_t* done, stave_error* error) {
  if (done != nullptr) *done = 0;
  return guarded_call(error, index, [&](DiskIndex& core) -> Status {
    if (count == 0) return {};
    STAVE_TRY(require(keys, "keys"));
    STAVE_TRY(require_record(core, records, record_size));
    size_t put = 0;
    Status status = core.multi_put(as_bytes(keys, count * key_size),
                                   as_bytes(records, count * record_size), &put);
    if (done != nullptr) *done = put;
    return status;
  });
}

stave_status stave_disk_index_get(stave_disk_index* index, const void* key, size_t size_of_key,
                                  void* record, size_t record_size, stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex& core) -> Status {
    Key read;
    STAVE_TRY(read_key(key, size_of_key, &read));
    STAVE_TRY(require_record(core, record, record_size));
    return core.get(read, {static_cast<std::byte*>(record), record_size});
  });
}

stave_status stave_disk_index_contains(stave_disk_index* index, const void* key, size_t size_of_key,
                                       stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex& core) -> Status {
    Key read;
    STAVE_TRY(read_key(key, size_of_key, &read));
    return core.contains(read);
  });
}

stave_status stave_disk_index_multi_get(stave_disk_index* index, const void* keys, size_t count,
                                        void* records, size_t record_size, uint8_t* found,
                                        stave_error* error) {
  return guarded_call(error, index, [&](DiskIndex& core) -> Status {
    if (count == 0) return {};
    STAVE_TRY(require(keys, "keys"));
    STAVE_TRY(require_record(core, records, record_size));
    STAVE_TRY(require(found, "found"));
    return core.multi_get(as_bytes(keys, count * key_size),
                          MutableBytes(static_cast<std::byte*>(records), count * record_size),
                          {found, count});
  });
}

stave_status stave_disk_index_size(stave_disk_index* index, uint64_t* size, stave_error* error) {
  return get_number(error, index, Access::any, size, "size", &DiskIndex::size);
}
