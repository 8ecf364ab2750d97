// The example that the golden vectors and the documents of the formats have in common.
#pragma once

#include <cstddef>

#include "core/store/format/manifest.h"

namespace stave::store {

inline StoreId example_store_id() {
  StoreId id{};
  for (size_t i = 0; i < id.size(); i++) id[i] = static_cast<std::byte>(i);
  return id;
}

inline Manifest example_manifest() {
  return {.store_id = example_store_id(),
          .hash_seed = 0x1111'1111'1111'1111,
          .shards = 16,
          .clean = true,
          .durable_end = {.generation = 2, .offset = 0x160, .lsn = 9},
          .next_generation = 3,
          .sequence = 4,
          .timeline = 9};
}

}  // namespace stave::store
