// Stave's store with its keys in memory.
#include "tests/bench/store/stave_store.h"

int main(int argc, char** argv) {
  using namespace stave::bench::store;
  return serve_store<StaveStore<STAVE_KEYDIR_MEMORY>>(argc, argv);
}
