// Stave's index without keys: entries of 8 bytes, and the keys in an array of records that a value
// leads to, as a log would have them. The records are the caller's: rows about memory leave them
// out.
#include <vector>

#include "tests/bench/index/stave_index.h"

namespace stave::bench::index {
namespace {

constexpr uint64_t hash_seed = 1;

stave_index_options resolved_options() {
  stave_index_options options;
  stave_index_options_init(&options);
  options.key_mode = STAVE_KEYS_RESOLVED;
  options.value_bits = 44;
  options.seed = hash_seed;
  return options;
}

template <typename Key>
class ResolvedIndex : public StaveIndex<Key> {
 public:
  ResolvedIndex() : ResolvedIndex(resolved_options(), resolver()) {}

  static void prepare(uint64_t keys) {
    for (uint64_t number = 0; number < keys; number++) records.push_back(key_of<Key>(number));
  }

 private:
  ResolvedIndex(const stave_index_options& options, const stave_index_resolver& resolver)
      : StaveIndex<Key>(&options, &resolver) {}

  static stave_index_resolver resolver() {
    stave_index_resolver resolver;
    stave_index_resolver_init(&resolver);
    resolver.compare = [](void*, uint64_t value, const void* key, size_t key_size) -> stave_status {
      const Bytes record = bytes_of(records[number_of(value)]);
      return equal(record, as_bytes(key, key_size)) ? STAVE_OK : STAVE_MISMATCH;
    };
    resolver.hash = [](void*, uint64_t value, uint64_t* hash) -> stave_status {
      *hash = hash64(bytes_of(records[number_of(value)]), hash_seed);
      return STAVE_OK;
    };
    resolver.prefetch = [](void*, uint64_t value) {
      __builtin_prefetch(&records[number_of(value)]);
    };
    return resolver;
  }

  static inline std::vector<Key> records;
};

}  // namespace
}  // namespace stave::bench::index

int main(int argc, char** argv) {
  return stave::bench::index::serve_index<stave::bench::index::ResolvedIndex>(argc, argv);
}
