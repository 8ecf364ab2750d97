// The index family: creating, closing, one key.
#include <stave/index.h>

#include <memory>
#include <optional>
#include <span>

#include "capi/barrier.h"
#include "capi/error.h"
#include "capi/index_handle.h"
#include "capi/index_options.h"
#include "capi/output.h"
#include "core/base/limits.h"
#include "core/os/posix_file_system.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Result;
using stave::Status;
using namespace stave::capi;

Status stave_index::create() {
  while (options.seed == 0)
    STAVE_TRY(
        stave::os::posix_file_system().random(std::as_writable_bytes(std::span(&options.seed, 1))));
  auto created = stave::index::Index::create(
      {.capacity = options.capacity,
       .shards = options.shards,
       .seed = options.seed,
       .value_bits = options.value_bits,
       .inline_key_size = options.key_mode == STAVE_KEYS_OWNED16 ? 16U : 8U,
       .resolver = is_resolved() ? &resolver : nullptr});
  if (!created) return created.status();
  core = *std::move(created);
  return {};
}

namespace stave::capi {

namespace {

// The key of a call, with a hash of the caller's or the index's own.
struct KeyArgument {
  const void* data;
  size_t size;
  std::optional<uint64_t> hash = std::nullopt;

  Status check() const { return require_bytes(data, size, "key"); }
  bool is_too_large() const noexcept { return size > key_size_max; }
  index::Index::Key in(const index::Index& index) const noexcept {
    const Bytes bytes = as_bytes(data, size);
    return hash ? index::Index::Key{.bytes = bytes, .hash = *hash} : index.key(bytes);
  }
};

Status get(stave_index* handle, const KeyArgument& key, uint64_t* value) {
  STAVE_TRY(require(value, "value"));
  Output output(value);
  IndexCall call;
  STAVE_TRY(call.enter_to_read(handle));
  STAVE_TRY(key.check());
  if (key.is_too_large()) return Code::not_found;
  uint64_t found = 0;
  const Status status = call.index().get(key.in(call.index()), &found);
  if (status.ok()) output.set(found);
  return status;
}

Status put(stave_index* handle, const KeyArgument& key, uint64_t value, uint64_t* previous,
           uint8_t* existed) {
  Output previous_output(previous);
  Output existed_output(existed);
  IndexCall call;
  STAVE_TRY(call.enter_to_write(handle));
  STAVE_TRY(key.check());
  const auto replaced = call.index().put(key.in(call.index()), value);
  if (!replaced) return replaced.status();
  if (!replaced->has_value()) return {};
  previous_output.set(**replaced);
  existed_output.set(1);
  return {};
}

Status remove(stave_index* handle, const KeyArgument& key, uint64_t* previous) {
  Output output(previous);
  IndexCall call;
  STAVE_TRY(call.enter_to_write(handle));
  STAVE_TRY(key.check());
  const auto removed = call.index().remove(key.in(call.index()));
  if (!removed) return removed.status();
  if (!removed->has_value()) return Code::not_found;
  output.set(**removed);
  return {};
}

Status insert(stave_index* handle, const KeyArgument& key, uint64_t value, uint64_t* existing) {
  Output output(existing);
  IndexCall call;
  STAVE_TRY(call.enter_to_write(handle));
  STAVE_TRY(key.check());
  const auto present = call.index().insert_if_absent(key.in(call.index()), value);
  if (!present) return present.status();
  if (!present->has_value()) return {};
  output.set(**present);
  return Code::exists;
}

Status compare_and_swap(stave_index* handle, const KeyArgument& key, uint64_t expected,
                        uint64_t desired, uint64_t* actual) {
  Output output(actual);
  IndexCall call;
  STAVE_TRY(call.enter_to_write(handle));
  STAVE_TRY(key.check());
  uint64_t found = 0;
  const Status status =
      call.index().compare_and_swap(key.in(call.index()), expected, desired, &found);
  if (status.is(Code::mismatch)) output.set(found);
  return status;
}

Status remove_if(stave_index* handle, const KeyArgument& key, uint64_t expected, uint64_t* actual) {
  Output output(actual);
  IndexCall call;
  STAVE_TRY(call.enter_to_write(handle));
  STAVE_TRY(key.check());
  uint64_t found = 0;
  const Status status = call.index().remove_if(key.in(call.index()), expected, &found);
  if (status.is(Code::mismatch)) output.set(found);
  return status;
}

}  // namespace

}  // namespace stave::capi

// ---- Creating and closing ----------------------------------------------------------------------

stave_status stave_index_create(const stave_index_options* options,
                                const stave_index_resolver* resolver, stave_index** index,
                                stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(index, "index"));
    *index = nullptr;
    const Result<stave_index_options> checked = index_options(options);
    if (!checked) return checked.status();
    stave_index_resolver functions;
    STAVE_TRY(check_resolver(*checked, resolver, &functions));
    auto handle = std::make_unique<stave_index>(functions, *checked);
    STAVE_TRY(handle->create());
    handle->resolver.own_context();
    *index = handle.release();
    return {};
  });
}

