// The index family: creating, closing, one key, many keys.
#include <stave/index.h>

#include <memory>
#include <optional>
#include <span>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/calls.h"
#include "capi/error.h"
#include "capi/flat_bytes.h"
#include "capi/index_handle.h"
#include "capi/output.h"
#include "core/base/hash.h"
#include "core/os/posix_file_system.h"

using stave::as_bytes;
using stave::Status;
using namespace stave::capi;

Status stave_index::create() {
  while (options.seed == 0)
    STAVE_TRY(
        stave::os::posix_file_system().random(std::as_writable_bytes(std::span(&options.seed, 1))));
  STAVE_TRY_ASSIGN(auto created,
                   stave::index::Index::create(
                       {.capacity = options.capacity,
                        .shards = options.shards,
                        .seed = options.seed,
                        .value_bits = options.value_bits,
                        .inline_key_size = options.key_mode == STAVE_KEYS_OWNED16 ? 16U : 8U,
                        .resolver = is_resolved() ? &resolver : nullptr}));
  core = std::move(created);
  return {};
}

namespace stave::capi {

namespace {

// A call's key, with a hash of the caller's or the index's own.
index::Index::Key key_of(const void* data, size_t size) noexcept {
  return as_bytes(data, size);
}
index::Index::Key key_of(const void* data, size_t size, uint64_t hash) noexcept {
  return {as_bytes(data, size), hash};
}
Status check_key(const index::Index::Key& key) {
  return require_bytes(key.bytes.data(), key.bytes.size(), "key");
}

// What the calls with one key do. They are inlined, so that a key and a change stay in registers.
[[gnu::always_inline]] inline Status get(stave_index* handle, const index::Index::Key& key,
                                         uint64_t* value) {
  STAVE_TRY(require(value, "value"));
  Output output(value);
  Call<stave_index> call;
  STAVE_TRY(call.enter(handle, Access::read));
  STAVE_TRY(check_key(key));
  uint64_t found = 0;
  Status failure;
  const Code code = call.core().find(key, &found, &failure);
  if (code == Code::ok) output.set(found);
  return failure.ok() ? Status(code) : failure;
}

// All changes of one key. Of a key that was present, *previous is the value and *existed 1; both
// may be null.
[[gnu::always_inline]] inline Status update(stave_index* handle, const index::Index::Key& key,
                                            const index::Index::Change& change, uint64_t* previous,
                                            uint8_t* existed = nullptr) {
  Output previous_output(previous);
  Output existed_output(existed);
  Call<stave_index> call;
  STAVE_TRY(call.enter(handle, Access::brief));
  STAVE_TRY(check_key(key));
  Status failure;
  const index::Index::Outcome outcome = call.core().update(key, change, &failure);
  if (outcome.was_present) {
    previous_output.set(outcome.previous);
    existed_output.set(1);
  }
  return failure.ok() ? Status(outcome.code) : failure;
}

// Like update() for actions that expect a value: *actual is set on a mismatch only.
[[gnu::always_inline]] inline Status update_if(stave_index* handle, const index::Index::Key& key,
                                               const index::Index::Change& change,
                                               uint64_t* actual) {
  uint64_t previous = 0;
  Status status = update(handle, key, change, &previous);
  if (actual != nullptr) *actual = status.is(Code::mismatch) ? previous : 0;
  return status;
}

index::Index::FlatKeys flat_keys(const void* keys, const uint32_t* sizes, size_t count) noexcept {
  return {static_cast<const std::byte*>(keys), {sizes, count}};
}

}  // namespace

}  // namespace stave::capi

using stave::index::Index;
using Action = Index::Action;

// ---- Creating and closing ----------------------------------------------------------------------

stave_status stave_index_create(const stave_index_options* options,
                                const stave_index_resolver* resolver, stave_index** index,
                                stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(index, "index"));
    *index = nullptr;
    STAVE_TRY_ASSIGN(const auto checked, index_options(options));
    stave_index_resolver functions;
    STAVE_TRY(check_resolver(checked, resolver, &functions));
    auto handle = std::make_unique<stave_index>(functions, checked);
    STAVE_TRY(handle->create());
    handle->resolver.own_context();
    *index = handle.release();
    return {};
  });
}

