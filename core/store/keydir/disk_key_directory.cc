#include "core/store/keydir/disk_key_directory.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <new>
#include <utility>

#include "core/base/planted_bug.h"
#include "core/os/file_io.h"
#include "core/store/keydir/key_directory.h"

namespace stave::store {

namespace {

// Of the tables that find unmerged changes: half of what a store's directory may use.
constexpr uint64_t delta_memory = uint64_t{32} << 20;

// What the index's superblock keeps of the log and the list. docs/formats/key_directory.md
// describes the bytes.
struct Note {
  LogEnd replay_from;
  uint64_t newest_lsn = 0;
  uint64_t list_version = 0;
};
disk_index::OwnerNote encode(const Note& note) noexcept {
  return {
      note.replay_from.lsn,
      {note.replay_from.generation, note.replay_from.offset, note.newest_lsn, note.list_version}};
}
Note decode(const disk_index::OwnerNote& from) noexcept {
  return {{.generation = from.words[0], .offset = from.words[1], .lsn = from.lsn},
          from.words[2],
          from.words[3]};
}

}  // namespace

DiskKeyDirectory::DiskKeyDirectory(os::FileSystem& files, std::string directory,
                                   const Options& options, const Manifest& manifest,
                                   const SegmentDirectory& segments)
    : files_(files),
      path_(std::move(directory)),
      options_(options),
      store_id_(manifest.store_id),
      hash_seed_(manifest.hash_seed),
      segments_(segments),
      collisions_(files, path_, store_id_) {}

DiskKeyDirectory::~DiskKeyDirectory() {
  // Its merger may call this object until it is gone.
  index_.reset();
}

// ---- Opening ------------------------------------------------------------------------------------

Status DiskKeyDirectory::open_index(bool create) {
  disk_index::Options options;
  options.owner = this;
  options.file_id = store_id_;
  options.read_only = options_.read_only;
  options.create_if_missing = create;
  options.background = options_.background;
  options.delta_memory = delta_memory;
  options.delta_entries = options_.test_delta_entries;
  STAVE_TRY_ASSIGN(
      index_, disk_index::LocationIndex::open(files_, os::join_path(path_, keys_name), options));
  const Note note = decode(index_->owner_note());
  const std::lock_guard lock(positions_mutex_);
  last_change_ = delta_from_ = replay_from_ = note.replay_from;
  newest_lsn_ = note.newest_lsn;
  return {};
}

Result<std::unique_ptr<DiskKeyDirectory>> DiskKeyDirectory::open(os::FileSystem& files,
                                                                 const std::string& directory,
                                                                 const Options& options,
                                                                 const Manifest& manifest,
                                                                 const SegmentDirectory& segments) {
  std::unique_ptr<DiskKeyDirectory> made(
      new DiskKeyDirectory(files, directory, options, manifest, segments));
  STAVE_TRY(made->open_files());
  return made;
}

Status DiskKeyDirectory::open_files() {
  const Status opened = open_index(false);
  // Without it all is made from the log, from its first frame on.
  if (opened.is(Code::not_found)) return {};
  STAVE_TRY(opened);
  const Status loaded = collisions_.load();
  const Note note = decode(index_->owner_note());
  if (loaded.is(Code::not_found) || (loaded.ok() && collisions_.version() < note.list_version))
    return Status::error(
        Code::corruption,
        "'" + os::join_path(path_, collisions_name) +
            "' is missing or older than KEYS; remove KEYS, and the next open makes "
            "both from the log");
  STAVE_TRY(loaded);
  known_.position = note.replay_from;
  known_.position.lsn--;
  known_.durable_lsn = std::max(note.newest_lsn, collisions_.newest_lsn());
  live_bytes_ = index_->weight();
  for (const DiskLocation& location : collisions_.locations()) live_bytes_ += padded(location.size);
  return {};
}

Status DiskKeyDirectory::begin_replay() {
  if (index_ || options_.read_only) return {};
  // The list first: an index without one is damage.
  STAVE_TRY(save_collisions(0).status());
  return open_index(true);
}

// The directory may know this change already, and later ones of this key and of others with its
// hash: segments of the index and the list are saved at different moments after known_log(). Each
// change of a key makes its own entry right, and the last one leaves it so.
Status DiskKeyDirectory::replay(const Segment& segment, const LogReader::Record& record) {
  const LogEnd frame{segment.generation(), record.frame_offset, record.header.lsn};
  const Bytes key = record.key;
  const bool erase = record.header.kind == RecordKind::remove;
  const disk_index::Key hash = hash_of(key);
  std::optional<DiskLocation> after;
  if (!erase)
    after = DiskLocation{.generation = segment.generation(),
                         .offset = record.offset,
                         .size = static_cast<uint32_t>(record.header.size())};
  STAVE_TRY_ASSIGN(const std::optional<DiskLocation> before, entry(hash));
  bool own = false;
  if (before && STAVE_PLANTED_BUG(keydir_trusts_hash)) {
    own = true;
  } else if (before) {
    RecordReader reader(segments_);
    STAVE_TRY_ASSIGN(own, is_of(key, *before, reader));
  }
  const std::optional<DiskLocation> listed = collisions_.find(key);
  if (listed) live_bytes_ -= padded(listed->size);
  if (own) live_bytes_ -= padded(before->size);
  if (after) live_bytes_ += padded(after->size);

  const bool to_index = own || (after && !listed && !before);
  if (to_index) STAVE_TRY(set_entry(hash, before, after, frame));
  if (listed && (own || erase))
    collisions_.erase(key, frame.lsn);
  else if (listed)
    collisions_.replace(key, *after, frame.lsn);
  else if (after && !to_index)
    collisions_.insert(collisions_.reserve_memory(key), *after, frame.lsn);
  return {};
}

void DiskKeyDirectory::end_replay(const LogEnd& end, Log& log) noexcept {
  // Release: pairs with the acquire in save_collisions().
  log_.store(&log, std::memory_order_release);
  note_end(end);
}

uint64_t DiskKeyDirectory::size() const noexcept {
  const uint64_t indexed = index_ ? index_->size() : 0;
  return indexed + static_cast<uint64_t>(overlay_size_) + collisions_.size();
}

Result<std::optional<DiskLocation>> DiskKeyDirectory::entry(const disk_index::Key& hash) const {
  if (!overlay_.empty())
    if (const auto found = overlay_.find(hash); found != overlay_.end()) return found->second;
  if (!index_) return std::optional<DiskLocation>();
  DiskLocationBytes bytes;
  const Status found = index_->get(hash, bytes);
  if (found.ok()) return std::optional<DiskLocation>(decode_location(bytes.data()));
  if (found.is(Code::not_found)) return std::optional<DiskLocation>();
  return found;
}

// Replays only.
Status DiskKeyDirectory::set_entry(const disk_index::Key& hash,
                                   const std::optional<DiskLocation>& before,
                                   const std::optional<DiskLocation>& after, const LogEnd& frame) {
  if (options_.read_only) {
    overlay_[hash] = after;
    overlay_size_ += (after ? 1 : 0) - (before ? 1 : 0);
    return {};
  }
  STAVE_TRY(index_->promise(1, true));
  STAVE_TRY(exchange(hash, before, after, frame));
  index_->merge_slice();
  return {};
}

// ---- Reading ------------------------------------------------------------------------------------

disk_index::Key DiskKeyDirectory::hash_of(Bytes key) const noexcept {
  const Hash128 hash = hash128(key, hash_seed_);
  if (options_.test_hash_mask == UINT64_MAX) [[likely]]
    return {hash.low, hash.high};
  return {hash.low & options_.test_hash_mask, 0};
}

// The file may say anything; the segments know what there is.
Result<Location> DiskKeyDirectory::locate(const DiskLocation& stored) const {
  const Segment* const segment = segments_.find(stored.generation);
  if (segment == nullptr || stored.size == 0 || stored.offset < segment_header_size ||
      stored.offset + stored.size > segment->file_size())
    return Status::error(Code::corruption,
                         "'" + os::join_path(path_, keys_name) + "' names a record in segment " +
                             std::to_string(stored.generation) + " at offset " +
                             std::to_string(stored.offset) +
                             ", which the log does not have; remove the file, and the next open "
                             "makes it from the log");
  return segment->location_of(stored.offset);
}

DiskLocation DiskKeyDirectory::disk_location_of(const RecordLocation& stored) const noexcept {
  const Segment& segment = segments_.of(stored.location);
  return {.generation = segment.generation(),
          .offset = segment.offset_of(stored.location),
          .size = stored.size};
}

Result<bool> DiskKeyDirectory::is_of(Bytes key, const DiskLocation& stored,
                                     RecordReader& reader) const {
  STAVE_TRY_ASSIGN(const Location location, locate(stored));
  Result<bool> same = reader.open_if_of(key, location);
  // An entry is exchanged for one of the same bytes, so its record has to have this size.
  if (same.ok() && *same && reader.record_size() != stored.size) {
    const Segment& segment = segments_.of(location);
    return segment.damage(stored.offset, "its size is not what KEYS says");
  }
  return same;
}

Result<bool> DiskKeyDirectory::find(Bytes key, RecordReader& reader) const {
  STAVE_TRY_ASSIGN(const std::optional<DiskLocation> found, entry(hash_of(key)));
  if (found) {
    Result<bool> same = is_of(key, *found, reader);
    if (!same || *same) return same;
  }
  const std::optional<DiskLocation> listed = collisions_.find(key);
  if (!listed) return false;
  return is_of(key, *listed, reader);
}

void DiskKeyDirectory::prefetch(std::span<const Bytes> keys) const noexcept try {
  if (!index_) return;
  constexpr size_t together = disk_index::DiskIndex::prefetch_max;
  std::array<disk_index::Key, together> hashes;
  for (; !keys.empty(); keys = keys.subspan(std::min(together, keys.size()))) {
    const size_t count = std::min(together, keys.size());
    for (size_t i = 0; i < count; i++) {
      hashes[i] = hash_of(keys[i]);
      index_->prefetch(hashes[i]);
    }
    // Without mappings there is nothing that could be asked for ahead.
    if (options_.io != ReadIo::mmap) continue;
    for (size_t i = 0; i < count; i++) {
      const Result<std::optional<DiskLocation>> found = entry(hashes[i]);
      if (!found || !*found) continue;
      const Result<Location> location = locate(**found);
      if (location) RecordReader::prefetch(segments_.of(*location), *location);
    }
  }
} catch (const std::bad_alloc&) {
  // For the text of an error, which whoever reads the key will get.
}

// ---- Changing -----------------------------------------------------------------------------------

Status DiskKeyDirectory::reserve(KeyChange& change, bool contended) {
  Reservation reserved;
  // Whatever else is in the way of a write then: this is what its caller has to know.
  const bool refused_before = refuses_changes();
  const auto failed = [&](const Status& why) { return refused_before ? refused(why) : why; };
  if (collisions_.has_failed()) return refused(collisions_.failure());
  if (!change.prior) {
    const Status found = index_->contains(hash_of(change.key));
    if (found.is_error()) return found;
    if (found.ok() || contended) {
      Result<CollisionList::Reservation> listed = collisions_.reserve_insertion(change.key);
      if (!listed) return failed(listed.status());
      reserved.listed_ = *std::move(listed);
    }
  }
  // Deletes may need what earlier puts have set aside, and go on without.
  const Status has_space = collisions_.reserve_space();
  if (!change.is_remove && !has_space.ok()) return failed(has_space);
  const Status promised = index_->promise(1, change.is_remove);
  if (!promised.ok()) return failed(promised);
  reserved.promise_.reset(index_.get());
  change.reservation.disk = std::move(reserved);
  return {};
}

// As after a failed sync of the log: what it covered is unknown.
Status DiskKeyDirectory::refused(const Status& why) const {
  return Status::error(
      Code::io,
      "a sync of the key directory failed, so writes are refused until the store is closed and "
      "opened again: " +
          std::string(why.message()),
      why.os_errno());
}

// Makes a promised change in the index, unless the entry is not `before`: `mismatch`.
Status DiskKeyDirectory::exchange(const disk_index::Key& hash,
                                  const std::optional<DiskLocation>& before,
                                  const std::optional<DiskLocation>& after,
                                  const LogEnd& frame) noexcept {
  note_change(frame);
  const DiskLocationBytes old_bytes = encode_location(before.value_or(DiskLocation()));
  const DiskLocationBytes new_bytes = encode_location(after.value_or(DiskLocation()));
  return index_->exchange(hash, before ? Bytes(old_bytes) : Bytes(),
                          after ? Bytes(new_bytes) : Bytes());
}

void DiskKeyDirectory::apply(KeyChange& change) noexcept {
  std::optional<DiskLocation> before;
  std::optional<DiskLocation> after;
  if (change.prior) before = disk_location_of(*change.prior);
  if (!change.is_remove) after = disk_location_of(change.location);
  const Segment& segment = segments_.of(change.frame);
  const LogEnd frame{segment.generation(), segment.offset_of(change.frame), change.lsn};
  Reservation& reserved = change.reservation.disk;
  static_cast<void>(reserved.promise_.release());  // kept by the exchange
  const Status exchanged = exchange(hash_of(change.key), before, after, frame);
  if (exchanged.ok()) return;
  assert(exchanged.is(Code::mismatch));
  // The entry is another key's.
  [[maybe_unused]] bool listed = true;
  if (!before) {
    assert(reserved.listed_);
    collisions_.insert(std::move(reserved.listed_), *after, change.lsn);
  } else if (after) {
    listed = collisions_.replace(change.key, *after, change.lsn);
  } else {
    listed = collisions_.erase(change.key, change.lsn);
  }
  assert(listed);
}

void DiskKeyDirectory::committed(uint64_t bytes) noexcept {
  // Half an interval of changes gathers while the half before it is merged.
  if (options_.checkpoint_interval != 0 &&
      uncheckpointed_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes >=
          options_.checkpoint_interval / 2) {
    uncheckpointed_bytes_.store(0, std::memory_order_relaxed);
    index_->request_merge();
  }
  index_->merge_slice();
}

// ---- Saving -------------------------------------------------------------------------------------

// Before the change is made: if a delta begins in between, the change is in that delta.
void DiskKeyDirectory::note_change(const LogEnd& frame) noexcept {
  const std::lock_guard lock(positions_mutex_);
  last_change_ = frame;
  newest_lsn_ = std::max(newest_lsn_, frame.lsn);
}

void DiskKeyDirectory::note_end(const LogEnd& end) noexcept {
  const std::lock_guard lock(positions_mutex_);
  last_change_ = {.generation = end.generation, .offset = end.offset, .lsn = end.lsn + 1};
}

void DiskKeyDirectory::delta_began() noexcept {
  const std::lock_guard lock(positions_mutex_);
  delta_from_ = last_change_;
}

void DiskKeyDirectory::older_deltas_merged() noexcept {
  const std::lock_guard lock(positions_mutex_);
  replay_from_ = delta_from_;
}

bool DiskKeyDirectory::has_advanced(const disk_index::OwnerNote& saved) const noexcept {
  const std::lock_guard lock(positions_mutex_);
  return replay_from_ != decode(saved).replay_from;
}

// The log up to the newest change goes to the device before what names its locations; the list,
// which may be newer than the superblock but not older, before the superblock.
Result<disk_index::OwnerNote> DiskKeyDirectory::before_superblock() {
  Note note;
  {
    const std::lock_guard lock(positions_mutex_);
    note = {replay_from_, newest_lsn_, collisions_.version()};
  }
  if (STAVE_PLANTED_BUG(keydir_stale_list) && log_ != nullptr) return encode(note);
  STAVE_TRY_ASSIGN(note.list_version, save_collisions(note.newest_lsn));
  return encode(note);
}

Result<uint64_t> DiskKeyDirectory::save_collisions(uint64_t lsn) {
  return collisions_.save([&](uint64_t newest_listed) -> Status {
    // Acquire: pairs with the release in end_replay().
    Log* const log = log_.load(std::memory_order_acquire);
    if (log == nullptr || STAVE_PLANTED_BUG(keydir_before_log)) return {};
    STAVE_TRY(log->check_in_place());
    return log->sync_through(std::max(lsn, newest_listed));
  });
}

uint64_t DiskKeyDirectory::weight_of(const std::byte* record) const noexcept {
  return padded(decode_location(record).size);
}

Status DiskKeyDirectory::verify() {
  const auto go_on = [](uint64_t, uint64_t) { return Status(); };
  return index_ ? index_->verify(go_on) : Status();
}

uint64_t DiskKeyDirectory::disk_bytes() const {
  return index_ ? index_->stats().file_bytes : 0;
}

Status DiskKeyDirectory::close(const LogEnd& end) {
  if (!index_) return {};
  if (!options_.read_only) note_end(end);
  const Status closed = index_->close();
  collisions_.release_space();
  return closed;
}

}  // namespace stave::store
