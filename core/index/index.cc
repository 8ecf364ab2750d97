#include "core/index/index.h"

#include <string>

#include "core/base/limits.h"
#include "core/index/narrow_layout.h"
#include "core/index/owned_index.h"
#include "core/index/resolved_index.h"
#include "core/index/wide_layout.h"

namespace stave::index {

Result<std::unique_ptr<Index>> Index::create(const IndexOptions& options) {
  if (options.value_bits != 44 && options.value_bits != 64)
    return Status::error(Code::invalid_argument, "value_bits must be 44 or 64");
  if (options.inline_key_size != 8 && options.inline_key_size != 16)
    return Status::error(Code::invalid_argument, "inline_key_size must be 8 or 16");
  if (options.resolver == nullptr) {
    return options.inline_key_size == 8 ? OwnedIndex::create(options)
                                        : OwnedIndex16::create(options);
  }
  if (options.value_bits == 44) return ResolvedIndex<NarrowLayout<>>::create(options);
  return ResolvedIndex<WideLayout<>>::create(options);
}

Result<bool> Index::contains(const Key& key) const {
  uint64_t value = 0;
  const Status status = get(key, &value);
  if (status.is_error()) return status;
  return status.ok();
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
