#include "core/store/recovery/recovery.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/planted_bug.h"
#include "core/os/file_io.h"
#include "core/store/format/format_version.h"

namespace stave::store {

namespace {

// Whether a recovery has written down that the log ends before this segment, which a crash has
// brought back. Segments that were created since have other generations.
bool was_cut_away(uint64_t generation, const Manifest& manifest) noexcept {
  return manifest.sealed && generation > manifest.durable_end.generation &&
         generation < manifest.next_generation;
}

std::string damaged_record(const Segment& segment, uint64_t offset) {
  return "damaged record in segment '" + segment.path() + "' at offset " + std::to_string(offset);
}

Status lost(const std::string& where, uint64_t lsn, uint64_t durable_lsn) {
  return Status::error(Code::corruption, where + ": commit " + std::to_string(lsn) +
                                             " cannot be read, but everything up to commit " +
                                             std::to_string(durable_lsn) +
                                             " was on the device; restore the file from a backup");
}

class Recovery {
 public:
  Recovery(os::FileSystem& files, const std::string& directory, const Options& options,
           const Manifest& manifest, const KnownLog& known, Replay replay)
      : files_(files),
        directory_(directory),
        options_(options),
        manifest_(manifest),
        was_clean_(manifest.clean),
        known_(known),
        replay_(replay) {}

  Result<Recovered> run(SegmentDirectory& segment_directory) {
    STAVE_TRY(open_segments());
    STAVE_TRY(find_known_end());
    STAVE_TRY(settle_unsynced());
    for (const std::shared_ptr<Segment>& segment : segments_) {
      if (!segment_directory.reserve(segment->file_size())) return too_large();
      segment_directory.append(segment, segment->file_size());
    }
    STAVE_TRY(read_log());
    STAVE_TRY(check_known_end());
    STAVE_TRY(was_clean_ ? judge_clean_end() : search_evidence());
    STAVE_TRY(finish());
    segment_directory.truncate(kept_);
    return Recovered{.manifest = manifest_,
                     .commits = commits_,
                     .cut_bytes = cut_bytes_,
                     .was_clean = was_clean_};
  }

 private:
  // The segments of the log are those that the newest one names as its predecessors. The others are
  // remains of an earlier recovery whose removals a crash has undone.
  Status open_segments() {
    STAVE_TRY_ASSIGN(const std::vector<std::string> names, files_.list(directory_));
    std::vector<uint64_t> generations;
    for (const std::string& name : names) {
      if (const auto generation = parse_segment_name(name)) generations.push_back(*generation);
      if (is_unfinished(name)) leftovers_.push_back(name);
    }
    std::sort(generations.rbegin(), generations.rend());
    // A clean log ends in a known segment.
    std::optional<uint64_t> expected;
    if (was_clean_) expected = manifest_.durable_end.generation;
    for (const uint64_t generation : generations) {
      if (was_clean_ && generation >= manifest_.next_generation) return newer_than_manifest();
      if (was_cut_away(generation, manifest_)) {
        leftovers_.push_back(segment_name(generation));
        continue;
      }
      STAVE_TRY_ASSIGN(
          std::shared_ptr<Segment> segment,
          open_segment(files_, directory_, generation, manifest_.store_id, !options_.read_only));
      // Only a segment list, which this library does not have, makes them a part of a store.
      if (segment->kind() != SegmentKind::log)
        return unsupported_file(segment->path(), format_version);
      if (expected && generation != *expected) {
        leftovers_.push_back(segment_name(generation));
        continue;
      }
      expected = segment->previous_generation();
      segments_.push_back(std::move(segment));
    }
    if (expected.value_or(0) != 0)
      return Status::error(Code::corruption,
                           "segment '" + os::join_path(directory_, segment_name(*expected)) +
                               "' is missing; restore it from a backup");
    std::reverse(segments_.begin(), segments_.end());
    if (!generations.empty())
      manifest_.next_generation = std::max(manifest_.next_generation, generations.front() + 1);
    return {};
  }

