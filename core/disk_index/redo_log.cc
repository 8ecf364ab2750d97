#include "core/disk_index/redo_log.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/base/planted_bug.h"
#include "core/os/file_io.h"

namespace stave::disk_index {

namespace {

// The table is at most 3/4 full, so that probes stay short.
unsigned table_bits(uint64_t entries) noexcept {
  return std::max<unsigned>(10, static_cast<unsigned>(std::bit_width(entries * 4 / 3 - 1)));
}

// Chunks that hold so many operations, and room for some that were left half full.
uint64_t chunks_of(uint64_t operations) noexcept {
  return operations / (log_chunk_slots - 1) + 64;
}

}  // namespace

Delta::Delta(DeltaLimits limits, uint32_t record_size, uint64_t more_operations,
             uint64_t more_chunks, uint64_t probe_max)
    : limits_(limits),
      more_operations_(more_operations),
      record_size_(record_size),
      slot_size_(log_slot_size(record_size)),
      table_(table_bits(limits.hard + more_operations), probe_max),
      chunks_max_(static_cast<uint32_t>(chunks_of(limits.hard_operations()) + more_chunks)) {
  chunk_pages_ = std::make_unique<uint64_t[]>(chunks_max_);
}

Delta::Delta(DeltaLimits limits, uint32_t record_size, uint64_t more_operations,
             uint64_t more_chunks)
    : Delta(limits, record_size, more_operations, more_chunks, 1024 + more_operations) {}

std::unique_ptr<Delta> Delta::for_places(DeltaLimits limits, uint64_t promised) {
  return std::unique_ptr<Delta>(
      new Delta(limits, place_size, promised, chunks_of(promised), limits.hard + promised + 1));
}

bool Delta::wants_merge() const noexcept {
  return entries() >= limits_.soft || operations_ >= limits_.soft_operations() ||
         chunks_ >= chunks_of(limits_.soft_operations());
}

bool Delta::is_full() const noexcept {
  return entries() >= limits_.hard || operations_ >= limits_.hard_operations() ||
         chunks_ == chunks_max_;
}

bool Delta::has_room(const PageFile& file, uint64_t hash, const Key& key) const noexcept {
  return table_.has_room(hash, [&](uint32_t number) { return key_at(file, number) == key; });
}

bool Delta::add(const PageFile& file, uint64_t hash, const Key& key, uint32_t slot) noexcept {
  const uint32_t number = (chunks_ - 1) * log_chunk_slots + slot;
  bool is_new = false;
  if (!table_.put(
          hash, number, [&](uint32_t at) { return key_at(file, at) == key; }, &is_new))
    return false;
  if (is_new) entries_.store(entries() + 1, std::memory_order_relaxed);
  operations_++;
  return true;
}

std::vector<Extent> Delta::extents() const {
  std::vector<Extent> extents(chunks_);
  for (uint32_t i = 0; i < chunks_; i++)
    extents[i] = {chunk_pages_[i], log_chunk_pages(record_size_)};
  return extents;
}

RedoLog::RedoLog(os::FileSystem& files, std::shared_ptr<PageFile> file, uint32_t record_size)
    : files_(&files),
      file_(std::move(file)),
      record_size_(record_size),
      slot_size_(log_slot_size(record_size)) {}

void RedoLog::resume(LogChunk chunk, uint32_t slot, uint64_t sequence) noexcept {
  chunk_ = chunk;
  slot_ = slot;
  resumed_ = true;
  sequence_ = sequence;
}

Status RedoLog::begin_chunk() {
  const Result<LogChunk> next = allocate_chunk();
  if (!next) return next.status();
  begin_chunk(*next);
  return {};
}

Result<LogChunk> RedoLog::allocate_chunk() {
  std::array<std::byte, 8> salt{};
  STAVE_TRY(files_->random(salt));
  const Result<uint64_t> page = file_->allocate(log_chunk_pages(record_size_));
  if (!page) return page.status();
  return LogChunk{*page, STAVE_PLANTED_BUG(disk_index_log_salt) ? 0 : load_le64(salt.data())};
}

void RedoLog::begin_chunk(const LogChunk& next) noexcept {
  if (chunk_.page != 0) {
    const std::array<std::byte, record_size_max> nothing{};
    store_slot(LogKind::link, {next.page, next.salt}, Bytes(nothing).first(record_size_));
  }
  chunk_ = next;
  slot_ = 0;
  resumed_ = false;
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
