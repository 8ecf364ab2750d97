// Part of stave.hpp: the cow_map family, see cow_map.h.
#ifndef STAVE_COW_MAP_HPP
#define STAVE_COW_MAP_HPP

#include <stave/cow_map.h>
#include <stave/base.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace stave::inline v0 {

// set("values=fixed value_size=8")
struct MapOptions : detail::Options<stave_cow_map_options, stave_cow_map_options_init,
                                    stave_cow_map_options_set> {
  // All values have `size` bytes.
  static MapOptions fixed(std::uint32_t size) noexcept {
    MapOptions options;
    options.values = STAVE_VALUES_FIXED;
    options.value_size = size;
    return options;
  }
};

using MapStats = detail::Initialized<stave_cow_map_stats, stave_cow_map_stats_init>;

enum class Change : std::uint32_t {
  added = STAVE_CHANGE_ADDED,
  changed = STAVE_CHANGE_CHANGED,
  removed = STAVE_CHANGE_REMOVED,
};

class MapCursor : public detail::Handle<stave_cow_map_cursor, stave_cow_map_cursor_free,
                                        stave_cow_map_cursor_close> {
 public:
  using Handle::Handle;

  // Status::done behind the last entry.
  Result<void> next() noexcept { return call(stave_cow_map_cursor_next); }
  Result<std::int64_t> key() noexcept { return value_of<std::int64_t>(stave_cow_map_cursor_key); }
  // Valid until the cursor's next call.
  Result<Bytes> value() noexcept { return bytes_of(stave_cow_map_cursor_value); }
  // The number of entries read: as many as keys and sizes have room for at the most.
  Result<std::size_t> next_many(std::size_t bytes_max, std::span<std::int64_t> keys, Buffer& values,
                                std::span<std::uint64_t> sizes) noexcept {
    return value_of<std::size_t>(stave_cow_map_cursor_next_many,
                                 std::min(keys.size(), sizes.size()), bytes_max, keys.data(),
                                 &values, sizes.data());
  }
  Result<std::size_t> next_keys(std::span<std::int64_t> keys) noexcept {
    return value_of<std::size_t>(stave_cow_map_cursor_next_many, keys.size(), SIZE_MAX, keys.data(),
                                 nullptr, nullptr);
  }
  Result<std::size_t> next_values(std::size_t bytes_max, Buffer& values,
                                  std::span<std::uint64_t> sizes) noexcept {
    return value_of<std::size_t>(stave_cow_map_cursor_next_many, sizes.size(), bytes_max, nullptr,
                                 &values, sizes.data());
  }
};

class MapDiff
    : public detail::Handle<stave_cow_map_diff, stave_cow_map_diff_free, stave_cow_map_diff_close> {
 public:
  struct Step {
    Change change;
    std::int64_t key;
  };

  using Handle::Handle;

  // Status::done behind the last key.
  Result<Step> next() noexcept {
    detail::Call call;
    std::uint32_t change = 0;
    std::int64_t key = 0;
    const stave_status status = call.run(stave_cow_map_diff_next, raw(), &change, &key);
    return call.result(status, Step{static_cast<Change>(change), key});
  }
  // The key's values; Status::not_found where it has none.
  Result<Bytes> before() noexcept { return bytes_of(stave_cow_map_diff_before); }
  Result<Bytes> after() noexcept { return bytes_of(stave_cow_map_diff_after); }
};

class Map : public detail::Handle<stave_cow_map, stave_cow_map_free, stave_cow_map_close> {
 public:
  // Whether the key was there before, as those calls say that store a value where there is none.
  enum class Outcome : std::uint8_t { inserted, existed };

  using Handle::Handle;
  static Result<Map> create(const MapOptions& options = MapOptions()) noexcept {
    return detail::handle_of<Map>(stave_cow_map_create, &options);
  }
  Result<Map> clone() const noexcept { return handle_of<Map>(stave_cow_map_clone); }
  Result<MapOptions> options() const noexcept {
    return value_of<MapOptions>(stave_cow_map_options_get);
  }

