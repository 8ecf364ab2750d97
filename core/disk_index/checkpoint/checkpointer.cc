#include "core/disk_index/checkpoint/checkpointer.h"

#include <algorithm>

#include "core/base/planted_bug.h"
#include "core/base/undo.h"
#include "core/os/file_io.h"

namespace stave::disk_index {

namespace {

// Replaced pages are lost space until the next superblock, which costs syncs: they may be 1/16 of
// the segments' pages.
constexpr uint64_t replaced_pages_min = 256;
constexpr uint64_t replaced_divisor = 16;

}  // namespace

// ---- Superblocks --------------------------------------------------------------------------------

// What the next superblock says whichever state it names. REQUIRES: changes are not refused.
Result<Superblock> Checkpointer::next_superblock(WriterLock& writer) {
  Superblock next = durable_;
  next.generation++;
  {
    const HeldLock held(writer);
    STAVE_TRY(state_.refusal());
  }
  if (state_.owner() == nullptr) return next;
  STAVE_TRY_ASSIGN(const OwnerNote note, state_.owner()->before_superblock());
  next.owner = note;
  next.lsn = note.lsn;
  next.weight = state_.weight;
  return next;
}

Status Checkpointer::save(WriterLock& writer, uint64_t lsn) {
  STAVE_TRY_ASSIGN(Superblock next, next_superblock(writer));
  if (state_.owner() == nullptr) next.lsn = lsn;
  next.file_pages = state_.file->size_pages();
  return write_superblock(next, writer);
}

Status Checkpointer::save_segments(WriterLock& writer) {
  STAVE_TRY(write_directory(*state_.directory, writer));
  release_replaced();
  return {};
}

// What it throws it throws while the old superblock is the only one.
Status Checkpointer::write_directory(const Directory& directory, WriterLock& writer) {
  reserve_replaced(1);
  STAVE_TRY_ASSIGN(Superblock next, next_superblock(writer));
  STAVE_TRY_ASSIGN(const Extent stored, store_directory(directory, next.generation));
  Undo give_back([&]() noexcept { state_.file->free(stored); });
  const Extent before{durable_.directory_page, directory_pages(durable_.segments)};
  next.file_pages = state_.file->size_pages();
  next.entries = directory.entries();
  next.directory_page = stored.page;
  next.directory_generation = next.generation;
  next.segments = directory.segment_count();
  next.depth = directory.depth();
  if (state_.owner() == nullptr) {
    const HeldLock held(writer);
    const LogStart start = log_.start();
    next.log_page = start.chunk.page;
    next.log_salt = start.chunk.salt;
    next.log_sequence = start.sequence;
  }
  const Status written = write_superblock(next, writer);
  // Perhaps it is the durable one.
  give_back.forget();
  STAVE_TRY(written);
  add_replaced(before);
  return {};
}

// Both copies name the same state before this begins, or the second does and the first is torn. The
// first copy is written, synced, and only then the second: one of them is whole at any moment, and
// once the sync has returned a state older than this one is never shown again. A failure is final.
// What this throws it throws before anything is written.
Status Checkpointer::write_superblock(Superblock& next, WriterLock& writer) {
  log_.prepare_sync(&next, writer);
  Status written;
  try {
    written = write_copies(next);
  } catch (const std::exception&) {
    // The text of a failure found no memory.
    written = Code::io;
  }
  if (written.ok()) return written;
  const HeldLock held(writer);
  state_.refuse(written);
  return written;
}

Status Checkpointer::write_copies(const Superblock& next) {
  PageFile& file = *state_.file;
  const SuperblockBytes bytes = encode_superblock(next);
  const auto write = [&](uint64_t page) {
    return os::write_all(file.file(), state_.path, page * page_size, bytes);
  };
  syncs_.fetch_add(2, std::memory_order_relaxed);
  if (!STAVE_PLANTED_BUG(disk_index_unsynced_superblock)) STAVE_TRY(file.sync());
  STAVE_TRY(write(superblock_pages[0]));
  // Of this page alone: writers meanwhile store into pages of the log, which a sync of them would
  // make read-only one by one.
  if (!STAVE_PLANTED_BUG(disk_index_torn_superblocks))
    STAVE_TRY(file.held_region()->sync({superblock_pages[0], 1}));
  durable_ = next;
  second_copy_synced_ = false;
  return write(superblock_pages[1]);
}

Status Checkpointer::sync_second_copy() {
  return second_copy_synced_ ? Status() : state_.file->sync();
}

// Finds pages for the directory and writes it there.
Result<Extent> Checkpointer::store_directory(const Directory& directory, uint64_t generation) {
  PageFile& file = *state_.file;
  const uint64_t pages = directory_pages(directory.segment_count());
  std::vector<std::byte> bytes(pages * page_size, std::byte{0});
  uint64_t number = 0;
  directory.for_each([&](uint64_t, const Segment& segment) {
    std::byte* const page = &bytes[number / segments_per_page * page_size];
    encode_segment(page + page_header_size + number % segments_per_page * segment_entry_size,
                   segment);
    number++;
  });
  STAVE_TRY_ASSIGN(const uint64_t first, file.allocate(pages));
  Undo give_back([&]() noexcept { file.free({first, pages}); });
  for (uint64_t i = 0; i < pages; i++) {
    PageHeader header;
    header.kind = PageKind::directory;
    header.generation = generation;
    header.index = static_cast<uint32_t>(i);
    header.count =
        static_cast<uint8_t>(std::min<uint64_t>(number - i * segments_per_page, segments_per_page));
    encode_page_header(&bytes[i * page_size], header);
    seal_page(&bytes[i * page_size], file.seed(), first + i);
  }
  STAVE_TRY(file.write(first, bytes));
  give_back.forget();
  return Extent{first, pages};
}

// ---- Replaced pages -----------------------------------------------------------------------------

void Checkpointer::reserve_replaced(size_t count) {
  const size_t size = replaced_.size() + count;
  if (size > replaced_.capacity()) replaced_.reserve(std::max(size, 2 * replaced_.size()));
}

bool Checkpointer::holds_back_much() const noexcept {
  uint64_t pages = 0;
  for (const Extent& extent : replaced_) pages += extent.pages;
  return pages > std::max(replaced_pages_min, state_.directory->pages() / replaced_divisor);
}

void Checkpointer::release_replaced() noexcept {
  state_.file->free_after_readers(replaced_);
  // What earlier superblocks replaced comes back while this one's waits.
  static_cast<void>(sync::EpochRegistry::try_reclaim());
}

void Checkpointer::adopt(Checkpointer& other) noexcept {
  durable_ = other.durable_;
  second_copy_synced_ = other.second_copy_synced_;
  // Those of the old file are gone with it.
  replaced_ = std::move(other.replaced_);
}

}  // namespace stave::disk_index
