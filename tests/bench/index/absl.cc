// Abseil's flat_hash_map, which is made for one thread, in 64 parts with a reader-writer lock each.
#include <absl/container/flat_hash_map.h>
#include <absl/synchronization/mutex.h>

#include <array>

#include "tests/bench/index/index_rows.h"

namespace stave::bench::index {
namespace {

template <typename Key>
class AbslIndex {
 public:
  void reserve(uint64_t keys) {
    // The hash spreads keys unevenly; a twentieth more covers what the fullest part gets.
    for (Part& part : parts_) part.map.reserve((keys + keys / 20) / parts_.size() + 1);
  }
  bool put(const Key& key, uint64_t value) {
    Part& part = part_of(key);
    absl::MutexLock lock(&part.mutex);
    return part.map.insert_or_assign(key, value).second;
  }
  bool get(const Key& key, uint64_t& value) const {
    const Part& part = part_of(key);
    absl::ReaderMutexLock lock(&part.mutex);
    const auto found = part.map.find(key);
    if (found == part.map.end()) return false;
    value = found->second;
    return true;
  }
  bool erase(const Key& key) {
    Part& part = part_of(key);
    absl::MutexLock lock(&part.mutex);
    return part.map.erase(key) == 1;
  }
  uint64_t size() const {
    uint64_t size = 0;
    for (const Part& part : parts_) {
      absl::ReaderMutexLock lock(&part.mutex);
      size += part.map.size();
    }
    return size;
  }

 private:
  struct alignas(64) Part {
    mutable absl::Mutex mutex;
    absl::flat_hash_map<Key, uint64_t, KeyHash<Key>> map;
  };
  // Bits that the map does not begin its probe with: it uses the low ones.
  static size_t part_index(const Key& key) { return KeyHash<Key>{}(key) >> 58; }
  Part& part_of(const Key& key) { return parts_[part_index(key)]; }
  const Part& part_of(const Key& key) const { return parts_[part_index(key)]; }

  std::array<Part, 64> parts_;
};

}  // namespace
}  // namespace stave::bench::index

int main(int argc, char** argv) {
  return stave::bench::index::serve_index<stave::bench::index::AbslIndex>(argc, argv);
}
