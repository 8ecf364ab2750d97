// Part of stave.hpp: the index family, see index.h.
#ifndef STAVE_INDEX_HPP
#define STAVE_INDEX_HPP

#include <stave/index.h>
#include <stave/base.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace stave::inline v0 {

// set("value_bits=44 capacity=1000000")
using IndexOptions =
    detail::Options<stave_index_options, stave_index_options_init, stave_index_options_set>;
using IndexStats = detail::Initialized<stave_index_stats, stave_index_stats_init>;
using IndexShardStats = detail::Initialized<stave_index_shard_stats, stave_index_shard_stats_init>;

// Knows the keys of a resolved index: stave_index_resolver. Called by many threads at once.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // Status::ok, mismatch, not_found, or an error.
  virtual Status compare(std::uint64_t value, Bytes key) = 0;
  // Status::ok, not_found, or an error.
  virtual Status hash(std::uint64_t value, std::uint64_t& hash) = 0;
};

class IndexCursor
    : public detail::Handle<stave_index_cursor, stave_index_cursor_free, stave_index_cursor_close> {
 public:
  using Handle::Handle;

  // Status::done behind the last entry.
  Result<void> next() noexcept { return call(stave_index_cursor_next); }
  // Of the entry it stands on.
  Result<std::uint64_t> value() noexcept { return number_of(stave_index_cursor_value); }
  // The bytes are valid until the cursor's next call.
  Result<Bytes> key() noexcept { return bytes_of(stave_index_cursor_key); }
  // The number of entries read, values.size() at the most.
  Result<std::size_t> next_many(std::span<std::uint64_t> values) noexcept {
    return value_of<std::size_t>(stave_index_cursor_next_many, values.size(), values.data(),
                                 std::size_t{0}, nullptr, nullptr);
  }
  // With their keys, one behind the other in `keys`.
  Result<std::size_t> next_many(std::span<std::uint64_t> values, std::size_t bytes_max,
                                Buffer& keys, std::span<std::uint32_t> key_sizes) noexcept {
    return value_of<std::size_t>(stave_index_cursor_next_many,
                                 std::min(values.size(), key_sizes.size()), values.data(),
                                 bytes_max, &keys, key_sizes.data());
  }
};

// Pointers that receive a second result may be null.
class Index : public detail::Handle<stave_index, stave_index_free, stave_index_close> {
 public:
  using Handle::Handle;
  static Result<Index> create(const IndexOptions& options = {}) noexcept {
    return create(options, nullptr);
  }
  // The key mode becomes `resolved`. The index owns the resolver until it is closed.
  static Result<Index> create_resolved(std::unique_ptr<Resolver> resolver,
                                       IndexOptions options = {}) noexcept {
    stave_index_resolver forward;
    stave_index_resolver_init(&forward);
    forward.compare = [](void* context, std::uint64_t value, const void* key, std::size_t size) {
      return static_cast<stave_status>(
          static_cast<Resolver*>(context)->compare(value, Bytes(key, size)));
    };
    forward.hash = [](void* context, std::uint64_t value, std::uint64_t* hash) {
      return static_cast<stave_status>(static_cast<Resolver*>(context)->hash(value, *hash));
    };
    forward.destroy = [](void* context) { delete static_cast<Resolver*>(context); };
    forward.context = resolver.get();
    options.key_mode = STAVE_KEYS_RESOLVED;
    Result<Index> index = create(options, &forward);
    if (index) static_cast<void>(resolver.release());
    return index;
  }

  Result<IndexOptions> options() noexcept {
    return value_of<IndexOptions>(stave_index_options_get);
  }

  // The value that was replaced, if any.
  Result<std::optional<std::uint64_t>> put(Bytes key, std::uint64_t value) noexcept {
    return replaced(stave_index_put, key, value);
  }
  // Status::exists when the key does; `existing` receives its value.
  Result<void> insert(Bytes key, std::uint64_t value, std::uint64_t* existing = nullptr) noexcept {
    return call(stave_index_insert, key, value, existing);
  }
  // Status::mismatch when the value is another one, which `actual` receives.
  Result<void> compare_and_swap(Bytes key, std::uint64_t expected, std::uint64_t desired,
                                std::uint64_t* actual = nullptr) noexcept {
    return call(stave_index_compare_and_swap, key, expected, desired, actual);
  }
  Result<std::uint64_t> get(Bytes key) noexcept { return number_of(stave_index_get, key); }
  Result<bool> contains(Bytes key) noexcept { return exists(stave_index_contains, key); }
  // The value that the key had.
  Result<std::uint64_t> remove(Bytes key) noexcept { return number_of(stave_index_remove, key); }
  Result<void> remove_if(Bytes key, std::uint64_t expected,
                         std::uint64_t* actual = nullptr) noexcept {
    return call(stave_index_remove_if, key, expected, actual);
  }

