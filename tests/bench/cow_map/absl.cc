// Abseil's flat_hash_map with the hash function that it chooses for integers.
#include <absl/container/flat_hash_map.h>

#include "tests/bench/cow_map/flat_copy.h"

int main(int argc, char** argv) {
  using Map = absl::flat_hash_map<int64_t, uint64_t>;
  return stave::bench::cow_map::serve_cow_map<stave::bench::cow_map::FlatCopy<Map>>(argc, argv);
}
