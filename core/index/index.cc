#include "core/index/index.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/base/limits.h"
#include "core/index/index_impl.h"

namespace stave::index {

Result<std::unique_ptr<Index>> Index::create(const IndexOptions& options) {
  if (options.value_bits != 44 && options.value_bits != 64)
    return Status::error(Code::invalid_argument, "value_bits must be 44 or 64");
  if (options.resolver == nullptr) return OwnedIndex::create(options);
  if (options.value_bits == 44) return ResolvedIndex<NarrowLayout<>>::create(options);
  return ResolvedIndex<WideLayout<>>::create(options);
}

Result<bool> Index::contains(const Key& key) const {
  uint64_t value = 0;
  const Status status = get(key, &value);
  if (status.is_error()) return status;
  return status.ok();
}

// ---- Many keys ---------------------------------------------------------------------------------

namespace {
// What one processor core keeps under way, and a little more.
constexpr size_t kGroup = 32;
}  // namespace

// Visits key by key, in groups whose buckets and candidates were asked for beforehand.
template <typename MakeKey, typename Visit>
Status Index::in_stages(size_t count, MakeKey make_key, Visit visit) const {
  std::array<Key, kGroup> keys;
  for (size_t begin = 0; begin < count; begin += kGroup) {
    const size_t size = std::min(kGroup, count - begin);
    for (size_t i = 0; i < size; i++) {
      keys[i] = make_key(begin + i);
      prefetch_bucket(keys[i]);
    }
    for (size_t i = 0; i < size; i++) prefetch_candidate(keys[i]);
    for (size_t i = 0; i < size; i++) STAVE_TRY(visit(keys[i], begin + i));
  }
  return {};
}

Status Index::multi_get(std::span<const Bytes> keys, std::span<Slot> slots) const {
  return in_stages(
      keys.size(), [&](size_t i) { return key(keys[i]); },
      [&](const Key& key, size_t i) -> Status {
        const Status status = get(key, &slots[i].value);
        slots[i].code = status.code();
        return status.is_error() ? status : Status();
      });
}

Status Index::multi_get(std::span<const Key> keys, std::span<Slot> slots) const {
  return in_stages(
      keys.size(), [&](size_t i) { return keys[i]; },
      [&](const Key& key, size_t i) -> Status {
        const Status status = get(key, &slots[i].value);
        slots[i].code = status.code();
        return status.is_error() ? status : Status();
      });
}

Status Index::multi_put(std::span<const Bytes> keys, std::span<const uint64_t> values,
                        std::span<Slot> slots) {
  return in_stages(
      keys.size(), [&](size_t i) { return key(keys[i]); },
      [&](const Key& key, size_t i) { return put_one(key, values[i], &slots[i]); });
}

Status Index::multi_put(std::span<const Key> keys, std::span<const uint64_t> values,
                        std::span<Slot> slots) {
  return in_stages(
      keys.size(), [&](size_t i) { return keys[i]; },
      [&](const Key& key, size_t i) { return put_one(key, values[i], &slots[i]); });
}

Status Index::put_one(const Key& key, uint64_t value, Slot* slot) {
  const Result<Previous> previous = put(key, value);
  slot->code = previous.status().code();
  if (!previous.ok()) return previous.status();
  slot->code = previous->has_value() ? Code::ok : Code::not_found;
  slot->value = previous->value_or(0);
  return {};
}

Status Index::collect_values(std::vector<uint64_t>* values) const {
  const Result<std::unique_ptr<Cursor>> cursor = this->cursor();
  if (!cursor.ok()) return cursor.status();
  Item item;
  Status status = (*cursor)->next(&item);
  for (; status.ok(); status = (*cursor)->next(&item)) values->push_back(item.value);
  return status.is(Code::done) ? Status() : status;
}

}  // namespace stave::index