  Status newer_than_manifest() const {
    return Status::error(Code::corruption,
                         "the log in '" + directory_ + "' goes on after commit " +
                             std::to_string(manifest_.durable_end.lsn) +
                             ", where MANIFEST says that the store was closed; do these files come "
                             "from different backups?");
  }

  // The segments before the known log's end are not read.
  Status find_known_end() {
    const LogEnd& known = known_.position;
    // Not "remove KEYS": when a segment is lost, only KEYS knows of it.
    constexpr const char* advice = "Restore the directory from a backup";
    if (known.generation == 0) return known == LogEnd() ? Status() : lacks_known_end(advice);
    while (first_ < segments_.size() && segments_[first_]->generation() < known.generation)
      first_++;
    if (first_ == segments_.size() || segments_[first_]->generation() != known.generation ||
        segments_[first_]->base_lsn() > known.lsn + 1 || last_lsn_of(first_) < known.lsn ||
        known.offset < segment_header_size || known.offset % location_unit != 0)
      return lacks_known_end(advice);
    if (known.offset > segments_[first_]->file_size()) return read_to_known_end();
    for (size_t i = 0; i < first_; i++) segments_[i]->set_end(segments_[i]->file_size());
    return {};
  }

  // Without a frame after the known log, nothing has proved yet that a frame ends there, unless the
  // manifest says so too. A cut at a wrong position would destroy the log.
  Status check_known_end() const {
    const LogEnd& known = known_.position;
    if (was_clean_ || known.generation == 0 || commits_ > 0 || known == manifest_.durable_end ||
        STAVE_PLANTED_BUG(cut_where_keys_says))
      return {};
    return read_to_known_end();
  }

  // Reads the segment in which the known log ends from its beginning. When its frames end before
  // the known end, that is damage, of which KEYS may be the only proof; otherwise KEYS is not of
  // this log.
  Status read_to_known_end() const {
    const LogEnd& known = known_.position;
    const Segment& segment = *segments_[first_];
    LogReader reader(segment, segment_header_size, segment.file_size());
    uint64_t lsn = segment.base_lsn() - 1;
    const auto pass_by = [](const LogReader::Record&) { return Status(); };
    for (bool goes_on = true; goes_on && reader.offset() < known.offset;) {
      STAVE_TRY_ASSIGN(goes_on, reader.next(lsn + 1, pass_by));
      if (goes_on) lsn++;
    }
    if (reader.offset() == known.offset && lsn == known.lsn) return {};
    if (reader.offset() < known.offset && lsn < known.lsn)
      return lost(damaged_record(segment, reader.offset()), lsn + 1, known.lsn);
    return lacks_known_end("Without KEYS the next open makes it from the log");
  }

  // What recovery shows must be what the device will show again, but after a failed sync the kernel
  // may cache pages as clean that the device does not hold. So everything that may not be durable
  // is synced, then dropped from the cache, and only then read.
  Status settle_unsynced() {
    if (was_clean_ || options_.read_only) return {};
    for (size_t i = 0; i < segments_.size(); i++) {
      if (last_lsn_of(i) <= std::max(manifest_.durable_end.lsn, known_.durable_lsn)) continue;
      STAVE_TRY(os::sync_file(segments_[i]->file(), segments_[i]->path()));
      STAVE_TRY(segments_[i]->file().drop_cache());
    }
    return {};
  }

  Status read_log() {
    end_ = known_.position;
    const auto goes_on_in = [&](size_t i) {
      return (i == first_ && end_.generation != 0) || segments_[i]->base_lsn() == end_.lsn + 1;
    };
    for (size_t i = first_; i < segments_.size() && goes_on_in(i); i++) {
      kept_ = i + 1;
      STAVE_TRY(read_segment(i));
    }
    return {};
  }

