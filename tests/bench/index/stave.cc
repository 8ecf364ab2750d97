// Stave's index that owns its keys, as it is by default.
#include "tests/bench/index/stave_index.h"

int main(int argc, char** argv) {
  return stave::bench::index::serve_index<stave::bench::index::StaveIndex>(argc, argv);
}
