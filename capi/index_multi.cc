// The index family: many keys in one call.
#include <stave/index.h>

#include <algorithm>
#include <array>
#include <span>

#include "capi/barrier.h"
#include "capi/error.h"
#include "capi/flat_bytes.h"
#include "capi/index_handle.h"
#include "core/base/limits.h"
#include "core/index/owned_index.h"

using stave::Bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;
using stave::index::Index;

namespace {

// Keys are handed to the core in groups that fit on the stack, so that nothing is allocated. Enough
// for the core to have many memory accesses under way.
constexpr size_t group_size = 128;

struct Group {
  std::array<Bytes, group_size> keys;
  std::array<Index::Slot, group_size> slots;
};

// The core's index by its type; null when it is of another one.
template <typename Owned>
Owned* owned(stave_index& handle) noexcept {
  constexpr auto mode =
      Owned::whole_size == sizeof(uint64_t) ? STAVE_KEYS_OWNED : STAVE_KEYS_OWNED16;
  return handle.options.key_mode == mode ? &Owned::of(*handle.core) : nullptr;
}

// Whole keys, of which an index with keys of its own needs no more than where they begin. False
// when it is another index or some are others.
template <typename Owned>
bool get_whole_keys(Owned* owned, FlatBytes& keys, std::span<const uint32_t> key_sizes,
                    uint64_t* values, uint8_t* found) noexcept {
  const auto is_whole = [](uint32_t size) { return size == Owned::whole_size; };
  if (owned == nullptr || !std::all_of(key_sizes.begin(), key_sizes.end(), is_whole)) return false;
  const size_t count = key_sizes.size();
  owned->find_whole_keys(keys.take(count * Owned::whole_size).data(), count, values, found);
  return true;
}

Status get_group(stave_index& handle, FlatBytes& keys, std::span<const uint32_t> key_sizes,
                 uint64_t* values, uint8_t* found) {
  if (get_whole_keys(owned<stave::index::OwnedIndex>(handle), keys, key_sizes, values, found) ||
      get_whole_keys(owned<stave::index::OwnedIndex16>(handle), keys, key_sizes, values, found)) {
    return {};
  }
  const Index& index = *handle.core;
  const size_t count = key_sizes.size();
  Group group;
  for (size_t i = 0; i < count; i++) {
    const Bytes key = keys.take(key_sizes[i]);
    // One that is too large to be there: another one is looked for in its place.
    group.keys[i] = key.size() <= stave::key_size_max ? key : Bytes();
  }
  STAVE_TRY(
      index.multi_get(std::span(group.keys).first(count), std::span(group.slots).first(count)));
  for (size_t i = 0; i < count; i++) {
    const bool is_found = group.slots[i].code == Code::ok && key_sizes[i] <= stave::key_size_max;
    found[i] = is_found ? 1 : 0;
    values[i] = is_found ? group.slots[i].value : 0;
  }
  return {};
}

Status put_group(Index& index, FlatBytes& keys, std::span<const uint32_t> key_sizes,
                 const uint64_t* values, uint64_t* previous, uint8_t* existed, size_t& done) {
  Group group;
  const size_t count = key_sizes.size();
  for (size_t i = 0; i < count; i++) {
    group.keys[i] = keys.take(key_sizes[i]);
    group.slots[i].code = Code::internal;  // until its turn has come
  }
  const Status status = index.multi_put(std::span(group.keys).first(count), {values, count},
                                        std::span(group.slots).first(count));
  for (size_t i = 0; i < count; i++) {
    const Code code = group.slots[i].code;
    if (Status(code).is_error()) break;
    if (previous != nullptr) previous[i] = group.slots[i].value;
    if (existed != nullptr) existed[i] = code == Code::ok ? 1 : 0;
    done++;
  }
  return status;
}

}  // namespace

stave_status stave_index_multi_get(stave_index* index, const void* keys, const uint32_t* key_sizes,
                                   size_t count, uint64_t* values, uint8_t* found,
                                   stave_error* error) {
  return guarded(error, [&]() -> Status {
    IndexCall call;
    STAVE_TRY(call.enter_to_read(index));
    STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
    if (count != 0) {
      STAVE_TRY(require(values, "values"));
      STAVE_TRY(require(found, "found"));
    }
    FlatBytes key_bytes(keys);
    for (size_t begin = 0; begin < count; begin += group_size) {
      const std::span sizes(key_sizes + begin, std::min(group_size, count - begin));
      STAVE_TRY(get_group(*index, key_bytes, sizes, values + begin, found + begin));
    }
    return {};
  });
}

stave_status stave_index_multi_put(stave_index* index, const void* keys, const uint32_t* key_sizes,
                                   size_t count, const uint64_t* values, uint64_t* previous,
                                   uint8_t* existed, size_t* done, stave_error* error) {
  size_t put = 0;
  const stave_status status = guarded(error, [&]() -> Status {
    IndexCall call;
    STAVE_TRY(call.enter_to_write(index));
    STAVE_TRY(check_flat(keys, key_sizes, count, "keys"));
    if (count != 0) STAVE_TRY(require(values, "values"));
    FlatBytes key_bytes(keys);
    for (size_t begin = 0; begin < count; begin += group_size) {
      const std::span sizes(key_sizes + begin, std::min(group_size, count - begin));
      STAVE_TRY(put_group(call.index(), key_bytes, sizes, values + begin,
                          previous != nullptr ? previous + begin : nullptr,
                          existed != nullptr ? existed + begin : nullptr, put));
    }
    return {};
  });
  if (done != nullptr) *done = put;
  return status;
}
