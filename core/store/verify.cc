// Verification: reads the log from the device, and compares the key directory with it both ways.
//
// It runs beside traffic. `bound` is the newest visible commit when it starts; what it finds out
// about the log up to there is compared with a directory that has gone on since. An entry that lies
// behind the bound is newer and proves nothing; a record that the directory lacks must have been
// replaced by a commit behind the bound, which is looked up at the end.
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/hash.h"
#include "core/os/file_io.h"
#include "core/store/store_impl.h"

namespace stave::store {

namespace {

struct KeyHash {
  size_t operator()(const Hash128& hash) const noexcept { return static_cast<size_t>(hash.low); }
};

class Verification {
 public:
  using Progress = FunctionRef<Status(uint64_t, uint64_t)>;
  Verification(const SegmentDirectory& segments, const Shards& shards, Progress progress)
      : segments_(segments), shards_(shards), progress_(progress) {}

  // Reads the commits up to `bound`.
  Status read_log(uint64_t bound) {
    uint64_t total = 0;
    for (uint32_t slot = 0; slot < segments_.size(); slot++) total += segments_[slot]->end();
    const auto visit = [&](const Segment& segment, const LogReader::Record& record) -> Status {
      newest_[hash_of(record.key)] = entry_of(segment, record);
      return report(total);
    };
    STAVE_TRY(walk(bound, visit));
    bound_ = Location(slot_, offset_);
    return progress_(total, total);
  }

  // Every entry of the directory is the newest record of its key.
  Status compare_directory() {
    for (uint32_t i = 0; i < shards_.size(); i++) {
      for (const auto& [hash, entry] : entries_of(shards_[i])) {
        const auto found = newest_.find(hash);
        const bool same = found != newest_.end() && found->second == entry;
        if (!same && entry.location < bound_)
          return segments_[entry.location.slot()]->damage(
              entry.location.offset(), "the index points to it, but it is not the newest record");
        if (found != newest_.end()) newest_.erase(found);
      }
    }
    std::erase_if(newest_, [](const auto& item) { return is_erase(item.second); });
    return {};
  }

  // Every newest record is in the directory, unless a commit up to `visible` replaced it.
  Status explain_missing(uint64_t visible) {
    if (newest_.empty()) return {};
    const auto visit = [&](const Segment&, const LogReader::Record& record) -> Status {
      newest_.erase(hash_of(record.key));
      return {};
    };
    STAVE_TRY(walk(visible, visit));
    if (newest_.empty()) return {};
    const Location location = newest_.begin()->second.location;
    return segments_[location.slot()]->damage(location.offset(),
                                              "the index lacks this newest record of its key");
  }

 private:
  using Newest = std::unordered_map<Hash128, DirectoryEntry, KeyHash>;
  static constexpr uint64_t report_every = uint64_t{1} << 20;

  static Hash128 hash_of(Bytes key) noexcept { return hash128(key, 0); }
  static bool is_erase(const DirectoryEntry& entry) noexcept { return entry.size == 0; }
  static DirectoryEntry entry_of(const Segment& segment, const LogReader::Record& record) noexcept {
    const bool erase = record.header.kind == RecordKind::erase;
    return {Location(segment.slot(), record.offset),
            erase ? 0 : static_cast<uint32_t>(record.header.size())};
  }

  static std::vector<std::pair<Hash128, DirectoryEntry>> entries_of(const Shard& shard) {
    std::vector<std::pair<Hash128, DirectoryEntry>> entries;
    const std::shared_lock lock(shard.directory_mutex);
    entries.reserve(shard.directory.size());
    shard.directory.for_each([&](const std::string& key, DirectoryEntry entry) {
      entries.emplace_back(hash_of(as_bytes(key)), entry);
    });
    return entries;
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
    while (lsn_ < last_lsn) {
      const Segment& segment = *segments_[slot_];
      STAVE_TRY(check_header(segment));
      LogReader reader(segment, offset_, segment.end());
      while (lsn_ < last_lsn) {
        Result<bool> read = reader.next(
            lsn_ + 1, [&](const LogReader::Record& record) { return visit(segment, record); });
        if (!read) return read.status();
        if (!*read) break;
        lsn_++;
        offset_ = reader.offset();
      }
      if (lsn_ == last_lsn) return {};
      if (reader.offset() != segment.end() || slot_ + 1 == segments_.size())
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
  const Shards& shards_;
  Progress progress_;

  Newest newest_;      // newest record of each key in what was read
  Location bound_;     // where that ended
  uint32_t slot_ = 0;  // the walk's position
  uint64_t offset_ = segment_header_size;
  uint64_t lsn_ = 0;
  uint64_t bytes_before_ = 0;
  uint64_t reported_ = 0;
};

}  // namespace

Status StoreImpl::verify(FunctionRef<Status(uint64_t, uint64_t)> progress) {
  STAVE_TRY(read_manifest(files_, directory_).status());
  const uint64_t recovered = recovered_.manifest.durable_end.lsn;
  Verification verification(segments_, *shards_, progress);
  STAVE_TRY(verification.read_log(log_ ? pipeline_->visible() : recovered));
  STAVE_TRY(verification.compare_directory());
  // The directory may have shown a commit on the point of becoming visible.
  return verification.explain_missing(log_ ? pipeline_->settled_visible() : recovered);
}

}  // namespace stave::store
