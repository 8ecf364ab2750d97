// The token of a cursor: bytes that a caller keeps, and with which a later cursor goes on.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/store/keydir/directory_position.h"

namespace stave::store {

// Little-endian: checksum (8 bytes, XXH3-64 of all that follows, seed 0), version (4, 1), part (4),
// at (8), order (8), newest version (8), then the visited keys, each as its size (4) and its bytes.
struct CursorToken {
  DirectoryPosition position;
  uint64_t order = 0;                    // names the order in which the directory is walked
  uint64_t newest_version = UINT64_MAX;  // records that were committed later are left out
  // The keys at this position that were visited, as they stand in the token. No hash of them would
  // do: keys of one hash may be at one position, and only some of them visited.
  std::vector<std::byte> visited;

  // May throw bad_alloc.
  std::vector<std::byte> encode() const;
  // `invalid_argument` for bytes that are no token.
  static Result<CursorToken> decode(Bytes bytes);

  static void add_visited(std::vector<std::byte>& visited, Bytes key);
  std::set<std::string, std::less<>> visited_keys() const;
};

}  // namespace stave::store
