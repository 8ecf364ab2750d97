#include "core/index/index.h"

#include <cassert>

#include "core/index/index_of.h"
#include "core/index/narrow_layout.h"
#include "core/index/owned_keys.h"
#include "core/index/wide_layout.h"

namespace stave::index {

Result<std::unique_ptr<Index>> Index::create(const IndexOptions& options) {
  assert(options.value_bits == 44 || options.value_bits == 64);
  assert(options.inline_key_size == 8 || options.inline_key_size == 16);
  const KeyHash hash(options.seed);
  if (options.resolver != nullptr) {
    const ResolvedKeys keys(*options.resolver, hash);
    if (options.value_bits == 44)
      return IndexOf<NarrowLayout<>, ResolvedKeys>::create(options, keys);
    return IndexOf<WideLayout<1>, ResolvedKeys>::create(options, keys);
  }
  if (options.inline_key_size == 8)
    return IndexOf<WideLayout<1>, OwnedKeys<1>>::create(options, OwnedKeys<1>(hash));
  return IndexOf<WideLayout<2>, OwnedKeys<2>>::create(options, OwnedKeys<2>(hash));
}

Status Index::for_each_value(FunctionRef<Status(uint64_t value)> visit) const {
  const Result<std::unique_ptr<Cursor>> cursor = this->cursor();
  if (!cursor.ok()) return cursor.status();
  Item item;
  for (;;) {
    const Status status = (*cursor)->next(&item);
    if (status.is(Code::done)) return {};
    STAVE_TRY(status);
    STAVE_TRY(visit(item.value));
  }
}

}  // namespace stave::index