  // The same with a hash that the caller has.
  Result<std::uint64_t> hash(Bytes key) noexcept { return number_of(stave_index_hash, key); }
  Result<std::optional<std::uint64_t>> put_hashed(Bytes key, std::uint64_t hash,
                                                  std::uint64_t value) noexcept {
    return replaced(stave_index_put_hashed, key, hash, value);
  }
  Result<void> insert_hashed(Bytes key, std::uint64_t hash, std::uint64_t value,
                             std::uint64_t* existing = nullptr) noexcept {
    return call(stave_index_insert_hashed, key, hash, value, existing);
  }
  Result<void> compare_and_swap_hashed(Bytes key, std::uint64_t hash, std::uint64_t expected,
                                       std::uint64_t desired,
                                       std::uint64_t* actual = nullptr) noexcept {
    return call(stave_index_compare_and_swap_hashed, key, hash, expected, desired, actual);
  }
  Result<std::uint64_t> get_hashed(Bytes key, std::uint64_t hash) noexcept {
    return number_of(stave_index_get_hashed, key, hash);
  }
  Result<bool> contains_hashed(Bytes key, std::uint64_t hash) noexcept {
    return exists(stave_index_contains_hashed, key, hash);
  }
  Result<std::uint64_t> remove_hashed(Bytes key, std::uint64_t hash) noexcept {
    return number_of(stave_index_remove_hashed, key, hash);
  }
  Result<void> remove_if_hashed(Bytes key, std::uint64_t hash, std::uint64_t expected,
                                std::uint64_t* actual = nullptr) noexcept {
    return call(stave_index_remove_if_hashed, key, hash, expected, actual);
  }

  // Flat calls: the keys stand one behind the other. found[i] is 0 for an absent key.
  Result<void> multi_get(Bytes keys, std::span<const std::uint32_t> key_sizes,
                         std::span<std::uint64_t> values, std::span<std::uint8_t> found) noexcept {
    if (!detail::fits(keys, key_sizes)) return detail::keys_too_short();
    if (values.size() < key_sizes.size() || found.size() < key_sizes.size())
      return detail::invalid_argument("values or found is shorter than key_sizes");
    return call(stave_index_multi_get, keys.data(), key_sizes.data(), key_sizes.size(),
                values.data(), found.data());
  }
  // previous and existed say what was there; both may be empty. `done` receives the number of keys
  // that were stored, also when one fails.
  Result<void> multi_put(Bytes keys, std::span<const std::uint32_t> key_sizes,
                         std::span<const std::uint64_t> values,
                         std::span<std::uint64_t> previous = {},
                         std::span<std::uint8_t> existed = {},
                         std::size_t* done = nullptr) noexcept {
    const std::size_t count = key_sizes.size();
    if (!detail::fits(keys, key_sizes)) return detail::keys_too_short();
    if (values.size() != count || (!previous.empty() && previous.size() < count) ||
        (!existed.empty() && existed.size() < count))
      return detail::invalid_argument("values, previous or existed do not fit key_sizes");
    return call(stave_index_multi_put, keys.data(), key_sizes.data(), count, values.data(),
                previous.empty() ? nullptr : previous.data(),
                existed.empty() ? nullptr : existed.data(), done);
  }

  Result<std::uint64_t> size() noexcept { return number_of(stave_index_size); }
  Result<bool> is_empty() noexcept { return flag_of(stave_index_is_empty); }
  Result<std::uint64_t> capacity() noexcept { return number_of(stave_index_capacity); }
  Result<void> clear() noexcept { return call(stave_index_clear); }
  Result<void> reserve(std::uint64_t capacity) noexcept {
    return call(stave_index_reserve, capacity);
  }
  Result<void> shrink_to_fit() noexcept { return call(stave_index_shrink_to_fit); }
  Result<IndexStats> stats() noexcept { return value_of<IndexStats>(stave_index_stats_get); }
  // Status::not_found when there is no shard of that number.
  Result<IndexShardStats> shard_stats(std::uint32_t shard) noexcept {
    return value_of<IndexShardStats>(stave_index_shard_stats_get, shard);
  }
  // All values, in the caller's buffer; the answer is a view of it.
  Result<std::span<const std::uint64_t>> collect_values(Buffer& values) noexcept {
    detail::Call call;
    std::uint64_t count = 0;
    const stave_status status = call.run(stave_index_collect_values, raw(), &values, &count);
    return call.result(status, std::span(static_cast<const std::uint64_t*>(values.bytes().data()),
                                         static_cast<std::size_t>(count)));
  }
  Result<IndexCursor> open_cursor() noexcept {
    return handle_of<IndexCursor>(stave_index_cursor_open);
  }

 private:
  static Result<Index> create(const IndexOptions& options,
                              const stave_index_resolver* resolver) noexcept {
    return detail::handle_of<Index>(stave_index_create, &options, resolver);
  }
  template <typename Function, typename... Arguments>
  Result<std::optional<std::uint64_t>> replaced(Function function, Bytes key,
                                                Arguments... arguments) noexcept {
    detail::Call call;
    std::uint64_t previous = 0;
    std::uint8_t existed = 0;
    const stave_status status = call.run(function, raw(), key, arguments..., &previous, &existed);
    return call.result(status,
                       existed != 0 ? std::optional<std::uint64_t>(previous) : std::nullopt);
  }
};

}  // namespace stave::inline v0

#endif  // STAVE_INDEX_HPP