stave_status stave_index_options_get(stave_index* index, stave_index_options* options,
                                     stave_error* error) {
  return guarded(error, [&]() -> Status {
    IndexCall call;
    STAVE_TRY(call.enter_to_read(index));
    STAVE_TRY(require(options, "options"));
    stave_index_options in_force = index->options;
    in_force.shards = static_cast<uint32_t>(call.index().stats().shards.size());
    return write_index_options(in_force, options);
  });
}

stave_status stave_index_close(stave_index* index, stave_error* error) {
  return guarded(error, [&] { return close_handle(index); });
}

void stave_index_free(stave_index* index) {
  free_handle(index);
}

// ---- One key -----------------------------------------------------------------------------------

stave_status stave_index_put(stave_index* index, const void* key, size_t key_size, uint64_t value,
                             uint64_t* previous, uint8_t* existed, stave_error* error) {
  return guarded(error, [&] { return put(index, {key, key_size}, value, previous, existed); });
}

stave_status stave_index_get(stave_index* index, const void* key, size_t key_size, uint64_t* value,
                             stave_error* error) {
  return guarded(error, [&] { return get(index, {key, key_size}, value); });
}

stave_status stave_index_contains(stave_index* index, const void* key, size_t key_size,
                                  stave_error* error) {
  uint64_t value = 0;
  return guarded(error, [&] { return get(index, {key, key_size}, &value); });
}

stave_status stave_index_remove(stave_index* index, const void* key, size_t key_size,
                                uint64_t* previous, stave_error* error) {
  return guarded(error, [&] { return remove(index, {key, key_size}, previous); });
}

stave_status stave_index_insert(stave_index* index, const void* key, size_t key_size,
                                uint64_t value, uint64_t* existing, stave_error* error) {
  return guarded(error, [&] { return insert(index, {key, key_size}, value, existing); });
}

stave_status stave_index_compare_and_swap(stave_index* index, const void* key, size_t key_size,
                                          uint64_t expected, uint64_t desired, uint64_t* actual,
                                          stave_error* error) {
  return guarded(error, [&] {
    return compare_and_swap(index, {key, key_size}, expected, desired, actual);
  });
}

stave_status stave_index_remove_if(stave_index* index, const void* key, size_t key_size,
                                   uint64_t expected, uint64_t* actual, stave_error* error) {
  return guarded(error, [&] { return remove_if(index, {key, key_size}, expected, actual); });
}

// ---- One key whose hash is known ---------------------------------------------------------------

stave_status stave_index_hash(stave_index* index, const void* key, size_t key_size, uint64_t* hash,
                              stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(hash, "hash"));
    Output output(hash);
    IndexCall call;
    STAVE_TRY(call.enter_to_read(index));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    output.set(call.index().hash(as_bytes(key, key_size)));
    return {};
  });
}

stave_status stave_index_put_hashed(stave_index* index, const void* key, size_t key_size,
                                    uint64_t hash, uint64_t value, uint64_t* previous,
                                    uint8_t* existed, stave_error* error) {
  return guarded(error, [&] {
    return put(index, {key, key_size, hash}, value, previous, existed);
  });
}

stave_status stave_index_insert_hashed(stave_index* index, const void* key, size_t key_size,
                                       uint64_t hash, uint64_t value, uint64_t* existing,
                                       stave_error* error) {
  return guarded(error, [&] { return insert(index, {key, key_size, hash}, value, existing); });
}

stave_status stave_index_compare_and_swap_hashed(stave_index* index, const void* key,
                                                 size_t key_size, uint64_t hash, uint64_t expected,
                                                 uint64_t desired, uint64_t* actual,
                                                 stave_error* error) {
  return guarded(error, [&] {
    return compare_and_swap(index, {key, key_size, hash}, expected, desired, actual);
  });
}

stave_status stave_index_get_hashed(stave_index* index, const void* key, size_t key_size,
                                    uint64_t hash, uint64_t* value, stave_error* error) {
  return guarded(error, [&] { return get(index, {key, key_size, hash}, value); });
}

stave_status stave_index_contains_hashed(stave_index* index, const void* key, size_t key_size,
                                         uint64_t hash, stave_error* error) {
  uint64_t value = 0;
  return guarded(error, [&] { return get(index, {key, key_size, hash}, &value); });
}

stave_status stave_index_remove_hashed(stave_index* index, const void* key, size_t key_size,
                                       uint64_t hash, uint64_t* previous, stave_error* error) {
  return guarded(error, [&] { return remove(index, {key, key_size, hash}, previous); });
}

stave_status stave_index_remove_if_hashed(stave_index* index, const void* key, size_t key_size,
                                          uint64_t hash, uint64_t expected, uint64_t* actual,
                                          stave_error* error) {
  return guarded(error, [&] { return remove_if(index, {key, key_size, hash}, expected, actual); });
}
