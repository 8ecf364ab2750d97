// What tests of the store share.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "core/store/store.h"

namespace stave::store {

// The key's value; nothing when it is absent.
inline std::optional<std::string> value_of(Store& store, const std::string& key) {
  std::string value;
  const Status status = store.get(as_bytes(key), [&value](size_t size) {
    value.resize(size);
    return MutableBytes(reinterpret_cast<std::byte*>(value.data()), size);
  });
  if (status.is(Code::not_found)) return {};
  EXPECT_TRUE(status.ok()) << status.message();
  return value;
}

// Every combination of where the key directory is and how records are read.
inline auto every_keydir_and_io() {
  return ::testing::Combine(::testing::Values(KeyDirectoryKind::memory, KeyDirectoryKind::disk),
                            ::testing::Values(ReadIo::mmap, ReadIo::buffered));
}

}  // namespace stave::store
