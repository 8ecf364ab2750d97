// Keys whose 128-bit hash another key in the directory on disk has already: in full, with the
// locations of their newest records. Nearly always empty.
//
// On a full disk the list can still be saved, or nothing could be deleted any more once the changes
// wait for that: while it has keys, or may get one, COLLISIONS.new stands beside the file, with
// blocks for all of the next one.
//
// Thread safety: find(), the reserve functions and the getters from any thread; changes by one
// thread at a time, beside them. docs/formats/key_directory.md describes the file.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/format/location_format.h"
#include "core/store/format/segment_format.h"

namespace stave::store {

class CollisionList {
  struct Entry {
    DiskLocation location;
    uint64_t since = 0;  // version() when the key came; 0 for one that was loaded
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

 public:
  // A key with memory of its own, and space in the file, so that insert() and the save behind it
  // cannot fail.
  class Reservation {
   public:
    Reservation() noexcept = default;
    ~Reservation() { forget(); }
    Reservation(Reservation&& other) noexcept
        : list_(std::exchange(other.list_, nullptr)), node_(std::move(other.node_)) {}
    Reservation& operator=(Reservation&& other) noexcept {
      std::swap(list_, other.list_);
      std::swap(node_, other.node_);
      return *this;
    }
    explicit operator bool() const noexcept { return !node_.empty(); }

   private:
    friend class CollisionList;
    void forget() noexcept;
    CollisionList* list_ = nullptr;  // that counts the key's bytes; null: none any more
    Entries::node_type node_;
  };

  // An empty list, which is saved in `directory`.
  CollisionList(os::FileSystem& files, std::string directory, const StoreId& store_id)
      : files_(files), directory_(std::move(directory)), store_id_(store_id) {}

  // `no_space` changes nothing.
  Result<Reservation> reserve_insertion(Bytes key);
  // Like reserve_insertion() without the space: the next save may not find any.
  Reservation reserve_memory(Bytes key);
  // Space for the next save, if there are keys or reservations.
  Status reserve_space();
  // Gives that space back.
  void release_space() noexcept;

  std::optional<DiskLocation> find(Bytes key) const;
  uint64_t size() const noexcept {
    // Acquire: pairs with the release in changed(). A key that was inserted before a reader began
    // is not missed.
    return size_.load(std::memory_order_acquire);
  }
  std::vector<DiskLocation> locations() const;
  struct Listed {
    std::string key;
    DiskLocation location;
  };
  // In order of the keys the next one behind `after` (null: the first) that has been here without a
  // break since the list had this version.
  std::optional<Listed> next(const std::string* after, uint64_t version) const;

  // `lsn` is of the frame that has the change. The key is absent.
  void insert(Reservation reserved, const DiskLocation& location, uint64_t lsn) noexcept;
  // False when the key is not here.
  bool replace(Bytes key, const DiskLocation& location, uint64_t lsn) noexcept;
  bool erase(Bytes key, uint64_t lsn) noexcept;

  // Of the newest change; counts on over saves and loads.
  uint64_t version() const;
  uint64_t newest_lsn() const;

  // `not_found` when there is no file; `corruption`, `unsupported_version`.
  Status load();
  // Atomic and durable; answers the version that the file has. What was saved last is not written
  // again. `before_writing(lsn)` is called when the newest change to be written is known. A failed
  // sync is final: what a crash would show is unknown, and every later save fails too. One thread
  // at a time.
  Result<uint64_t> save(FunctionRef<Status(uint64_t)> before_writing);

  // A sync of the file has failed, and how.
  bool has_failed() const noexcept {
    // Acquire: pairs with the release in write().
    return has_failed_.load(std::memory_order_acquire);
  }
  Status failure() const { return has_failed() ? failure_ : Status(); }

 private:
  void changed(uint64_t lsn) noexcept;
  // REQUIRES: the mutex is held.
  std::vector<std::byte> encode() const;
  // REQUIRES: the file's mutex is held.
  Result<std::unique_ptr<os::File>> open_new_file();
  Status write(Bytes content);
  Status synced(const Status& status);
  class HashedReader;
  Status decode(os::File& file, uint64_t size, const std::string& path);
  Result<bool> decode_entries(HashedReader& reader, uint64_t count, const std::string& path);
  std::string new_path() const;

  os::FileSystem& files_;
  const std::string directory_;
  const StoreId store_id_;

  mutable std::shared_mutex mutex_;  // guards what follows
  Entries entries_;
  uint64_t version_ = 0;
  uint64_t newest_lsn_ = 0;
  std::atomic<uint64_t> size_{0};  // changed under the mutex
  // Of the keys and the reservations, in the file. Relaxed: what a thread reserves for, it has
  // added before.
  std::atomic<uint64_t> encoded_bytes_{0};

  std::mutex file_mutex_;                  // guards what follows; taken before mutex_
  std::optional<uint64_t> saved_version_;  // of the file
  uint64_t saved_bytes_ = 0;               // likewise
  Status failure_;                         // written once, before has_failed_ is set
  std::atomic<bool> has_failed_{false};
  // Bytes of blocks that COLLISIONS.new has. Relaxed: changed under the mutex, and looked at
  // without it to pass it by.
  std::atomic<uint64_t> reserved_bytes_{0};
};

}  // namespace stave::store
