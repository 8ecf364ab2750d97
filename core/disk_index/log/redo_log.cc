#include "core/disk_index/log/redo_log.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/disk_index/format/directory_format.h"
#include "core/os/file_io.h"

namespace stave::disk_index {

namespace {

// Pages of a run: a part of the file's, and at most so many, since one put makes them ready.
constexpr uint64_t run_divisor = 64;
constexpr uint64_t run_pages_max = 4;

uint64_t largest_run(uint64_t chunk_pages) noexcept {
  return std::max<uint64_t>(1, run_pages_max / chunk_pages) * chunk_pages;
}

std::vector<Extent> joined(std::vector<Extent> extents) {
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) { return a.page < b.page; });
  std::vector<Extent> runs;
  for (const Extent& extent : extents) append_extent(runs, extent);
  return runs;
}

}  // namespace

RedoLog::RedoLog(os::FileSystem& files, std::shared_ptr<PageFile> file, uint32_t record_size)
    : files_(&files),
      file_(std::move(file)),
      stock_(std::make_shared<PageStock>(file_, largest_run(log_chunk_pages(record_size)))),
      record_size_(record_size),
      slot_size_(log_slot_size(record_size)) {}

void RedoLog::resume(LogChunk chunk, uint32_t slot, uint64_t sequence) noexcept {
  chunk_ = chunk;
  slot_ = slot;
  ended_ = true;
  sequence_ = sequence;
}

Status RedoLog::begin_chunk() {
  if (!reserved_.empty()) {
    begin_reserved_chunk();
    return {};
  }
  if (run_.pages == 0) STAVE_TRY(begin_run());
  STAVE_TRY_ASSIGN(const uint64_t salt, make_salt());
  const uint64_t page = run_.page;
  run_.page += log_chunk_pages(record_size_);
  run_.pages -= log_chunk_pages(record_size_);
  go_on_in({page, salt});
  return {};
}

Status RedoLog::reserve_chunks_for(uint64_t operations) {
  const uint64_t count = (operations + log_chunk_slots - 2) / (log_chunk_slots - 1);
  reserved_.reserve(count);
  while (reserved_.size() < count) {
    STAVE_TRY_ASSIGN(const uint64_t salt, make_salt());
    STAVE_TRY_ASSIGN(const Extent pages, allocate_chunk_pages());
    reserved_.push_back({pages.page, salt});
  }
  return {};
}

void RedoLog::begin_reserved_chunk() noexcept {
  assert(!reserved_.empty());
  go_on_in(reserved_.back());
  reserved_.pop_back();
}

Result<uint64_t> RedoLog::make_salt() {
  std::array<std::byte, 8> random{};
  STAVE_TRY(files_->random(random));
  return STAVE_PLANTED_BUG(disk_index_log_salt) ? 0 : load_le64(random.data());
}

// As many chunks as are in proportion to the file, or one if there is no room for more.
Result<Extent> RedoLog::allocate_run() {
  if (const std::optional<Extent> run = stock_->take()) return *run;
  const uint64_t chunk_pages = log_chunk_pages(record_size_);
  const uint64_t wanted = std::min(file_->size_pages() / run_divisor, run_pages_max);
  const uint64_t pages = wanted / chunk_pages * chunk_pages;
  if (pages > chunk_pages) {
    const Result<uint64_t> page = file_->allocate(pages);
    if (page) return Extent{*page, pages};
    if (!page.status().is(Code::no_space)) return page.status();
  }
  return allocate_chunk_pages();
}

Result<Extent> RedoLog::allocate_chunk_pages() {
  const uint64_t pages = log_chunk_pages(record_size_);
  Result<uint64_t> page = file_->allocate(pages);
  // Pages that only wait for readers to end may be enough. No reader waits for the writers' lock.
  if (page.status().is(Code::no_space) && sync::EpochRegistry::reclaim_all())
    page = file_->allocate(pages);
  if (!page) return page.status();
  return Extent{*page, pages};
}

Status RedoLog::begin_run() {
  stored_.reserve(stored_.size() + 1);
  STAVE_TRY_ASSIGN(Extent run, allocate_run());
  if (current_run_.pages > 0) stored_.push_back(current_run_);
  current_run_ = run_ = run;
  // What is made ready counts as stored into, and a sync has to write it.
  run_is_ready_ = !std::exchange(sync_comes_, false);
  if (run_is_ready_) file_->held_region()->expect_stores(run);
  return {};
}

std::vector<Extent> RedoLog::take_stored(size_t runs_kept) {
  const size_t kept = std::min(stored_.size(), runs_kept);
  std::vector<Extent> late(stored_.end() - static_cast<ptrdiff_t>(kept), stored_.end());
  std::swap(stored_, late);
  late.resize(late.size() - kept);
  return joined(std::move(late));
}

void RedoLog::leave_run() {
  const bool is_untouched = chunk_.page == current_run_.page && slot_ == 0 && !run_is_ready_;
  if (current_run_.pages == 0 || is_untouched) return;
  stored_.push_back(current_run_);
  if (run_.pages > 0) file_->free(run_);
  current_run_ = run_ = {};
  ended_ = true;
  sync_comes_ = true;
}

void RedoLog::go_on_in(const LogChunk& next) noexcept {
  if (chunk_.page != 0) {
    const sync::EpochPin pin;
    store_slot(LogKind::link, {next.page, next.salt}, {});
  }
  chunk_ = next;
  slot_ = 0;
  ended_ = false;
}

void RedoLog::store_slot(LogKind kind, const Key& key, Bytes record) noexcept {
  std::byte* const slot = file_->region()->page(chunk_.page) + size_t{slot_} * slot_size_;
  store_key(slot + log_key_at, key);
  copy(slot + log_record_at, record);
  std::fill(slot + log_record_at + record.size(), slot + slot_size_, std::byte{0});
  store_le64(slot, log_word(slot, slot_size_, kind, chunk_.salt, slot_));
}

uint32_t RedoLog::append(LogKind kind, const Key& key, Bytes record) noexcept {
  store_slot(kind, key, record);
  sequence_++;
  return slot_++;
}

Result<LogContents> read_log(os::File& file, std::string_view path, const LogChunk& first,
                             uint32_t record_size, uint64_t file_pages) {
  const uint64_t chunk_pages = log_chunk_pages(record_size);
  const uint32_t slot_size = log_slot_size(record_size);
  std::vector<std::byte> bytes(chunk_pages * page_size);
  LogContents contents;
  LogChunk chunk = first;
  // A chain that ran in a circle would visit more chunks than there are.
  while (contents.chunks.size() <= file_pages / chunk_pages) {
    contents.chunks.push_back({chunk, 0});
    STAVE_TRY(os::read_exactly(file, path, chunk.page * page_size, bytes));
    LogKind kind = LogKind::none;
    uint32_t slot = 0;
    for (; slot < log_chunk_slots; slot++) {
      kind = checked_log_kind(&bytes[size_t{slot} * slot_size], slot_size, chunk.salt, slot);
      if (kind != LogKind::put && kind != LogKind::remove) break;
    }
    contents.chunks.back().operations = slot;
    contents.operations += slot;
    if (kind != LogKind::link) break;
    const Key link = load_key(&bytes[size_t{slot} * slot_size + log_key_at]);
    chunk = {link.low, link.high};
    if (chunk.page < first_segment_page || chunk.page >= file_pages ||
        chunk_pages > file_pages - chunk.page)
      break;
  }
  return contents;
}

}  // namespace stave::disk_index
