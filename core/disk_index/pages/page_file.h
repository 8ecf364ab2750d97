// The file of a disk index as pages: read through a mapping, allocated in extents, written whole.
//
// Space is real before it is handed out, so that a store into the mapping finds a block. Pages of
// segments are written with write() and not changed until their extent is given back; only the
// redo log is stored into through the mapping.
//
// Thread safety: everything by any number of threads; region() and what it returns under an
// EpochPin.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/disk_index/format/page_format.h"
#include "core/disk_index/pages/extent_allocator.h"
#include "core/os/file_io.h"
#include "core/os/file_system.h"
#include "core/sync/epoch.h"

namespace stave::disk_index {

// A mapping of the file, and which of its pages passed their checks.
class Region {
 public:
  Region(std::unique_ptr<os::Mapping> mapping, const Region* before);

  std::byte* page(uint64_t number) const noexcept { return data_ + number * page_size; }
  uint64_t pages() const noexcept { return pages_; }
  // Hints to the system; see os::Mapping.
  void expect_reads(const Extent& extent) const noexcept {
    mapping_->expect_reads(extent.page * page_size, extent.pages * page_size);
  }
  void prefault_read(const Extent& extent) const noexcept {
    mapping_->prefault_read(extent.page * page_size, extent.pages * page_size);
  }
  void expect_stores(const Extent& extent) const noexcept {
    mapping_->expect_stores(extent.page * page_size, extent.pages * page_size);
  }
  Status sync(const Extent& extent) const {
    return os::sync_range(*mapping_, extent.page * page_size, extent.pages * page_size);
  }
  void expect_sync(const Extent& extent) const noexcept {
    mapping_->expect_sync(extent.page * page_size, extent.pages * page_size);
  }

  bool is_checked(uint64_t page) const noexcept {
    // Relaxed: the bit is about bytes that were there before any reader could learn of the page.
    return (checked_[page / 64].load(std::memory_order_relaxed) >> (page % 64) & 1) != 0;
  }
  void set_checked(uint64_t page) noexcept {
    checked_[page / 64].fetch_or(uint64_t{1} << (page % 64), std::memory_order_relaxed);
  }

 private:
  std::unique_ptr<os::Mapping> mapping_;
  std::byte* data_;
  uint64_t pages_;
  std::unique_ptr<std::atomic<uint64_t>[]> checked_;
};

class PageFile : public std::enable_shared_from_this<PageFile> {
 public:
  // Of an open file, of which `pages` are in use: it may be longer, but not shorter.
  static Result<std::shared_ptr<PageFile>> map(std::unique_ptr<os::File> file, std::string path,
                                               uint64_t pages, bool writable);
  PageFile(const PageFile&) = delete;
  PageFile& operator=(const PageFile&) = delete;

  const std::string& path() const noexcept { return path_; }
  // What the checksums of its pages are seeded with.
  uint64_t seed() const noexcept { return seed_; }
  void set_seed(uint64_t seed) noexcept { seed_ = seed; }

  Region* region() const noexcept {
    // Acquire: pairs with the release in publish(). A reader that has learnt of a page loads the
    // region afterwards, and so finds one that reaches so far.
    return region_.load(std::memory_order_acquire);
  }

  // Says which pages are free: all but `used`, whose extents may not overlap (`corruption`). Once,
  // before the first allocate().
  Status set_used(std::vector<Extent> used);
  // Ends the file after the pages in use, and gets blocks for all of these. What follows them was
  // set aside by a process that died, or never written; and a crash may keep a file's size and lose
  // blocks after the pages that were synced. Once, before the first allocate().
  Status settle_size();
  // Grows the file when no free extent is large enough: `no_space`.
  Result<uint64_t> allocate(uint64_t pages);
  // Nobody can read the extent any more, neither a thread nor a recovery.
  void free(Extent extent) noexcept;
  // Like free(), once all readers that are at work now are done. Empties `extents`, unless there is
  // no memory to remember them: then they are left for the next call.
  void free_after_readers(std::vector<Extent>& extents) noexcept;
  // Adds so many pages to the free ones, or `no_space`.
  Status reserve(uint64_t pages);

  // A free extent of so many pages, growing the file if there is none.
  Status keep_free(uint64_t pages);

  // Gives the free pages at the end of the file back to the file system.
  Status trim();

  // Whole pages, which readers then need not check.
  Status write(uint64_t page, Bytes pages);
  // Everything written and stored so far.
  Status sync();
  // The region, for hints and syncs, which may take long: without a pin.
  std::shared_ptr<Region> held_region() const noexcept;
  uint64_t size_pages() const;
  uint64_t free_pages() const;
  os::File& file() noexcept { return *file_; }

 private:
  PageFile(std::unique_ptr<os::File> file, std::string path, bool writable)
      : file_(std::move(file)), path_(std::move(path)), writable_(writable) {}
  using Lock = std::unique_lock<std::mutex>;
  // The three REQUIRE mutex_. grow() and add_pages() release it while the file system is at work,
  // so that threads that find free pages need not wait. grow() adds as many pages as `needed()`
  // says then, or `wanted` if that is more and there is room. add_pages() REQUIRES growth_mutex_,
  // too. An outgrown region is retired without a lock: a deleter that runs meanwhile may take them.
  Status grow(Lock& lock, uint64_t wanted, FunctionRef<uint64_t()> needed);
  Status add_pages(Lock& lock, uint64_t pages, std::shared_ptr<Region>& outgrown);
  Status publish(uint64_t pages, std::shared_ptr<Region>& outgrown);

  std::unique_ptr<os::File> file_;
  const std::string path_;
  const bool writable_;
  uint64_t seed_ = 0;
  std::atomic<Region*> region_{nullptr};
  // Held while the file's size is changed; taken before mutex_.
  std::mutex growth_mutex_;
  mutable std::mutex mutex_;              // guards what follows, and the change of region_
  std::shared_ptr<Region> owned_region_;  // region_
  ExtentAllocator free_;
  uint64_t pages_ = 0;
};

}  // namespace stave::disk_index
