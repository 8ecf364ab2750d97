// What a thread of store_writer writes, for it and for whoever checks it.
#pragma once

#include "tests/support/workload.h"

namespace stave::test {

inline Workload writer_workload(uint64_t seed, size_t thread) {
  return Workload(seed, std::string(1, static_cast<char>('a' + thread)) + '/', 9000);
}

}  // namespace stave::test
