#include "core/disk_index/pages/page_file.h"

#include <algorithm>
#include <new>
#include <utility>

#include "core/os/file_io.h"

namespace stave::disk_index {

namespace {

// Addresses cost nothing, and a new mapping makes every page fault again.
constexpr uint64_t mapped_pages_min = (uint64_t{128} << 20) / page_size;
constexpr uint64_t mapped_over_file = 8;
constexpr uint64_t growth_pages_min = 4;
constexpr uint64_t growth_pages_max = (uint64_t{4} << 20) / page_size;
constexpr uint64_t growth_divisor = 64;  // of the file's size

struct OutgrownRegion final : sync::Retired {
  std::shared_ptr<Region> region;
};

struct FreedExtents final : sync::Retired {
  FreedExtents(std::shared_ptr<PageFile> of, std::vector<Extent>& freed) noexcept
      : file(std::move(of)), extents(std::exchange(freed, {})) {}
  ~FreedExtents() {
    for (const Extent& extent : extents) file->free(extent);
  }
  std::shared_ptr<PageFile> file;
  std::vector<Extent> extents;
};

}  // namespace

Region::Region(std::unique_ptr<os::Mapping> mapping, const Region* before)
    : mapping_(std::move(mapping)),
      data_(mapping_->data()),
      pages_(mapping_->size() / page_size),
      checked_(std::make_unique<std::atomic<uint64_t>[]>(pages_ / 64 + 1)) {
  mapping_->expect_random_reads();
  if (before == nullptr) return;
  for (uint64_t i = 0; i < before->pages_ / 64 + 1; i++)
    checked_[i].store(before->checked_[i].load(std::memory_order_relaxed),
                      std::memory_order_relaxed);
}

Result<std::shared_ptr<PageFile>> PageFile::map(std::unique_ptr<os::File> file, std::string path,
                                                uint64_t pages, bool writable) {
  std::shared_ptr<PageFile> mapped(new PageFile(std::move(file), std::move(path), writable));
  const std::lock_guard lock(mapped->mutex_);
  mapped->pages_ = pages;
  std::shared_ptr<Region> none;
  STAVE_TRY(mapped->publish(pages, none));
  return mapped;
}

Status PageFile::publish(uint64_t pages, std::shared_ptr<Region>& outgrown) {
  const uint64_t reserved = writable_ ? std::max(mapped_pages_min, mapped_over_file * pages)
                                      : std::max<uint64_t>(pages, 1);
  STAVE_TRY_ASSIGN(std::unique_ptr<os::Mapping> mapping,
                   file_->map(reserved * page_size, writable_));
  outgrown = std::exchange(owned_region_,
                           std::make_shared<Region>(std::move(mapping), owned_region_.get()));
  // Release: pairs with the acquire in region().
  region_.store(owned_region_.get(), std::memory_order_release);
  return {};
}

Status PageFile::set_used(std::vector<Extent> used) {
  std::sort(used.begin(), used.end(),
            [](const Extent& a, const Extent& b) { return a.page < b.page; });
  const std::lock_guard lock(mutex_);
  ExtentAllocator free;
  uint64_t end = 0;
  for (const Extent& extent : used) {
    if (extent.page < end)
      return Status::error(Code::corruption, "'" + path_ + "': two structures share the page at " +
                                                 std::to_string(extent.page * page_size) +
                                                 "; rebuild the index");
    if (extent.page > end) free.free({end, extent.page - end});
    end = extent.page + extent.pages;
  }
  if (end < pages_) free.free({end, pages_ - end});
  free_ = std::move(free);
  return {};
}

Status PageFile::settle_size() {
  const std::lock_guard growth(growth_mutex_);
  const uint64_t in_use = size_pages() * page_size;
  STAVE_TRY_ASSIGN(const uint64_t size, file_->size());
  if (size > in_use) STAVE_TRY(file_->truncate(in_use));
  return file_->allocate(in_use);
}

Status PageFile::add_pages(Lock& lock, uint64_t pages, std::shared_ptr<Region>& outgrown) {
  const uint64_t size = pages_ + pages;
  if (size > file_pages_max)
    return Status::error(Code::no_space, "'" + path_ + "' has reached its largest size");
  lock.unlock();
  const Status allocated = file_->allocate(size * page_size);
  lock.lock();
  STAVE_TRY(allocated);
  if (size > owned_region_->pages()) STAVE_TRY(publish(size, outgrown));
  free_.free({pages_, pages});
  pages_ = size;
  return {};
}

Status PageFile::grow(Lock& lock, uint64_t wanted, FunctionRef<uint64_t()> needed) {
  lock.unlock();
  // Before there is anything to retire: readers may be in the old region whatever fails then.
  auto outgrown = std::make_unique<OutgrownRegion>();
  std::unique_lock growth(growth_mutex_);
  lock.lock();
  const uint64_t pages = needed();
  Status grown;
  try {
    if (pages > 0) grown = add_pages(lock, std::max(pages, wanted), outgrown->region);
    if (grown.is(Code::no_space) && wanted > pages)
      grown = add_pages(lock, pages, outgrown->region);
  } catch (const std::bad_alloc&) {
    grown = Code::no_memory;
    if (!lock.owns_lock()) lock.lock();
  }
  if (!outgrown->region) return grown;
  growth.unlock();
  lock.unlock();
  sync::EpochRegistry::retire(outgrown.release());
  lock.lock();
  return grown;
}

Result<uint64_t> PageFile::allocate(uint64_t pages) {
  Lock lock(mutex_);
  for (;;) {
    if (const std::optional<uint64_t> page = free_.allocate(pages)) return *page;
    const uint64_t wanted = std::clamp(pages_ / growth_divisor, growth_pages_min, growth_pages_max);
    STAVE_TRY(grow(lock, wanted, [&] {
      return free_.largest() >= pages ? 0 : pages - free_.free_before(pages_);
    }));
  }
}

Status PageFile::reserve(uint64_t pages) {
  Lock lock(mutex_);
  return grow(lock, 0, [&] { return pages; });
}

Status PageFile::keep_free(uint64_t pages) {
  Lock lock(mutex_);
  if (free_.largest() >= pages) return {};
  return grow(lock, 0,
              [&] { return free_.largest() >= pages ? 0 : pages - free_.free_before(pages_); });
}

Status PageFile::trim() {
  const std::lock_guard growth(growth_mutex_);
  const std::lock_guard lock(mutex_);
  const uint64_t at_end = free_.free_before(pages_);
  if (at_end == 0) return {};
  STAVE_TRY(file_->truncate((pages_ - at_end) * page_size));
  pages_ -= at_end;
  free_.cut(pages_);
  return {};
}

void PageFile::free(Extent extent) noexcept {
  const std::lock_guard lock(mutex_);
  try {
    free_.free(extent);
  } catch (const std::bad_alloc&) {
    // Lost until the next open, which finds out anew what is free.
  }
}

void PageFile::free_after_readers(std::vector<Extent>& extents) noexcept {
  if (extents.empty()) return;
  auto* const freed = new (std::nothrow) FreedExtents(shared_from_this(), extents);
  if (freed != nullptr) sync::EpochRegistry::retire(freed);
}

Status PageFile::write(uint64_t page, Bytes pages) {
  STAVE_TRY(os::write_all(*file_, path_, page * page_size, pages));
  // While the merger goes on to the next segment.
  file_->start_sync(page * page_size, pages.size());
  const std::lock_guard lock(mutex_);
  for (uint64_t i = 0; i < pages.size() / page_size; i++) owned_region_->set_checked(page + i);
  return {};
}

Status PageFile::sync() {
  return os::sync_file(*file_, path_);
}

std::shared_ptr<Region> PageFile::held_region() const noexcept {
  const std::lock_guard lock(mutex_);
  return owned_region_;
}

uint64_t PageFile::size_pages() const {
  const std::lock_guard lock(mutex_);
  return pages_;
}

uint64_t PageFile::free_pages() const {
  const std::lock_guard lock(mutex_);
  return free_.free_pages();
}

}  // namespace stave::disk_index
