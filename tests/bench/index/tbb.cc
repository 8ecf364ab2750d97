// oneTBB's concurrent_hash_map: chained buckets, a lock in every element, growth by buckets.
#include <oneapi/tbb/concurrent_hash_map.h>

#include "tests/bench/index/index_rows.h"

namespace stave::bench::index {
namespace {

template <typename Key>
struct Compare {
  static size_t hash(const Key& key) { return KeyHash<Key>{}(key); }
  static bool equal(const Key& a, const Key& b) { return a == b; }
};

template <typename Key>
class TbbIndex {
 public:
  void reserve(uint64_t keys) { map_.rehash(keys); }
  bool put(const Key& key, uint64_t value) {
    typename Map::accessor element;
    const bool fresh = map_.insert(element, {key, value});
    if (!fresh) element->second = value;
    return fresh;
  }
  bool get(const Key& key, uint64_t& value) const {
    typename Map::const_accessor element;
    if (!map_.find(element, key)) return false;
    value = element->second;
    return true;
  }
  bool erase(const Key& key) { return map_.erase(key); }
  uint64_t size() const { return map_.size(); }

 private:
  using Map = tbb::concurrent_hash_map<Key, uint64_t, Compare<Key>>;
  Map map_;
};

}  // namespace
}  // namespace stave::bench::index

int main(int argc, char** argv) {
  return stave::bench::index::serve_index<stave::bench::index::TbbIndex>(argc, argv);
}
