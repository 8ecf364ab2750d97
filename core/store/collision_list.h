// Keys whose 128-bit hash another key in the directory on disk has already: in full, with the
// places of their newest records. Nearly always empty.
//
// Thread safety: find() and the getters from any thread; changes by one thread at a time, beside
// them. docs/formats/key_directory.md describes the file.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/place_format.h"
#include "core/store/segment_format.h"

namespace stave::store {

inline constexpr const char* collisions_name = "COLLISIONS";

class CollisionList {
  struct Entry {
    Place place;
    uint64_t since = 0;  // version() when the key came; 0 for one that was loaded
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

 public:
  // A key with memory of its own, so that insert() cannot fail.
  using Node = Entries::node_type;
  static Node make_node(Bytes key);

  std::optional<Place> find(Bytes key) const;
  uint64_t size() const noexcept {
    // Acquire: pairs with the release in set_size(). A key that was inserted before a reader began
    // is not missed.
    return size_.load(std::memory_order_acquire);
  }
  std::vector<Place> places() const;
  struct Listed {
    std::string key;
    Place place;
  };
  // In order of the keys the next one behind `after` (null: the first) that has been here without a
  // break since the list had this version.
  std::optional<Listed> next(const std::string* after, uint64_t version) const;

  // `lsn` is of the frame that has the change. The key is absent.
  void insert(Node node, const Place& place, uint64_t lsn) noexcept;
  // False when the key is not here.
  bool replace(Bytes key, const Place& place, uint64_t lsn) noexcept;
  bool erase(Bytes key, uint64_t lsn) noexcept;

  // Of the newest change; counts on over saves and loads.
  uint64_t version() const;
  uint64_t newest_lsn() const;

  // `not_found` when there is no file; `corruption`, `unsupported_version`.
  Status load(os::FileSystem& files, const std::string& directory, const StoreId& store_id);
  // Atomic and durable; answers the version that the file has. What was saved last is not written
  // again. `before_writing(lsn)` is called when the newest change to be written is known. One
  // thread at a time.
  Result<uint64_t> save(os::FileSystem& files, const std::string& directory,
                        const StoreId& store_id, FunctionRef<Status(uint64_t)> before_writing);

 private:
  void changed(uint64_t lsn) noexcept;
  // With the mutex held.
  std::vector<std::byte> encode(const StoreId& store_id) const;
  Status decode(Bytes bytes, const std::string& path, const StoreId& store_id);

  mutable std::shared_mutex mutex_;  // guards what follows
  Entries entries_;
  uint64_t version_ = 0;
  uint64_t newest_lsn_ = 0;
  std::atomic<uint64_t> size_{0};  // changed under the mutex

  std::optional<uint64_t> saved_version_;  // of the file
};

}  // namespace stave::store
