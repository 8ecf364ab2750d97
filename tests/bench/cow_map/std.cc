// The standard library's unordered_map with the hash function that it chooses for integers.
#include <unordered_map>

#include "tests/bench/cow_map/flat_copy.h"

int main(int argc, char** argv) {
  using Map = std::unordered_map<int64_t, uint64_t>;
  return stave::bench::cow_map::serve_cow_map<stave::bench::cow_map::FlatCopy<Map>>(argc, argv);
}
