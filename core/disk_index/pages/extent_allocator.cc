#include "core/disk_index/pages/extent_allocator.h"

#include <cassert>
#include <iterator>
#include <new>

namespace stave::disk_index {

void ExtentAllocator::insert(uint64_t page, uint64_t pages) {
  const auto added = by_page_.emplace(page, pages).first;
  try {
    by_size_.emplace(pages, page);
  } catch (const std::bad_alloc&) {
    // The extent is lost rather than in one of the two only.
    by_page_.erase(added);
    throw;
  }
  free_pages_ += pages;
}

void ExtentAllocator::erase(std::map<uint64_t, uint64_t>::iterator extent) {
  by_size_.erase({extent->second, extent->first});
  free_pages_ -= extent->second;
  by_page_.erase(extent);
}

void ExtentAllocator::replace(std::map<uint64_t, uint64_t>::iterator extent, Extent with) noexcept {
  auto by_size = by_size_.extract({extent->second, extent->first});
  auto by_page = by_page_.extract(extent);
  free_pages_ += with.pages - by_page.mapped();
  by_size.value() = {with.pages, with.page};
  by_page.key() = with.page;
  by_page.mapped() = with.pages;
  by_size_.insert(std::move(by_size));
  by_page_.insert(std::move(by_page));
}

std::optional<uint64_t> ExtentAllocator::allocate(uint64_t pages) noexcept {
  const auto found = by_size_.lower_bound({pages, 0});
  if (found == by_size_.end()) return {};
  const auto [size, page] = *found;
  const auto extent = by_page_.find(page);
  if (size > pages)
    replace(extent, {page + pages, size - pages});
  else
    erase(extent);
  return page;
}

void ExtentAllocator::free(Extent extent) {
  const auto next = by_page_.lower_bound(extent.page);
  assert(next == by_page_.end() || extent.page + extent.pages <= next->first);
  const bool joins_next = next != by_page_.end() && next->first == extent.page + extent.pages;
  if (joins_next) extent.pages += next->second;
  if (next != by_page_.begin()) {
    const auto previous = std::prev(next);
    assert(previous->first + previous->second <= extent.page);
    if (previous->first + previous->second == extent.page) {
      const Extent joined{previous->first, previous->second + extent.pages};
      if (joins_next) erase(next);
      return replace(previous, joined);
    }
  }
  if (joins_next) return replace(next, extent);
  insert(extent.page, extent.pages);
}

uint64_t ExtentAllocator::free_before(uint64_t page) const {
  const auto next = by_page_.lower_bound(page);
  if (next == by_page_.begin()) return 0;
  const auto previous = std::prev(next);
  return previous->first + previous->second == page ? previous->second : 0;
}

}  // namespace stave::disk_index
