// A few entries, or what a call knows of them: the candidates it has judged, the content of a
// bucket. Nearly always less than five; thousands when as many keys share a hash. Without memory it
// says so.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace stave::index {

template <typename Entry>
class EntryList {
 public:
  // False without memory.
  bool add(Entry entry) noexcept {
    if (size_ == capacity_ && !enlarge()) return false;
    data()[size_++] = entry;
    return true;
  }

  // The same for one that may be there already.
  bool add_once(const Entry& entry) noexcept { return contains(entry) || add(entry); }

  size_t size() const noexcept { return size_; }
  void clear() noexcept { size_ = next_ = 0; }
  const Entry* begin() const noexcept { return data(); }
  const Entry* end() const noexcept { return data() + size_; }

  // Calls come in the order of add(), mostly: the search goes on where the last one ended.
  bool contains(Entry entry) const noexcept {
    for (size_t i = 0; i < size_; i++) {
      const size_t at = next_ + i < size_ ? next_ + i : next_ + i - size_;
      if (data()[at] != entry) continue;
      next_ = at + 1 == size_ ? 0 : at + 1;
      return true;
    }
    return false;
  }

 private:
  static constexpr size_t kInline = 4;

  const Entry* data() const noexcept { return heap_ ? heap_.get() : inline_.data(); }
  Entry* data() noexcept { return heap_ ? heap_.get() : inline_.data(); }

  bool enlarge() noexcept {
    std::unique_ptr<Entry[]> larger(new (std::nothrow) Entry[2 * capacity_]);
    if (!larger) return false;
    for (size_t i = 0; i < size_; i++) larger[i] = data()[i];
    heap_ = std::move(larger);
    capacity_ *= 2;
    return true;
  }

  std::array<Entry, kInline> inline_;
  std::unique_ptr<Entry[]> heap_;
  size_t size_ = 0;
  size_t capacity_ = kInline;
  mutable size_t next_ = 0;
};

}  // namespace stave::index
