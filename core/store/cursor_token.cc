#include "core/store/cursor_token.h"

#include "core/base/endian.h"
#include "core/base/hash.h"

namespace stave::store {

namespace {

constexpr size_t checksum_at = 0;
constexpr size_t version_at = 8;
constexpr size_t part_at = 12;
constexpr size_t at_at = 16;
constexpr size_t order_at = 24;
constexpr size_t newest_version_at = 32;
constexpr size_t visited_at = 40;
constexpr uint32_t token_version = 1;
constexpr size_t key_size_size = 4;

// The size of the visited key that `bytes` begins with, and of its size; 0 when that is no key.
size_t visited_size(Bytes bytes) noexcept {
  if (bytes.size() < key_size_size) return 0;
  const size_t size = key_size_size + load_le32(bytes.data());
  return size <= bytes.size() ? size : 0;
}

}  // namespace

std::vector<std::byte> CursorToken::encode() const {
  std::vector<std::byte> bytes(visited_at + visited.size());
  store_le32(&bytes[version_at], token_version);
  store_le32(&bytes[part_at], position.part);
  store_le64(&bytes[at_at], position.at);
  store_le64(&bytes[order_at], order);
  store_le64(&bytes[newest_version_at], newest_version);
  copy(bytes.data() + visited_at, visited);
  store_le64(&bytes[checksum_at], hash64(Bytes(bytes).subspan(version_at), 0));
  return bytes;
}

Result<CursorToken> CursorToken::decode(Bytes bytes) {
  const Status no_token =
      Status::error(Code::invalid_argument, "these bytes are no token of a cursor");
  if (bytes.size() < visited_at ||
      load_le64(&bytes[checksum_at]) != hash64(bytes.subspan(version_at), 0) ||
      load_le32(&bytes[version_at]) != token_version)
    return no_token;
  for (Bytes rest = bytes.subspan(visited_at); !rest.empty();) {
    const size_t size = visited_size(rest);
    if (size == 0) return no_token;
    rest = rest.subspan(size);
  }
  CursorToken token;
  token.position = {load_le32(&bytes[part_at]), load_le64(&bytes[at_at])};
  token.order = load_le64(&bytes[order_at]);
  token.newest_version = load_le64(&bytes[newest_version_at]);
  const Bytes visited = bytes.subspan(visited_at);
  token.visited.assign(visited.begin(), visited.end());
  return token;
}

void CursorToken::add_visited(std::vector<std::byte>& visited, Bytes key) {
  const size_t at = visited.size();
  visited.resize(at + key_size_size + key.size());
  store_le32(&visited[at], static_cast<uint32_t>(key.size()));
  copy(&visited[at] + key_size_size, key);
}

std::set<std::string, std::less<>> CursorToken::visited_keys() const {
  std::set<std::string, std::less<>> keys;
  for (Bytes rest = visited; !rest.empty(); rest = rest.subspan(visited_size(rest)))
    keys.emplace(as_text(rest.subspan(key_size_size, visited_size(rest) - key_size_size)));
  return keys;
}

}  // namespace stave::store
