// Stave's cow_map through the C interface.
#include <stave/cow_map.h>

#include "tests/bench/cow_map/cow_map_rows.h"

namespace stave::bench::cow_map {
namespace {

void check(stave_status status, const stave_error& error) {
  if (status != STAVE_OK) fail(error.message);
}

class StaveCowMap {
 public:
  StaveCowMap() {
    stave_cow_map_options options;
    stave_cow_map_options_init(&options);
    options.values = STAVE_VALUES_FIXED;
    options.value_size = sizeof(uint64_t);
    stave_error error;
    check(stave_cow_map_create(&options, &map_, &error), error);
  }
  ~StaveCowMap() { stave_cow_map_free(map_); }
  StaveCowMap(const StaveCowMap&) = delete;
  StaveCowMap& operator=(const StaveCowMap&) = delete;

  std::unique_ptr<StaveCowMap> clone() {
    stave_error error;
    stave_cow_map* copy = nullptr;
    check(stave_cow_map_clone(map_, &copy, &error), error);
    return std::unique_ptr<StaveCowMap>(new StaveCowMap(copy));
  }
  void put(int64_t key, uint64_t value) {
    stave_error error;
    check(stave_cow_map_put(map_, key, &value, sizeof value, nullptr, nullptr, &error), error);
  }
  bool get(int64_t key, uint64_t& value) {
    stave_error error;
    size_t size = 0;
    const stave_status status = stave_cow_map_get(map_, key, &value, sizeof value, &size, &error);
    if (status == STAVE_NOT_FOUND) return false;
    check(status, error);
    return true;
  }
  template <typename Visit>
  void for_each(Visit&& visit) {
    constexpr size_t many = 1024;
    stave_error error;
    stave_cow_map_cursor* cursor = nullptr;
    check(stave_cow_map_cursor_open(map_, &cursor, &error), error);
    std::array<int64_t, many> keys;
    std::array<uint64_t, many> sizes;
    stave_buffer values;
    stave_buffer_init(&values);
    for (;;) {
      size_t count = 0;
      const stave_status status =
          stave_cow_map_cursor_next_many(cursor, many, many * sizeof(uint64_t), keys.data(),
                                         &values, sizes.data(), &count, &error);
      if (status == STAVE_DONE) break;
      check(status, error);
      const auto* value = static_cast<const uint64_t*>(values.data);
      for (size_t i = 0; i < count; i++) visit(keys[i], value[i]);
    }
    stave_buffer_free(&values);
    stave_cow_map_cursor_free(cursor);
  }

 private:
  explicit StaveCowMap(stave_cow_map* map) : map_(map) {}

  stave_cow_map* map_ = nullptr;
};

}  // namespace
}  // namespace stave::bench::cow_map

int main(int argc, char** argv) {
  return stave::bench::cow_map::serve_cow_map<stave::bench::cow_map::StaveCowMap>(argc, argv);
}
