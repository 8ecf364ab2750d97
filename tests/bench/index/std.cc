// The standard library's unordered_map under one reader-writer lock: what one writes without a
// library.
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "tests/bench/index/index_rows.h"

namespace stave::bench::index {
namespace {

template <typename Key>
class StdIndex {
 public:
  void reserve(uint64_t keys) { map_.reserve(keys); }
  bool put(const Key& key, uint64_t value) {
    const std::unique_lock lock(mutex_);
    return map_.insert_or_assign(key, value).second;
  }
  bool get(const Key& key, uint64_t& value) const {
    const std::shared_lock lock(mutex_);
    const auto found = map_.find(key);
    if (found == map_.end()) return false;
    value = found->second;
    return true;
  }
  bool erase(const Key& key) {
    const std::unique_lock lock(mutex_);
    return map_.erase(key) == 1;
  }
  uint64_t size() const {
    const std::shared_lock lock(mutex_);
    return map_.size();
  }

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<Key, uint64_t, KeyHash<Key>> map_;
};

}  // namespace
}  // namespace stave::bench::index

int main(int argc, char** argv) {
  return stave::bench::index::serve_index<stave::bench::index::StdIndex>(argc, argv);
}
