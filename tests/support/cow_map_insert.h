// An insert as stave_cow_map_put makes it for a caller who does not ask what was there before.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/cow_map/map.h"

namespace stave::test {

inline Code insert_unasked(cow_map::Map& map, int64_t key, Bytes value) {
  if (map.has_words() || map.is_delaying()) {
    uint64_t word = 0;
    std::memcpy(&word, value.data(), sizeof word);
    bool replaced = false;
    const Code code =
        map.is_delaying() ? map.insert_later(key, word) : map.insert_word(key, word, replaced);
    if (code == Code::ok) return code;
  }
  return map.insert(key, value, [](Bytes) { return Status(); }).code();
}

}  // namespace stave::test
