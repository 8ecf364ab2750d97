// Which pages of a file are free.
//
// An extent is a run of pages. Freed neighbours become one again; an allocation takes the smallest
// free extent that is large enough, of equal ones the first. O(log of the free extents). Memory is
// needed only for an extent that has no free neighbour. Not thread safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace stave::disk_index {

struct Extent {
  uint64_t page = 0;
  uint64_t pages = 0;
};

// Appends an extent, as a part of the last one if it lies behind that.
inline void append_extent(std::vector<Extent>& to, const Extent& extent) {
  if (!to.empty() && to.back().page + to.back().pages == extent.page)
    to.back().pages += extent.pages;
  else
    to.push_back(extent);
}

class ExtentAllocator {
 public:
  // Nothing when no free extent is large enough.
  std::optional<uint64_t> allocate(uint64_t pages) noexcept;
  // None of its pages is free already. Without memory (bad_alloc) nothing is changed.
  void free(Extent extent);
  // How many pages are free just before `page`.
  uint64_t free_before(uint64_t page) const;
  // Forgets the free extent that begins at `page`.
  void cut(uint64_t page) { erase(by_page_.find(page)); }
  // Pages of the largest free extent.
  uint64_t largest() const noexcept { return by_size_.empty() ? 0 : by_size_.rbegin()->first; }
  uint64_t free_pages() const noexcept { return free_pages_; }

 private:
  void insert(uint64_t page, uint64_t pages);
  void erase(std::map<uint64_t, uint64_t>::iterator extent);
  // In the same place of the order by pages.
  void replace(std::map<uint64_t, uint64_t>::iterator extent, Extent with) noexcept;

  std::map<uint64_t, uint64_t> by_page_;             // first page -> pages
  std::set<std::pair<uint64_t, uint64_t>> by_size_;  // pages, first page
  uint64_t free_pages_ = 0;
};

}  // namespace stave::disk_index
