// A segment file of an open store, as readers need it. log.h appends to it.
//
// Thread safety: const calls from any thread. The others by the thread that opens the store or
// appends.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/os/file_system.h"
#include "core/store/format/segment_format.h"
#include "core/store/log/location.h"

namespace stave::store {

class Segment {
 public:
  Segment(const SegmentHeader& header, std::string path, std::unique_ptr<os::File> file);

  SegmentKind kind() const noexcept { return header_.kind; }
  uint64_t generation() const noexcept { return header_.generation; }
  uint64_t base_lsn() const noexcept { return header_.base_lsn; }
  uint64_t previous_generation() const noexcept { return header_.previous_generation; }
  // Where its addresses begin. Set by the segment directory.
  uint64_t base_address() const noexcept { return base_address_; }
  void set_base_address(uint64_t address) noexcept { base_address_ = address; }
  Location location_of(uint64_t offset) const noexcept {
    return Location::of_address(base_address_ + offset);
  }
  uint64_t offset_of(Location location) const noexcept {
    return location.address() - base_address_;
  }
  const std::string& path() const noexcept { return path_; }
  os::File& file() const noexcept { return *file_; }
  // The seed of the checksum of the record at `offset`.
  uint64_t seed_at(uint64_t offset) const noexcept { return seed_ + offset; }

  // Where its frames end, and the size of the file.
  uint64_t end() const noexcept { return end_.load(std::memory_order_relaxed); }
  uint64_t file_size() const noexcept { return file_size_.load(std::memory_order_relaxed); }
  void set_end(uint64_t end) noexcept { end_.store(end, std::memory_order_relaxed); }
  void set_file_size(uint64_t size) noexcept {
    file_size_.store(size, std::memory_order_relaxed);
    update_mapped_size();
  }

  // With ReadIo::mmap the mapping that readers use, else null. Set before the segment is published.
  const std::shared_ptr<const os::Mapping>& read_mapping() const noexcept { return read_mapping_; }
  void set_read_mapping(std::shared_ptr<const os::Mapping> mapping) noexcept {
    read_mapping_ = std::move(mapping);
    mapped_ = read_mapping_->data();
    update_mapped_size();
  }
  // The mapped bytes from `offset` to the end of the file; empty without a mapping.
  Bytes mapped_from(uint64_t offset) const noexcept {
    const uint64_t size = mapped_size_.load(std::memory_order_relaxed);
    return offset < size ? Bytes(mapped_ + offset, size - offset) : Bytes();
  }

  // "damaged record in segment '...' at offset N (...); run `stave verify`".
  Status damage(uint64_t offset, std::string_view what) const;
  // `unsupported_version`: the record at `offset` uses a feature that this library does not have.
  Status unsupported(uint64_t offset) const;

 private:
  void update_mapped_size() noexcept {
    if (read_mapping_)
      mapped_size_.store(std::min<uint64_t>(read_mapping_->size(), file_size()),
                         std::memory_order_relaxed);
  }

  const SegmentHeader header_;
  const std::string path_;
  const std::unique_ptr<os::File> file_;
  std::shared_ptr<const os::Mapping> read_mapping_;
  // Relaxed everywhere: a reader learns of a record through the key directory, after these were
  // set.
  std::atomic<uint64_t> file_size_{0};
  // Every get reads this cache line, and every put writes the next one.
  alignas(64) const uint64_t seed_;
  uint64_t base_address_ = 0;
  const std::byte* mapped_ = nullptr;
  std::atomic<uint64_t> mapped_size_{0};
  alignas(64) std::atomic<uint64_t> end_{segment_header_size};
};

// Reads and checks the header of the segment file `directory`/segment_name(generation).
Result<std::shared_ptr<Segment>> open_segment(os::FileSystem& files, const std::string& directory,
                                              uint64_t generation, const StoreId& store_id,
                                              bool writable);

}  // namespace stave::store
