#include "core/disk_index/segments/directory.h"

#include <string>

namespace stave::disk_index {

Directory::Directory(uint32_t depth)
    : depth_(depth),
      words_(std::make_unique<std::atomic<uint64_t>[]>(uint64_t{1} << depth)),
      segments_(uint64_t{1} << depth) {}

Directory::Directory() : Directory(0) {
  put(0, Segment{});
}

void Directory::put(uint64_t slot, const Segment& segment) noexcept {
  segments_[slot] = segment;
  segment_count_++;
  entries_ += segment.entries;
  pages_ += segment.pages();
  const uint64_t word = SegmentWord(segment).word();
  // Release: pairs with the acquire in word_of().
  for (uint64_t end = slot + slots_of(segment); slot < end; slot++)
    words_[slot].store(word, std::memory_order_release);
}

std::unique_ptr<Directory> Directory::copy_of(const Directory& from, uint32_t deeper) {
  std::unique_ptr<Directory> directory(new Directory(from.depth_ + deeper));
  from.for_each(
      [&](uint64_t slot, const Segment& segment) { directory->put(slot << deeper, segment); });
  return directory;
}

Result<std::unique_ptr<Directory>> Directory::from_segments(const std::vector<Segment>& segments,
                                                            uint32_t depth, uint64_t file_pages) {
  const auto damage = [](size_t number, const std::string& what) {
    return Status::error(Code::corruption, "segment " + std::to_string(number) + ": " + what);
  };
  std::unique_ptr<Directory> directory(new Directory(depth));
  uint64_t slot = 0;
  for (size_t number = 0; number < segments.size(); number++) {
    const Segment& segment = segments[number];
    if (segment.depth > depth) return damage(number, "deeper than the directory");
    const uint64_t count = directory->slots_of(segment);
    if (slot % count != 0 || count > directory->slots() - slot)
      return damage(number, "its range overlaps another's");
    const bool empty = segment.home_pages == 0;
    if (segment.home_pages > home_pages_max || (empty && segment.overflow_pages != 0) ||
        empty != (segment.entries == 0))
      return damage(number, "its sizes contradict each other");
    if (!empty && (segment.first_page < first_segment_page || segment.first_page >= file_pages ||
                   segment.pages() > file_pages - segment.first_page))
      return damage(number, "it lies outside the file");
    directory->put(slot, segment);
    slot += count;
  }
  if (slot != directory->slots())
    return Status::error(Code::corruption, "the directory does not cover all hashes");
  return directory;
}

uint64_t Directory::first_slot(uint64_t hash) const noexcept {
  const uint64_t slot = slot_of(hash);
  return slot & ~((uint64_t{1} << (depth_ - word_of(hash).depth())) - 1);
}

void Directory::replace(uint64_t slot, const std::vector<Segment>& with) noexcept {
  const Segment& old = segments_[slot];
  segment_count_--;
  entries_ -= old.entries;
  pages_ -= old.pages();
  for (const Segment& segment : with) {
    const uint64_t count = slots_of(segment);
    put(slot, segment);
    slot += count;
  }
}

}  // namespace stave::disk_index
