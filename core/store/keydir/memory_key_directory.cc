#include "core/store/keydir/memory_key_directory.h"

#include <array>
#include <cassert>
#include <new>
#include <utility>

namespace stave::store {

Result<uint64_t> MemoryKeyDirectory::Keys::fetch_hash(uint64_t value) const noexcept try {
  RecordReader reader(*segments_);
  STAVE_TRY(reader.open(Location::of_bits(value)));
  STAVE_TRY_ASSIGN(const Bytes key, reader.key());
  STAVE_TRY(reader.check());
  return hash64(key, seed_);
} catch (const std::bad_alloc&) {
  return Code::no_memory;
}

Result<std::unique_ptr<MemoryKeyDirectory>> MemoryKeyDirectory::create(
    uint64_t hash_seed, const SegmentDirectory& segments) {
  STAVE_TRY_ASSIGN(std::unique_ptr<Table> table, Table::create({}, Keys(segments, hash_seed)));
  return std::unique_ptr<MemoryKeyDirectory>(new MemoryKeyDirectory(hash_seed, std::move(table)));
}

Result<bool> MemoryKeyDirectory::find(uint64_t hash, Bytes key, RecordReader& reader) const {
  Status failure;
  const auto match = [&](uint64_t value) noexcept {
    try {
      const Result<bool> same = reader.open_if_of(key, Location::of_bits(value));
      if (same) return *same ? index::Verdict::equal : index::Verdict::different;
      failure = same.status();
    } catch (const std::bad_alloc&) {
      failure = Code::no_memory;
    }
    return index::Verdict::error;
  };
  const Table::Found found = table_->find(hash, match);
  if (found.verdict == index::Verdict::error) return failure;
  return found.verdict == index::Verdict::equal;
}

void MemoryKeyDirectory::prefetch(std::span<const Bytes> keys) const noexcept {
  std::array<index::Probe, prefetch_max> probes;
  assert(keys.size() <= probes.size());
  for (size_t i = 0; i < keys.size(); i++) probes[i] = index::probe_of(hash(keys[i]));
  table_->prefetch(
      keys.size(), [&probes](size_t i) -> const index::Probe& { return probes[i]; },
      [this](size_t, Table::Entry entry) {
        const Location location = Location::of_bits(index::NarrowLayout<>::value(entry));
        RecordReader::prefetch(segments().of(location), location);
      });
}

void MemoryKeyDirectory::insert(uint64_t hash, Location location,
                                const Reservation& reservation) noexcept {
  [[maybe_unused]] const Status inserted =
      table_->insert_absent(hash, location.to_bits(), reservation);
  assert(inserted.ok());
}

void MemoryKeyDirectory::replace(uint64_t hash, Location old, Location location) noexcept {
  [[maybe_unused]] const bool replaced =
      table_->replace_exact(hash, old.to_bits(), location.to_bits());
  assert(replaced);
}

void MemoryKeyDirectory::remove(uint64_t hash, Location old) noexcept {
  [[maybe_unused]] const bool removed = table_->remove_exact(hash, old.to_bits());
  assert(removed);
}

// The table is never made with another number of shards.
Status MemoryKeyDirectory::Cursor::seek(const DirectoryPosition& position) {
  if (position.part >= table_.shard_count())
    return Status::error(Code::invalid_argument, "the token has a position that does not exist");
  cursor_ = Table::Cursor(position.part, position.at);
  position_ = position;
  return {};
}

Result<std::optional<Location>> MemoryKeyDirectory::Cursor::next() {
  while (slice_.empty()) {
    if (cursor_.done()) return std::optional<Location>();
    // A slice of its own: without memory the cursor has not moved.
    std::vector<Location> slice;
    position_ = {cursor_.shard(), cursor_.next()};
    STAVE_TRY(table_.visit_next(cursor_, [&slice](auto entry, uint8_t) {
      slice.push_back(Location::of_bits(index::NarrowLayout<>::value(entry)));
    }));
    slice_ = std::move(slice);
  }
  const Location location = slice_.back();
  slice_.pop_back();
  return std::optional<Location>(location);
}

}  // namespace stave::store
