// Stave's index without keys: entries of 8 bytes, and the keys in an array of records that a value
// leads to, as a log would have them. The records are the caller's: rows about memory leave them
// out.
#include "tests/bench/index/stave_index.h"

namespace stave::bench::index {
namespace {

template <typename Key>
class Records final : public stave::index::Resolver {
 public:
  void fill(uint64_t keys) {
    for (uint64_t number = 0; number < keys; number++) keys_.push_back(key_of<Key>(number));
  }
  stave::index::Verdict match(uint64_t value, Bytes key, Status*) const noexcept override {
    return equal(bytes_of(keys_[number_of(value)]), key) ? stave::index::Verdict::equal
                                                         : stave::index::Verdict::different;
  }
  Result<uint64_t> hash(uint64_t value) const noexcept override {
    return hash64(bytes_of(keys_[number_of(value)]), hash_seed);
  }
  void prefetch(uint64_t value) const noexcept override {
    __builtin_prefetch(&keys_[number_of(value)]);
  }

  static constexpr uint64_t hash_seed = 0;

 private:
  std::vector<Key> keys_;
};

template <typename Key>
class ResolvedIndex : public StaveIndex<Key> {
 public:
  ResolvedIndex()
      : StaveIndex<Key>({.seed = Records<Key>::hash_seed, .value_bits = 44, .resolver = &records}) {
  }
  static void prepare(uint64_t keys) { records.fill(keys); }

 private:
  static inline Records<Key> records;
};

}  // namespace
}  // namespace stave::bench::index

int main(int argc, char** argv) {
  return stave::bench::index::serve_index<stave::bench::index::ResolvedIndex>(argc, argv);
}
