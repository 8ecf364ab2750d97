// Pages set aside for the redo log, so that a writer who goes on to a new part of it finds some
// while the file system takes its time to make the file larger.
//
// Thread safety: take() and give_back() by any number of threads, neither of which waits for the
// file system; fill() by one at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/disk_index/pages/page_file.h"

namespace stave::disk_index {

class PageStock {
 public:
  // Hands out extents of `unit` pages. To an open those that are left are free like others.
  PageStock(std::shared_ptr<PageFile> file, uint64_t unit) : file_(std::move(file)), unit_(unit) {}

  std::optional<Extent> take() noexcept;
  // Sets pages aside until there are so many, making the file larger if it has to, or until there
  // is no room for more.
  void fill(uint64_t pages);
  // Less than half of what it was to have: taken faster than filled.
  bool is_low() const noexcept {
    // Relaxed: an old figure does as well.
    return pages_.load(std::memory_order_relaxed) < wanted_.load(std::memory_order_relaxed) / 2;
  }
  // What is left is free again.
  void give_back() noexcept;

 private:
  const std::shared_ptr<PageFile> file_;
  const uint64_t unit_;
  std::mutex mutex_;                   // guards what follows
  std::vector<uint64_t> first_pages_;  // of each extent
  // Stored under mutex_.
  std::atomic<uint64_t> pages_{0};
  std::atomic<uint64_t> wanted_{0};
};

}  // namespace stave::disk_index
