// The cow_map family: making, copying and ending maps, and reading them.
#include <stave/cow_map.h>

#include <array>
#include <cstring>
#include <memory>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/cow_map_handle.h"
#include "capi/error.h"
#include "capi/pin.h"
#include "core/os/posix_file_system.h"

using stave::Bytes;
using stave::Code;
using stave::Status;
using namespace stave::capi;
using stave::cow_map::ValuePin;

stave_status stave_cow_map_create(const stave_cow_map_options* options, stave_cow_map** map,
                                  stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(map, "map"));
    *map = nullptr;
    const auto checked = cow_map_options(options);
    if (!checked) return checked.status();
    std::array<std::byte, sizeof(uint64_t)> random;
    STAVE_TRY(stave::os::posix_file_system().random(random));
    uint64_t seed = 0;
    std::memcpy(&seed, random.data(), sizeof seed);
    auto handle = std::make_unique<stave_cow_map>();
    STAVE_TRY(handle->map.create(*checked, seed));
    *map = handle.release();
    return {};
  });
}

stave_status stave_cow_map_clone(stave_cow_map* map, stave_cow_map** clone, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(clone, "clone"));
    *clone = nullptr;
    CowMapCall call;
    STAVE_TRY(call.enter(map));
    auto handle = std::make_unique<stave_cow_map>();
    STAVE_TRY(handle->map.clone_from(map->map));
    *clone = handle.release();
    return {};
  });
}

stave_status stave_cow_map_options_get(stave_cow_map* map, stave_cow_map_options* options,
                                       stave_error* error) {
  return guarded(error, [&]() -> Status {
    CowMapCall call;
    STAVE_TRY(call.enter_to_read(map));
    STAVE_TRY(require(options, "options"));
    return write_cow_map_options(map->map.options(), options);
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
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(size, "size"));
    *size = 0;
    CowMapCall call;
    STAVE_TRY(call.enter_to_read(map));
    STAVE_TRY(require_bytes(data, capacity, "data"));
    return map->map.get(key, [&](Bytes value) {
      *size = value.size();
      if (value.size() > capacity) return Code::buffer_too_small;
      if (data != nullptr) copy_value(static_cast<std::byte*>(data), value);
      return Code::ok;
    });
  });
}

stave_status stave_cow_map_contains(stave_cow_map* map, int64_t key, stave_error* error) {
  return guarded(error, [&]() -> Status {
    CowMapCall call;
    STAVE_TRY(call.enter_to_read(map));
    return map->map.contains(key);
  });
}

stave_status stave_cow_map_get_buffer(stave_cow_map* map, int64_t key, stave_buffer* value,
                                      stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check_buffer(value, "value"));
    value->size = 0;
    CowMapCall call;
    STAVE_TRY(call.enter_to_read(map));
    return map->map.get(key, [&](Bytes found) {
      if (!resize_for_overwrite(*value, found.size())) return Code::no_memory;
      copy_value(static_cast<std::byte*>(value->data), found);
      return Code::ok;
    });
  });
}

stave_status stave_cow_map_get_pin(stave_cow_map* map, int64_t key, stave_pin** pin,
                                   stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(pin, "pin"));
    *pin = nullptr;
    CowMapCall call;
    STAVE_TRY(call.enter_to_read(map));
    auto handle = std::make_unique<stave_pin>();
    auto pinned = map->map.get_pin(key);
    if (!pinned) return pinned.status();
    auto value = std::make_shared<ValuePin>(*std::move(pinned));
    handle->bytes = value->bytes();
    handle->owner = std::move(value);
    *pin = handle.release();
    return {};
  });
}

stave_status stave_cow_map_size(stave_cow_map* map, uint64_t* size, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(size, "size"));
    *size = 0;
    CowMapCall call;
    STAVE_TRY(call.enter_to_read(map));
    *size = map->map.size();
    return {};
  });
}

stave_status stave_cow_map_is_empty(stave_cow_map* map, uint8_t* is_empty, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(is_empty, "is_empty"));
    *is_empty = 0;
    CowMapCall call;
    STAVE_TRY(call.enter_to_read(map));
    *is_empty = map->map.size() == 0 ? 1 : 0;
    return {};
  });
}

stave_status stave_cow_map_multi_get(stave_cow_map* map, const int64_t* keys, size_t count,
                                     stave_buffer* values, uint64_t* value_sizes,
                                     stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check_buffer(values, "values"));
    values->size = 0;
    CowMapCall call;
    STAVE_TRY(call.enter_to_read(map));
    if (count == 0) return {};
    STAVE_TRY(require(keys, "keys"));
    STAVE_TRY(require(value_sizes, "value_sizes"));
    return map->map.multi_get({keys, count}, [&](size_t i, const Bytes* value) {
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
  if (stats == nullptr) return;
  *stats = {};
  stats->struct_size = sizeof *stats;
}

stave_status stave_cow_map_stats_get(stave_cow_map* map, stave_cow_map_stats* stats,
                                     stave_error* error) {
  return guarded(error, [&]() -> Status {
    CowMapCall call;
    STAVE_TRY(call.enter(map));
    STAVE_TRY(require(stats, "stats"));
    const auto read = map->map.stats();
    if (!read) return read.status();
    stave_cow_map_stats whole;
    stave_cow_map_stats_init(&whole);
    whole.entries = read->entries;
    whole.shared_bytes = read->shared_bytes;
    whole.own_bytes = read->own_bytes;
    return write_struct(abi_struct<stave_cow_map_stats>("stave_cow_map_stats"), &whole, stats);
  });
}