  Result<Bytes> get(std::int64_t key, Buffer& buffer) const noexcept {
    return content_of(buffer, stave_cow_map_get_buffer, key, &buffer);
  }
  // The value's size is `size` on Status::buffer_too_small too.
  Result<void> get(std::int64_t key, std::span<std::byte> value, std::size_t& size) const noexcept {
    return call(stave_cow_map_get, key, value, &size);
  }
  Result<Pin> get_pin(std::int64_t key) const noexcept {
    return handle_of<Pin>(stave_cow_map_get_pin, key);
  }
  Result<bool> contains(std::int64_t key) const noexcept {
    return exists(stave_cow_map_contains, key);
  }
  Result<std::uint64_t> size() const noexcept { return number_of(stave_cow_map_size); }
  Result<bool> is_empty() const noexcept { return flag_of(stave_cow_map_is_empty); }
  // value_sizes has room for keys.size(); STAVE_ABSENT for an absent key.
  Result<void> multi_get(std::span<const std::int64_t> keys, Buffer& values,
                         std::span<std::uint64_t> value_sizes) const noexcept {
    if (value_sizes.size() < keys.size())
      return detail::invalid_argument("value_sizes is shorter than keys");
    return call(stave_cow_map_multi_get, keys.data(), keys.size(), &values, value_sizes.data());
  }

  // Whether the key had a value before, which goes into `previous` if that is given.
  Result<bool> put(std::int64_t key, Bytes value, Buffer* previous = nullptr) noexcept {
    detail::Call call;
    std::uint8_t replaced = 0;
    const stave_status status = call.run(stave_cow_map_put, raw(), key, value, &replaced, previous);
    return call.result(status, replaced != 0);
  }
  // Status::exists when the key does.
  Result<void> insert(std::int64_t key, Bytes value) noexcept {
    return call(stave_cow_map_insert, key, value);
  }
  // Status::not_found when the key is absent.
  Result<void> replace(std::int64_t key, Bytes value, Buffer* previous = nullptr) noexcept {
    return call(stave_cow_map_replace, key, value, previous);
  }
  // The values stand one after another. Each is a put of its own: replaced[i] (the span may be empty) is
  // 1 when keys[i] had a value. `done` (may be null) is the number of values stored, also on failure.
  Result<void> multi_put(std::span<const std::int64_t> keys, Bytes values,
                         std::span<const std::uint64_t> value_sizes,
                         std::span<std::uint8_t> replaced = {},
                         std::size_t* done = nullptr) noexcept {
    if (value_sizes.size() != keys.size() || !detail::fits(values, value_sizes) ||
        (!replaced.empty() && replaced.size() < keys.size()))
      return detail::invalid_argument("values, value_sizes or replaced do not fit keys");
    return call(stave_cow_map_multi_put, keys.data(), values.data(), value_sizes.data(),
                keys.size(), replaced.data(), done);
  }
  Result<void> remove(std::int64_t key, Buffer* removed = nullptr) noexcept {
    return call(stave_cow_map_remove, key, removed);
  }
  // edit(EditedValue&) changes the value; any Status but ok changes nothing and is returned.
  template <ValueEdit Edit>
  Result<void> modify(std::int64_t key, Edit&& edit) noexcept {
    return call(stave_cow_map_modify, key, detail::run_edit<Edit>, detail::context_of(edit));
  }
  Result<Outcome> get_or_insert(std::int64_t key, Bytes value, Buffer* result = nullptr) noexcept {
    return outcome_of(stave_cow_map_get_or_insert, key, value, result);
  }
  template <ValueEdit Make>
  Result<Outcome> get_or_insert_with(std::int64_t key, Make&& make,
                                     Buffer* result = nullptr) noexcept {
    return outcome_of(stave_cow_map_get_or_insert_with, key, detail::run_edit<Make>,
                      detail::context_of(make), result);
  }
  template <ValueEdit Edit>
  Result<Outcome> update_or_insert(std::int64_t key, Edit&& edit, Bytes value,
                                   Buffer* result = nullptr) noexcept {
    return outcome_of(stave_cow_map_update_or_insert, key, detail::run_edit<Edit>,
                      detail::context_of(edit), value, result);
  }
  Result<void> clear() noexcept { return call(stave_cow_map_clear); }
  Result<void> shrink_to_fit() noexcept { return call(stave_cow_map_shrink_to_fit); }
  Result<MapStats> stats() const noexcept { return value_of<MapStats>(stave_cow_map_stats_get); }
  Result<MapCursor> open_cursor() const noexcept {
    return handle_of<MapCursor>(stave_cow_map_cursor_open);
  }
  // What leads from this map to `after`.
  Result<MapDiff> diff(const Map& after) const noexcept {
    return handle_of<MapDiff>(stave_cow_map_diff_open, after.raw());
  }

 private:
  template <typename Function, typename... Arguments>
  Result<Outcome> outcome_of(Function function, Arguments... arguments) noexcept {
    detail::Call call;
    const stave_status status = call.run(function, raw(), arguments...);
    if (status == STAVE_EXISTS) return Outcome::existed;
    return call.result(status, Outcome::inserted);
  }
};

}  // namespace stave::inline v0

#endif  // STAVE_COW_MAP_HPP
