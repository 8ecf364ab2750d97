#include "core/disk_index/pages/page_stock.h"

#include "core/base/status.h"

namespace stave::disk_index {

std::optional<Extent> PageStock::take() noexcept {
  const std::lock_guard lock(mutex_);
  if (first_pages_.empty()) return {};
  const Extent taken{first_pages_.back(), unit_};
  first_pages_.pop_back();
  pages_.fetch_sub(unit_, std::memory_order_relaxed);
  return taken;
}

void PageStock::fill(uint64_t pages) {
  // By units: so small free extents, which nobody else has a use for, go first.
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      wanted_.store(pages, std::memory_order_relaxed);
      if (pages_.load(std::memory_order_relaxed) + unit_ > pages) return;
      first_pages_.reserve(first_pages_.size() + 1);
    }
    const Result<uint64_t> page = file_->allocate(unit_);
    if (!page) return;
    const std::lock_guard lock(mutex_);
    first_pages_.push_back(*page);
    pages_.fetch_add(unit_, std::memory_order_relaxed);
  }
}

void PageStock::give_back() noexcept {
  const std::lock_guard lock(mutex_);
  for (const uint64_t page : first_pages_) file_->free({page, unit_});
  first_pages_.clear();
  pages_.store(0, std::memory_order_relaxed);
  wanted_.store(0, std::memory_order_relaxed);
}

}  // namespace stave::disk_index