  Status read_segment(size_t position) {
    Segment& segment = *segments_[position];
    const bool is_known = position == first_ && end_.generation != 0;
    LogReader reader(segment, is_known ? end_.offset : segment_header_size, segment.file_size());
    const auto visit = [&](const LogReader::Record& record) { return replay_(segment, record); };
    // What follows the last frame of this segment is not part of the log, whatever it looks like.
    while (end_.lsn < last_lsn_of(position)) {
      STAVE_TRY_ASSIGN(const bool read, reader.next(end_.lsn + 1, visit));
      if (!read) break;
      end_.lsn++;
      commits_++;
    }
    end_.generation = segment.generation();
    end_.offset = reader.offset();
    segment.set_end(reader.offset());
    return {};
  }

  Status too_large() const {
    return Status::error(Code::too_large, "the segments in '" + directory_ +
                                              "' are too many, or larger than 256 TiB together");
  }

  Status lacks_known_end(const char* advice) const {
    const LogEnd& known = known_.position;
    return Status::error(Code::corruption,
                         "'" + directory_ + "' lacks the end of commit " +
                             std::to_string(known.lsn) + ", which KEYS knows in segment " +
                             std::to_string(known.generation) + " at offset " +
                             std::to_string(known.offset) +
                             "; do these files come from different backups? " + advice);
  }

  Status damaged_end(uint64_t durable_lsn) const {
    const std::string where = kept_ == 0 ? "'" + directory_ + "' lacks its first segment"
                                         : damaged_record(last_kept(), end_.offset);
    return lost(where, end_.lsn + 1, durable_lsn);
  }

  Status judge_clean_end() const {
    if (known_.durable_lsn > end_.lsn) return damaged_end(known_.durable_lsn);
    if (end_ == manifest_.durable_end) return {};
    if (end_.lsn < manifest_.durable_end.lsn) return damaged_end(manifest_.durable_end.lsn);
    return newer_than_manifest();
  }

  // Evidence that more of the log was durable than can be read proves damage.
  Status search_evidence() {
    uint64_t durable_lsn = std::max(manifest_.durable_end.lsn, known_.durable_lsn);
    const size_t first = kept_ == 0 ? 0 : kept_ - 1;
    for (size_t i = first; i < segments_.size(); i++) {
      const Segment& segment = *segments_[i];
      const bool is_last_kept = i + 1 == kept_;
      const uint64_t from = is_last_kept ? end_.offset : segment_header_size;
      LogReader reader(segment, from, segment.file_size());
      STAVE_TRY_ASSIGN(
          const uint64_t claim,
          reader.newest_durable_claim(end_.lsn, is_last_kept ? end_.lsn + 1 : segment.base_lsn()));
      durable_lsn = std::max(durable_lsn, claim);
      STAVE_TRY_ASSIGN(const uint64_t data_end, reader.end_of_data());
      cut_bytes_ += data_end - from;
    }
    if (STAVE_PLANTED_BUG(cut_durable_damage)) return {};
    if (durable_lsn > end_.lsn) return damaged_end(durable_lsn);
    return {};
  }

  Status finish() {
    if (options_.read_only) {
      manifest_.durable_end = end_;
      return map_for_readers();
    }
    if (!was_clean_) STAVE_TRY(cut());
    for (const std::string& name : leftovers_) STAVE_TRY(remove_file(name));
    return map_for_readers();
  }

  Status remove_file(const std::string& name) {
    const Status removed = files_.remove(os::join_path(directory_, name));
    return removed.is(Code::not_found) ? Status() : removed;
  }

