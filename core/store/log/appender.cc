#include "core/store/log/appender.h"

#include <algorithm>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/os/file_io.h"

namespace stave::store {

namespace {

constexpr uint64_t initial_allocation = uint64_t{1} << 20;

constexpr uint64_t round_to_page(uint64_t size) noexcept {
  return (size + Appender::page_size - 1) & ~(Appender::page_size - 1);
}

constexpr uint64_t limit_for(uint64_t segment_size, uint64_t first_frame_size) noexcept {
  return std::max(segment_size, segment_header_size + first_frame_size);
}

}  // namespace

Appender::Appender(std::shared_ptr<Segment> segment, std::shared_ptr<os::Mapping> mapping,
                   uint64_t limit, uint64_t reserve, uint64_t end, uint64_t allocated) noexcept
    : segment_(std::move(segment)),
      mapping_(std::move(mapping)),
      limit_(limit),
      reserve_(reserve),
      end_(end),
      allocated_(allocated),
      synced_end_(end) {
  segment_->set_end(end_);
  segment_->set_file_size(std::max(segment_->file_size(), allocated_));
}

uint64_t Appender::capacity_for(uint64_t segment_size, uint64_t first_frame_size) noexcept {
  return round_to_page(limit_for(segment_size, first_frame_size) +
                       remove_reserve_size(segment_size));
}

Result<std::unique_ptr<Appender>> Appender::create(os::FileSystem& files,
                                                   const std::string& directory,
                                                   const SegmentHeader& header,
                                                   uint64_t segment_size, uint64_t first_frame_size,
                                                   bool may_use_reserve, bool* name_taken) {
  *name_taken = false;
  const std::string path = os::join_path(directory, segment_name(header.generation));
  const uint64_t limit = limit_for(segment_size, first_frame_size);
  const uint64_t reserve = remove_reserve_size(segment_size);
  const uint64_t capacity = capacity_for(segment_size, first_frame_size);
  const uint64_t needed =
      round_to_page(segment_header_size + first_frame_size + (may_use_reserve ? 0 : reserve));

  const std::string unfinished = path + std::string(unfinished_suffix);
  STAVE_TRY_ASSIGN(std::unique_ptr<os::File> file,
                   files.open(unfinished, os::OpenMode::create_new));
  uint64_t allocated = std::max(needed, std::min(initial_allocation, capacity));
  const auto prepare = [&]() -> Result<std::unique_ptr<os::Mapping>> {
    Status status = file->allocate(allocated);
    if (status.is(Code::no_space) && allocated > needed) {
      allocated = needed;
      status = file->allocate(allocated);
    }
    STAVE_TRY(status);
    STAVE_TRY(os::write_all(*file, unfinished, 0, encode_segment_header(header)));
    return file->map(capacity, true);
  };
  Result<std::unique_ptr<os::Mapping>> mapping = prepare();
  if (!mapping) {
    // If this fails too, the next open removes the file.
    static_cast<void>(files.remove(unfinished));
    return mapping.status();
  }
  auto segment = std::make_shared<Segment>(header, path, std::move(file));
  std::unique_ptr<Appender> appender(
      new Appender(segment, *std::move(mapping), limit, reserve, segment_header_size, allocated));
  Status status = os::sync_file(segment->file(), unfinished);
  if (status.ok()) status = files.rename(unfinished, path);
  if (!status.ok()) {
    static_cast<void>(files.remove(unfinished));
    return status;
  }
  *name_taken = true;
  if (!STAVE_PLANTED_BUG(skip_directory_sync)) STAVE_TRY(os::sync_directory(files, directory));
  return appender;
}

Result<std::unique_ptr<Appender>> Appender::resume(std::shared_ptr<Segment> segment, uint64_t end,
                                                   uint64_t segment_size) {
  STAVE_TRY_ASSIGN(const uint64_t size, segment->file().size());
  const uint64_t limit = std::max(segment_size, end);
  const uint64_t reserve = remove_reserve_size(segment_size);
  const uint64_t capacity = std::max(round_to_page(limit + reserve), size);
  STAVE_TRY_ASSIGN(std::unique_ptr<os::Mapping> mapping, segment->file().map(capacity, true));
  // Blocks after the end may be missing: a program that copies files may leave out what was never
  // written.
  return std::unique_ptr<Appender>(
      new Appender(std::move(segment), std::move(mapping), limit, reserve, end, end));
}

Result<bool> Appender::allocate_at_least(uint64_t size) {
  if (size <= allocated_) return true;
  const uint64_t needed = round_to_page(size);
  const uint64_t doubled = std::min(mapping_->size(), std::max(needed, 2 * allocated_));
  uint64_t target = doubled;
  Status status = segment_->file().allocate(target);
  if (status.is(Code::no_space) && doubled > needed) {
    target = needed;
    status = segment_->file().allocate(target);
  }
  if (status.is(Code::no_space)) return false;
  STAVE_TRY(status);
  allocated_ = target;
  segment_->set_file_size(std::max(segment_->file_size(), allocated_));
  return true;
}

Result<Appender::Fit> Appender::ensure_space(uint64_t size, bool may_use_reserve) {
  if (end_ + size > limit_) return Fit::roll;
  Result<bool> allocated = allocate_at_least(end_ + size + reserve_);
  if (!allocated) return allocated.status();
  if (!*allocated && may_use_reserve) {
    allocated = allocate_at_least(end_ + size);
    if (!allocated) return allocated.status();
  }
  return *allocated ? Fit::fits : Fit::no_space;
}

bool Appender::fits_reserve(uint64_t size) {
  if (end_ + size > mapping_->size()) return false;
  const Result<bool> allocated = allocate_at_least(end_ + size);
  return allocated && *allocated;
}

uint64_t Appender::take(uint64_t size) noexcept {
  const uint64_t offset = end_;
  end_ += size;
  segment_->set_end(end_);
  return offset;
}

Appender::Range Appender::take_prefault() noexcept {
  if (!is_prefault_due()) return {};
  const uint64_t from = std::max(prefaulted_, end_ / page_size * page_size);
  const uint64_t to = std::min(from / prefault_step * prefault_step + prefault_step,
                               allocated_ / page_size * page_size);
  if (to <= from) return {};
  prefaulted_ = to;
  return {from, to - from};
}

Appender::Range Appender::take_prefault_of(uint64_t offset, uint64_t size) noexcept {
  // Prefaulting does not pay for a frame that takes long anyway.
  constexpr uint64_t frame_size_max = 1 << 20;
  if (size <= page_size || size > frame_size_max) return {};
  const uint64_t from = std::max(prefaulted_, offset / page_size * page_size);
  const uint64_t to = std::min(round_to_page(offset + size), allocated_ / page_size * page_size);
  if (to <= from) return {};
  prefaulted_ = to;
  return {from, to - from};
}

void Appender::trim(uint64_t keep) noexcept {
  const uint64_t size = keep == 0 ? end_ : std::min(allocated_, round_to_page(end_ + keep));
  if (size >= segment_->file_size() || !segment_->file().truncate(size).ok()) return;
  allocated_ = std::min(allocated_, size);
  segment_->set_file_size(size);
}

}  // namespace stave::store
