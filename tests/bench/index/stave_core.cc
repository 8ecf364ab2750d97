// Stave's index that owns its keys, as the engine itself uses it, below the C interface.
#include <array>
#include <memory>

#include "core/index/index.h"
#include "tests/bench/index/index_rows.h"

namespace stave::bench::index {
namespace {

template <typename T>
T take(Result<T> result) {
  if (!result.ok()) fail(std::string(result.status().message()));
  return *std::move(result);
}
void check(const Status& status) {
  if (!status.ok()) fail(std::string(status.message()));
}

template <typename Key>
class CoreIndex {
 public:
  void reserve(uint64_t keys) { check(index_->reserve(keys)); }
  bool put(const Key& key, uint64_t value) {
    return !take(index_->put(bytes_of(key), value)).has_value();
  }
  bool get(const Key& key, uint64_t& value) const {
    const Status status = index_->get(bytes_of(key), &value);
    if (status.is(Code::not_found)) return false;
    check(status);
    return true;
  }
  bool erase(const Key& key) { return take(index_->remove(bytes_of(key))).has_value(); }
  uint64_t size() const { return index_->size(); }

  void multi_get(const std::array<Key, batch>& keys, std::array<uint64_t, batch>& values,
                 std::array<uint8_t, batch>& found) const {
    std::array<uint32_t, batch> sizes;
    sizes.fill(sizeof(Key));
    check(index_->multi_get({reinterpret_cast<const std::byte*>(keys.data()), sizes}, values.data(),
                            found.data()));
  }

 private:
  std::unique_ptr<stave::index::Index> index_ =
      take(stave::index::Index::create({.inline_key_size = static_cast<unsigned>(sizeof(Key))}));
};

}  // namespace
}  // namespace stave::bench::index

int main(int argc, char** argv) {
  return stave::bench::index::serve_index<stave::bench::index::CoreIndex>(argc, argv);
}
