// libcuckoo's cuckoohash_map: four entries a bucket, two buckets a key, striped spin locks; it
// grows by moving the whole table.
#include <libcuckoo/cuckoohash_map.hh>

#include "tests/bench/index/index_rows.h"

namespace stave::bench::index {
namespace {

template <typename Key>
class LibcuckooIndex {
 public:
  void reserve(uint64_t keys) { map_.reserve(keys); }
  bool put(const Key& key, uint64_t value) { return map_.insert_or_assign(key, value); }
  bool get(const Key& key, uint64_t& value) const { return map_.find(key, value); }
  bool erase(const Key& key) { return map_.erase(key); }
  uint64_t size() const { return map_.size(); }

 private:
  libcuckoo::cuckoohash_map<Key, uint64_t, KeyHash<Key>> map_;
};

}  // namespace
}  // namespace stave::bench::index

int main(int argc, char** argv) {
  return stave::bench::index::serve_index<stave::bench::index::LibcuckooIndex>(argc, argv);
}
