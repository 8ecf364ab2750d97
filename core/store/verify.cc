// Verification: reads the log from the device, and compares the key directory with it both ways.
//
// It runs beside traffic. `bound` is the newest visible commit when it starts. The log up to there
// is compared with a directory that has changed since: an entry after the bound is newer and proves
// nothing; a record that the directory lacks must have been replaced by a commit after the bound,
// which is looked up at the end.
#include <array>
#include <memory>
#include <unordered_map>
#include <utility>

#include "core/base/endian.h"
#include "core/base/hash.h"
#include "core/os/file_io.h"
#include "core/store/store.h"

namespace stave::store {

namespace {

struct KeyHash {
  size_t operator()(const Hash128& hash) const noexcept { return static_cast<size_t>(hash.low); }
};

class Verification {
 public:
  using Progress = FunctionRef<Status(uint64_t, uint64_t)>;
  // `hash_seed` is random: keys that somebody made to collide would count as one.
  Verification(const SegmentDirectory& segments, const KeyDirectory& directory, uint64_t hash_seed,
               Progress progress)
      : segments_(segments), directory_(directory), hash_seed_(hash_seed), progress_(progress) {}

  // Reads the commits up to `bound`.
  Status read_log(uint64_t bound) {
    uint64_t total = 0;
    for (const Segment* segment : *segments_.set()) total += segment->end();
    std::unordered_map<Hash128, Location, KeyHash> newest;  // of each key, erased ones left out
    const auto visit = [&](const Segment& segment, const LogReader::Record& record) -> Status {
      if (record.header.kind == RecordKind::remove)
        newest.erase(hash_of(record.key));
      else
        newest[hash_of(record.key)] = segment.location_of(record.offset);
      return report(total);
    };
    STAVE_TRY(walk(bound, visit));
    if (lsn_ != 0) bound_ = (*walked_)[slot_].location_of(offset_);
    live_.reserve(newest.size());
    for (const auto& [hash, location] : newest) live_.emplace(location.to_bits(), hash);
    return progress_(total, total);
  }

  // Every location in the directory is that of a newest record.
  Status compare_directory() {
    KeyDirectory::Cursor locations(directory_);
    while (true) {
      STAVE_TRY_ASSIGN(const std::optional<Location> location, locations.next());
      if (!location) return {};
      if (live_.erase(location->to_bits()) == 0 && *location < bound_)
        return damage(*location, "the key directory has it, but it is not the newest record");
    }
  }

  // The location of every newest record was in the directory, unless a commit up to `visible`
  // replaced it.
  Status explain_missing(uint64_t visible) {
    if (live_.empty()) return {};
    std::unordered_map<Hash128, Location, KeyHash> missing;
    for (const auto& [bits, hash] : live_) missing.emplace(hash, Location::of_bits(bits));
    const auto visit = [&](const Segment&, const LogReader::Record& record) -> Status {
      missing.erase(hash_of(record.key));
      return {};
    };
    STAVE_TRY(walk(visible, visit));
    if (missing.empty()) return {};
    return damage(missing.begin()->second, "the key directory lacks this newest record of its key");
  }

 private:
  static constexpr uint64_t report_every = uint64_t{1} << 20;

  Hash128 hash_of(Bytes key) const noexcept { return hash128(key, hash_seed_); }

  Status damage(Location location, std::string_view what) const {
    const Segment& segment = segments_.of(location);
    return segment.damage(segment.offset_of(location), what);
  }

  Status report(uint64_t total) {
    const uint64_t done = bytes_before_ + offset_;
    if (done < reported_ + report_every) return {};
    reported_ = done;
    return progress_(done, total);
  }

  // Goes on from where the last walk ended to the commit `last_lsn`.
  template <typename Visit>
  Status walk(uint64_t last_lsn, Visit&& visit) {
    walked_ = segments_.set();
    while (lsn_ < last_lsn) {
      const Segment& segment = (*walked_)[slot_];
      STAVE_TRY(check_header(segment));
      LogReader reader(segment, offset_, segment.end());
      while (lsn_ < last_lsn) {
        const auto visit_record = [&](const LogReader::Record& record) {
          return visit(segment, record);
        };
        STAVE_TRY_ASSIGN(const bool read, reader.next(lsn_ + 1, visit_record));
        if (!read) break;
        lsn_++;
        offset_ = reader.offset();
      }
      if (lsn_ == last_lsn) return {};
      // Of a segment that opening had no need to read, the next one says where it ends.
      if (slot_ + 1 == walked_->size() || (*walked_)[slot_ + 1].base_lsn() != lsn_ + 1)
        return segment.damage(reader.offset(), "checksum mismatch");
      bytes_before_ += segment.end();
      slot_++;
      offset_ = segment_header_size;
    }
    return {};
  }

  static Status check_header(const Segment& segment) {
    SegmentHeaderBytes bytes{};
    STAVE_TRY(os::read_exactly(segment.file(), segment.path(), 0, bytes));
    return decode_segment_header(bytes, segment.path()).status();
  }

  const SegmentDirectory& segments_;
  const KeyDirectory& directory_;
  const uint64_t hash_seed_;
  Progress progress_;

  // The newest record of each key in what was read: its location, and its key's hash.
  std::unordered_map<uint64_t, Hash128> live_;
  Location bound_;                            // where that ended
  std::shared_ptr<const SegmentSet> walked_;  // of the last walk; later sets only add segments
  size_t slot_ = 0;                           // the walk's position
  uint64_t offset_ = segment_header_size;
  uint64_t lsn_ = 0;
  uint64_t bytes_before_ = 0;
  uint64_t reported_ = 0;
};

}  // namespace

Status Store::verify(FunctionRef<Status(uint64_t, uint64_t)> progress) {
  STAVE_TRY(os::as_failure(read_manifest(files_, directory_).status()));
  const uint64_t recovered = recovered_.manifest.durable_end.lsn;
  std::array<std::byte, 8> seed{};
  STAVE_TRY(files_.random(seed));
  Verification verification(segments_, *keys_, load_le64(seed.data()), progress);
  STAVE_TRY(verification.read_log(log_ ? pipeline_->visible() : recovered));
  STAVE_TRY(verification.compare_directory());
  if (DiskKeyDirectory* const keys = keys_->on_disk()) STAVE_TRY(keys->verify());
  // The directory may have shown a commit that is published and not visible yet.
  return verification.explain_missing(log_ ? pipeline_->settled_visible() : recovered);
}

}  // namespace stave::store