stave_status stave_index_options_get(stave_index* index, stave_index_options* options,
                                     stave_error* error) {
  return guarded_call(error, index, Access::read, [&](Index& core) -> Status {
    STAVE_TRY(require(options, "options"));
    stave_index_options in_force = index->options;
    in_force.shards = static_cast<uint32_t>(core.stats().shards.size());
    return write_struct("stave_index_options", in_force, options);
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
  return guarded(error, [&] {
    return update(index, key_of(key, key_size), {Action::put, value}, previous, existed);
  });
}

stave_status stave_index_insert(stave_index* index, const void* key, size_t key_size,
                                uint64_t value, uint64_t* existing, stave_error* error) {
  return guarded(error, [&] {
    return update(index, key_of(key, key_size), {Action::insert, value}, existing);
  });
}

stave_status stave_index_compare_and_swap(stave_index* index, const void* key, size_t key_size,
                                          uint64_t expected, uint64_t desired, uint64_t* actual,
                                          stave_error* error) {
  return guarded(error, [&] {
    return update_if(index, key_of(key, key_size), {Action::compare_and_swap, desired, expected},
                     actual);
  });
}

stave_status stave_index_get(stave_index* index, const void* key, size_t key_size, uint64_t* value,
                             stave_error* error) {
  return guarded(error, [&] { return get(index, key_of(key, key_size), value); });
}

stave_status stave_index_contains(stave_index* index, const void* key, size_t key_size,
                                  stave_error* error) {
  uint64_t value = 0;
  return guarded(error, [&] { return get(index, key_of(key, key_size), &value); });
}

stave_status stave_index_remove(stave_index* index, const void* key, size_t key_size,
                                uint64_t* previous, stave_error* error) {
  return guarded(error,
                 [&] { return update(index, key_of(key, key_size), {Action::remove}, previous); });
}

stave_status stave_index_remove_if(stave_index* index, const void* key, size_t key_size,
                                   uint64_t expected, uint64_t* actual, stave_error* error) {
  return guarded(error, [&] {
    return update_if(index, key_of(key, key_size), {Action::remove_if, 0, expected}, actual);
  });
}

// ---- One key whose hash is known ---------------------------------------------------------------

stave_status stave_index_hash(stave_index* index, const void* key, size_t key_size, uint64_t* hash,
                              stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(hash, "hash"));
    Output output(hash);
    Call<stave_index> call;
    STAVE_TRY(call.enter(index, Access::read));
    STAVE_TRY(require_bytes(key, key_size, "key"));
    output.set(call.core().hash(as_bytes(key, key_size)));
    return {};
  });
}

uint64_t stave_index_hash_with_seed(uint64_t seed, const void* key, size_t key_size) {
  return stave::hash64(as_bytes(key, key_size), seed);
}

stave_status stave_index_put_hashed(stave_index* index, const void* key, size_t key_size,
                                    uint64_t hash, uint64_t value, uint64_t* previous,
                                    uint8_t* existed, stave_error* error) {
  return guarded(error, [&] {
    return update(index, key_of(key, key_size, hash), {Action::put, value}, previous, existed);
  });
}

stave_status stave_index_insert_hashed(stave_index* index, const void* key, size_t key_size,
                                       uint64_t hash, uint64_t value, uint64_t* existing,
                                       stave_error* error) {
  return guarded(error, [&] {
    return update(index, key_of(key, key_size, hash), {Action::insert, value}, existing);
  });
}

stave_status stave_index_compare_and_swap_hashed(stave_index* index, const void* key,
                                                 size_t key_size, uint64_t hash, uint64_t expected,
                                                 uint64_t desired, uint64_t* actual,
                                                 stave_error* error) {
  return guarded(error, [&] {
    return update_if(index, key_of(key, key_size, hash),
                     {Action::compare_and_swap, desired, expected}, actual);
  });
}

stave_status stave_index_get_hashed(stave_index* index, const void* key, size_t key_size,
                                    uint64_t hash, uint64_t* value, stave_error* error) {
  return guarded(error, [&] { return get(index, key_of(key, key_size, hash), value); });
}

stave_status stave_index_contains_hashed(stave_index* index, const void* key, size_t key_size,
                                         uint64_t hash, stave_error* error) {
  uint64_t value = 0;
  return guarded(error, [&] { return get(index, key_of(key, key_size, hash), &value); });
}

stave_status stave_index_remove_hashed(stave_index* index, const void* key, size_t key_size,
                                       uint64_t hash, uint64_t* previous, stave_error* error) {
  return guarded(error, [&] {
    return update(index, key_of(key, key_size, hash), {Action::remove}, previous);
  });
}

stave_status stave_index_remove_if_hashed(stave_index* index, const void* key, size_t key_size,
                                          uint64_t hash, uint64_t expected, uint64_t* actual,
                                          stave_error* error) {
  return guarded(error, [&] {
    return update_if(index, key_of(key, key_size, hash), {Action::remove_if, 0, expected}, actual);
  });
}

// ---- Many keys in one call ---------------------------------------------------------------------

stave_status stave_index_multi_get(stave_index* index, const void* keys, const uint32_t* key_sizes,
                                   size_t count, uint64_t* values, uint8_t* found,
                                   stave_error* error) {
  return guarded_call(error, index, Access::read, [&](Index& core) -> Status {
    STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
    if (count != 0) {
      STAVE_TRY(require(values, "values"));
      STAVE_TRY(require(found, "found"));
    }
    return core.multi_get(flat_keys(keys, key_sizes, count), values, found);
  });
}

stave_status stave_index_multi_put(stave_index* index, const void* keys, const uint32_t* key_sizes,
                                   size_t count, const uint64_t* values, uint64_t* previous,
                                   uint8_t* existed, size_t* done, stave_error* error) {
  Output output(done);
  return guarded_call(error, index, Access::brief, [&](Index& core) -> Status {
    STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
    if (count != 0) STAVE_TRY(require(values, "values"));
    size_t put = 0;
    Status status =
        core.multi_put(flat_keys(keys, key_sizes, count), values, previous, existed, &put);
    output.set(put);
    return status;
  });
}