  // Everything up to the end is durable by now (settle_unsynced). The manifest says so first, so
  // that a crash in the middle cannot remove the evidence with the segments.
  Status cut() {
    // A last segment without a frame is removed too, if the end of the one before it was read.
    const bool ends_known = known_.position.generation != 0 && kept_ == first_ + 1;
    if (kept_ > 0 && !ends_known && last_kept().end() == segment_header_size) {
      kept_--;
      end_.generation = kept_ == 0 ? 0 : last_kept().generation();
      end_.offset = kept_ == 0 ? 0 : last_kept().end();
    }
    manifest_.clean = false;
    manifest_.sealed = true;
    manifest_.durable_end = end_;
    STAVE_TRY(write_manifest(files_, directory_, manifest_));
    STAVE_TRY(remove_segments_after_end());
    if (kept_ > 0 && last_kept().end() < last_kept().file_size()) {
      STAVE_TRY(last_kept().file().truncate(last_kept().end()));
      last_kept().set_file_size(last_kept().end());
      STAVE_TRY(os::sync_file(last_kept().file(), last_kept().path()));
    }
    manifest_.clean = true;
    return write_manifest(files_, directory_, manifest_);
  }

  // Newest first, each removal durable before the next, so that a crash leaves a log without a gap.
  Status remove_segments_after_end() {
    for (size_t i = segments_.size(); i > kept_; i--) {
      STAVE_TRY(remove_file(segment_name(segments_[i - 1]->generation())));
      STAVE_TRY(os::sync_directory(files_, directory_));
    }
    return {};
  }

  Status map_for_readers() {
    if (options_.io != ReadIo::mmap) return {};
    for (size_t i = 0; i < kept_; i++) {
      STAVE_TRY_ASSIGN(std::unique_ptr<os::Mapping> mapping,
                       segments_[i]->file().map(segments_[i]->file_size(), false));
      segments_[i]->set_read_mapping(std::move(mapping));
    }
    return {};
  }

  // The LSN of the last frame that belongs into a segment; of the last segment it is not known.
  uint64_t last_lsn_of(size_t position) const {
    return position + 1 < segments_.size() ? segments_[position + 1]->base_lsn() - 1 : UINT64_MAX;
  }
  Segment& last_kept() const { return *segments_[kept_ - 1]; }

  os::FileSystem& files_;
  const std::string& directory_;
  const Options& options_;
  Manifest manifest_;
  const bool was_clean_;
  const KnownLog known_;
  Replay replay_;

  std::vector<std::shared_ptr<Segment>> segments_;  // of the log, oldest first
  std::vector<std::string> leftovers_;  // files of unfinished creations and undone removals
  size_t first_ = 0;                    // the segment in which the known log ends
  size_t kept_ = 0;  // segments up to and including the one in which the log ends
  LogEnd end_;
  uint64_t commits_ = 0;
  uint64_t cut_bytes_ = 0;
};

}  // namespace

bool is_unfinished(std::string_view name) noexcept {
  if (!name.ends_with(unfinished_suffix)) return false;
  name.remove_suffix(unfinished_suffix.size());
  return name == manifest_name || name == keys_name || name == collisions_name ||
         parse_segment_name(name).has_value();
}

Result<Recovered> recover(os::FileSystem& files, const std::string& directory,
                          const Options& options, const Manifest& manifest, const KnownLog& known,
                          SegmentDirectory& segments, Replay replay) {
  return Recovery(files, directory, options, manifest, known, replay).run(segments);
}

Status replay_log(const SegmentDirectory& segments, const LogEnd& from, const LogEnd& to,
                  Replay replay) {
  uint64_t lsn = from.lsn;
  for (const Segment* const next : *segments.set()) {
    const Segment& segment = *next;
    if (segment.generation() < from.generation || lsn == to.lsn) continue;
    const bool is_first = segment.generation() == from.generation;
    LogReader reader(segment, is_first ? from.offset : segment_header_size, segment.end());
    while (lsn < to.lsn) {
      const auto visit = [&](const LogReader::Record& record) { return replay(segment, record); };
      STAVE_TRY_ASSIGN(const bool read, reader.next(lsn + 1, visit));
      if (!read) break;
      lsn++;
    }
  }
  if (lsn == to.lsn) return {};
  return Status::error(Code::corruption, "commit " + std::to_string(lsn + 1) +
                                             " could be read a moment ago and no longer can");
}

}  // namespace stave::store
