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
    return !update(key, {Index::Action::put, value}).was_present;
  }
  bool get(const Key& key, uint64_t& value) const {
    Status error;
    const Code code = index_->find(bytes_of(key), &value, &error);
    check(error);
    return code == Code::ok;
  }
  bool erase(const Key& key) { return update(key, {Index::Action::remove}).was_present; }
  uint64_t size() const { return index_->size(); }

  void multi_get(const std::array<Key, batch>& keys, std::array<uint64_t, batch>& values,
                 std::array<uint8_t, batch>& found) const {
    std::array<uint32_t, batch> sizes;
    sizes.fill(sizeof(Key));
    check(index_->multi_get({reinterpret_cast<const std::byte*>(keys.data()), sizes}, values.data(),
                            found.data()));
  }

 private:
  using Index = stave::index::Index;
  Index::Outcome update(const Key& key, const Index::Change& change) {
    Status error;
    const Index::Outcome outcome = index_->update(bytes_of(key), change, &error);
    if (Status(outcome.code).is_error()) check(error.ok() ? Status(outcome.code) : error);
    return outcome;
  }

  std::unique_ptr<Index> index_ =
      take(Index::create({.inline_key_size = static_cast<unsigned>(sizeof(Key))}));
};

}  // namespace
}  // namespace stave::bench::index

int main(int argc, char** argv) {
  return stave::bench::index::serve_index<stave::bench::index::CoreIndex>(argc, argv);
}
