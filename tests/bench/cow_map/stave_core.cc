// Stave's cow_map as the engine itself uses it, below the C interface.
#include "core/cow_map/cursor.h"
#include "core/cow_map/map.h"
#include "tests/bench/cow_map/cow_map_rows.h"

namespace stave::bench::cow_map {
namespace {

void check(const Status& status) {
  if (!status.ok()) fail(std::string(status.message()));
}

class CoreCowMap {
 public:
  CoreCowMap() {
    check(map_.create({.fixed_values = true, .value_size = sizeof(uint64_t)}, hash_seed));
  }

  std::unique_ptr<CoreCowMap> clone() { return std::unique_ptr<CoreCowMap>(new CoreCowMap(map_)); }
  void put(int64_t key, uint64_t value) {
    check(map_.put(key, as_bytes(&value, sizeof value), [](Bytes) { return Status(); }));
  }
  bool get(int64_t key, uint64_t& value) const {
    const Status status = map_.get(key, [&](Bytes bytes) {
      std::memcpy(&value, bytes.data(), sizeof value);
      return Status();
    });
    if (status.is(Code::not_found)) return false;
    check(status);
    return true;
  }
  template <typename Visit>
  void for_each(Visit&& visit) {
    auto snapshot = map_.snapshot();
    check(snapshot.status());
    stave::cow_map::Cursor cursor(*std::move(snapshot));
    while (cursor.next()) {
      uint64_t value;
      std::memcpy(&value, cursor.value().data(), sizeof value);
      visit(cursor.key(), value);
    }
  }

 private:
  static constexpr uint64_t hash_seed = 1;

  explicit CoreCowMap(stave::cow_map::Map& source) { check(map_.clone_from(source)); }

  stave::cow_map::Map map_;
};

}  // namespace
}  // namespace stave::bench::cow_map

int main(int argc, char** argv) {
  return stave::bench::cow_map::serve_cow_map<stave::bench::cow_map::CoreCowMap>(argc, argv);
}
