// The key directory of one shard: key -> place of its newest visible record.
//
// A plain hash map, with keys. Thread safety: find(), for_each() and size() under a shared lock,
// apply() and reserve() under an exclusive lock, prepare() under the shard's write mutex.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/store/record_format.h"

namespace stave::store {

// A record's place: the segment's slot and the offset in units of 16 bytes.
class Location {
 public:
  Location() = default;
  Location(uint32_t slot, uint64_t offset) noexcept
      : packed_(uint64_t{slot} << offset_bits | offset / location_unit) {}
  uint32_t slot() const noexcept { return static_cast<uint32_t>(packed_ >> offset_bits); }
  uint64_t offset() const noexcept {
    return (packed_ & ((uint64_t{1} << offset_bits) - 1)) * location_unit;
  }
  // Later in the log is greater: slots are in log order.
  friend auto operator<=>(const Location&, const Location&) = default;

 private:
  static constexpr int offset_bits = 40;
  uint64_t packed_ = 0;
};

struct DirectoryEntry {
  Location location;
  uint32_t size = 0;  // of the record, without padding
  friend bool operator==(const DirectoryEntry&, const DirectoryEntry&) = default;
};

class KeyDirectory {
  struct Hash {
    using is_transparent = void;
    uint64_t seed = 0;
    size_t operator()(std::string_view key) const noexcept { return hash64(as_bytes(key), seed); }
  };
  using Map = std::unordered_map<std::string, DirectoryEntry, Hash, std::equal_to<>>;

 public:
  // A prepared insertion.
  using Node = Map::node_type;

  explicit KeyDirectory(uint64_t seed) : map_(0, Hash{seed}), workbench_(0, Hash{seed}) {}

  std::optional<DirectoryEntry> find(Bytes key) const {
    const auto found = map_.find(as_text(key));
    if (found == map_.end()) return std::nullopt;
    return found->second;
  }

  size_t size() const noexcept { return map_.size(); }
  // Bytes of the live records, with padding.
  uint64_t live_bytes() const noexcept { return live_bytes_; }

  // Memory for a key that may have to be inserted. May throw bad_alloc.
  Node prepare(Bytes key) {
    return workbench_.extract(workbench_.emplace(as_text(key), DirectoryEntry()).first);
  }
  // Whether `count` insertions could need reserve().
  bool has_room(size_t count) const noexcept {
    return static_cast<float>(map_.size() + count) <
           map_.max_load_factor() * static_cast<float>(map_.bucket_count());
  }
  void reserve(size_t count) { map_.reserve(2 * (map_.size() + count)); }

  // Sets the entry of the key, which `node` was prepared for. Allocates nothing if there is room.
  void set(Bytes key, DirectoryEntry entry, Node node) noexcept {
    live_bytes_ += padded(entry.size);
    const auto found = map_.find(as_text(key));
    if (found != map_.end()) {
      live_bytes_ -= padded(found->second.size);
      found->second = entry;
      return;
    }
    node.mapped() = entry;
    map_.insert(std::move(node));
  }

  void erase(Bytes key) noexcept {
    const auto found = map_.find(as_text(key));
    if (found == map_.end()) return;
    live_bytes_ -= padded(found->second.size);
    map_.erase(found);
  }

  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [key, entry] : map_) visit(key, entry);
  }

 private:
  Map map_;
  Map workbench_;  // always empty: nodes are made in it
  uint64_t live_bytes_ = 0;
};

}  // namespace stave::store
