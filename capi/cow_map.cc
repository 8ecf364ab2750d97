// The cow_map family: making, copying and ending maps, and reading them.
#include <stave/cow_map.h>

#include <memory>
#include <span>
#include <utility>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/calls.h"
#include "capi/cow_map_handle.h"
#include "capi/error.h"
#include "capi/pin.h"
#include "capi/value_read.h"
#include "core/os/posix_file_system.h"

using stave::Bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;
using stave::cow_map::Map;
using stave::cow_map::ValuePin;

namespace {

// Copies the key's value to where receive(size) says.
template <typename Receive>
Status read(stave_cow_map* map, int64_t key, Receive&& receive) {
  Call<stave_cow_map> call;
  STAVE_TRY(call.enter(map, Access::brief));
  return call.core().get(key, [&](Bytes value) {
    deliver(receive, value);
    return Code::ok;
  });
}

}  // namespace

stave_status stave_cow_map_create(const stave_cow_map_options* options, stave_cow_map** map,
                                  stave_error* error) {
  return guarded(error, [&] {
    return make_handle(map, "map", [&](stave_cow_map& handle) -> Status {
      STAVE_TRY_ASSIGN(const auto checked, cow_map_options(options));
      uint64_t seed = 0;
      STAVE_TRY(stave::os::posix_file_system().random(std::as_writable_bytes(std::span(&seed, 1))));
      return handle.core->create(checked, seed);
    });
  });
}

stave_status stave_cow_map_clone(stave_cow_map* map, stave_cow_map** clone, stave_error* error) {
  return guarded(error, [&] {
    return make_handle(clone, "clone", [&](stave_cow_map& handle) -> Status {
      Call<stave_cow_map> call;
      STAVE_TRY(call.enter(map));
      return handle.core->clone_from(call.core());
    });
  });
}

stave_status stave_cow_map_options_get(stave_cow_map* map, stave_cow_map_options* options,
                                       stave_error* error) {
  return guarded_call(error, map, Access::brief, [&](Map& core) -> Status {
    STAVE_TRY(require(options, "options"));
    return write_cow_map_options(core.options(), options);
  });
}

stave_status stave_cow_map_close(stave_cow_map* map, stave_error* error) {
  return guarded(error, [&] { return close_handle(map); });
}

void stave_cow_map_free(stave_cow_map* map) {
  free_handle(map);
}

stave_status stave_cow_map_get(stave_cow_map* map, int64_t key, void* data, size_t capacity,
                               size_t* size, stave_error* error) {
  return guarded(error, [&] {
    return read_to_memory(data, capacity, size,
                          [&](auto&& receive) { return read(map, key, receive); });
  });
}

stave_status stave_cow_map_contains(stave_cow_map* map, int64_t key, stave_error* error) {
  return guarded_call(error, map, Access::brief, [&](Map& core) { return core.contains(key); });
}

stave_status stave_cow_map_get_buffer(stave_cow_map* map, int64_t key, stave_buffer* value,
                                      stave_error* error) {
  return guarded(error, [&] {
    return read_to_buffer(value, [&](auto&& receive) { return read(map, key, receive); });
  });
}

stave_status stave_cow_map_get_pin(stave_cow_map* map, int64_t key, stave_pin** pin,
                                   stave_error* error) {
  return guarded(error, [&] {
    return make_handle(pin, "pin", [&](stave_pin& made) -> Status {
      Call<stave_cow_map> call;
      STAVE_TRY(call.enter(map, Access::brief));
      STAVE_TRY_ASSIGN(auto pinned, call.core().get_pin(key));
      auto value = std::make_shared<ValuePin>(std::move(pinned));
      made.bytes = value->bytes();
      made.owner = std::move(value);
      return {};
    });
  });
}

stave_status stave_cow_map_size(stave_cow_map* map, uint64_t* size, stave_error* error) {
  return get_number(error, map, Access::brief, size, "size", &Map::size);
}

stave_status stave_cow_map_is_empty(stave_cow_map* map, uint8_t* is_empty, stave_error* error) {
  return get_number(error, map, Access::brief, is_empty, "is_empty",
                    [](Map& core) { return core.size() == 0; });
}

stave_status stave_cow_map_multi_get(stave_cow_map* map, const int64_t* keys, size_t count,
                                     stave_buffer* values, uint64_t* value_sizes,
                                     stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check_buffer(values, "values"));
    values->size = 0;
    Call<stave_cow_map> call;
    STAVE_TRY(call.enter(map, Access::brief));
    if (count == 0) return {};
    STAVE_TRY(require(keys, "keys"));
    STAVE_TRY(require(value_sizes, "value_sizes"));
    return call.core().multi_get({keys, count}, [&](size_t i, const Bytes* value) {
      value_sizes[i] = value == nullptr ? STAVE_ABSENT : value->size();
      if (value == nullptr) return Code::ok;
      std::byte* added = nullptr;
      if (!extend_inline(*values, value->size(), &added)) return Code::no_memory;
      copy_value(added, *value);
      return Code::ok;
    });
  });
}

void stave_cow_map_stats_init(stave_cow_map_stats* stats) {
  init_struct(stats);
}

stave_status stave_cow_map_stats_get(stave_cow_map* map, stave_cow_map_stats* stats,
                                     stave_error* error) {
  return guarded_call(error, map, [&](Map& core) -> Status {
    STAVE_TRY(require(stats, "stats"));
    STAVE_TRY_ASSIGN(const auto now, core.stats());
    stave_cow_map_stats filled = {};
    filled.entries = now.entries;
    filled.shared_bytes = now.shared_bytes;
    filled.own_bytes = now.own_bytes;
    return write_struct("stave_cow_map_stats", filled, stats);
  });
}
