#include "core/store/recovery.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "core/os/file_io.h"

namespace stave::store {

namespace {

class Recovery {
 public:
  Recovery(os::FileSystem& files, const std::string& directory, const Options& options,
           const Manifest& manifest, Replay replay)
      : files_(files),
        directory_(directory),
        options_(options),
        manifest_(manifest),
        replay_(replay) {}

  Result<Recovered> run(SegmentDirectory& directory_of_segments) {
    STAVE_TRY(open_segments());
    STAVE_TRY(forget_cached_pages());
    STAVE_TRY(read_log());
    STAVE_TRY(judge_end());
    STAVE_TRY(finish());
    for (size_t i = 0; i < kept_; i++) {
      directory_of_segments.reserve();
      directory_of_segments.append(segments_[i]);
    }
    return Recovered{.manifest = manifest_,
                     .commits = commits_,
                     .cut_bytes = cut_bytes_,
                     .was_clean = was_clean_};
  }

 private:
  Status open_segments();
  Status forget_cached_pages();
  Status read_log();
  Status judge_end();
  Status judge_clean_end() const;
  Status search_evidence();
  Status finish();
  Status cut();
  Status remove_segments_behind_end();
  Status map_for_readers();
  Status damaged_end(uint64_t durable_lsn) const;

  Segment& last_kept() const { return *segments_[kept_ - 1]; }

  os::FileSystem& files_;
  const std::string& directory_;
  const Options& options_;
  Manifest manifest_;
  Replay replay_;

  std::vector<std::shared_ptr<Segment>> segments_;  // all that exist, in log order
  std::vector<std::string> unfinished_;             // leftovers of unfinished creations
  size_t kept_ = 0;  // segments up to and including the one in which the log ends
  LogEnd end_;
  uint64_t commits_ = 0;
  uint64_t cut_bytes_ = 0;
  bool was_clean_ = false;
};

Status Recovery::open_segments() {
  Result<std::vector<std::string>> names = files_.list(directory_);
  if (!names) return names.status();
  std::vector<uint64_t> generations;
  for (std::string& name : *names) {
    if (const auto generation = parse_segment_name(name)) generations.push_back(*generation);
    if (name.ends_with(unfinished_suffix)) unfinished_.push_back(std::move(name));
  }
  std::sort(generations.begin(), generations.end());
  if (generations.size() > SegmentDirectory::slots_max)
    return Status::error(Code::too_large, "'" + directory_ + "' has too many segments");
  uint64_t previous = 0;
  for (const uint64_t generation : generations) {
    Result<std::shared_ptr<Segment>> segment =
        open_segment(files_, directory_, generation, manifest_.store_id, !options_.read_only,
                     static_cast<uint32_t>(segments_.size()));
    if (!segment) return segment.status();
    if ((*segment)->previous_generation() != previous)
      return Status::error(Code::corruption, "the segment before '" + (*segment)->path() +
                                                 "' is missing: generation " +
                                                 std::to_string((*segment)->previous_generation()) +
                                                 "; restore it from a backup");
    previous = generation;
    segments_.push_back(*std::move(segment));
  }
  manifest_.next_generation = std::max(manifest_.next_generation, previous + 1);
  return {};
}

// After a failed sync the kernel may cache pages as clean that the device does not hold. What is
// shown now must be what a later open, perhaps after a power loss, can show again.
Status Recovery::forget_cached_pages() {
  if (manifest_.clean) return {};
  for (const std::shared_ptr<Segment>& segment : segments_) STAVE_TRY(segment->file().drop_cache());
  return {};
}

Status Recovery::read_log() {
  for (const std::shared_ptr<Segment>& segment : segments_) {
    if (segment->base_lsn() != end_.lsn + 1) break;
    kept_++;
    LogReader reader(*segment, segment_header_size, segment->file_size());
    const auto visit = [&](const LogReader::Record& record) { return replay_(*segment, record); };
    for (;;) {
      // A clean log ends where the manifest says, whatever follows.
      if (manifest_.clean && manifest_.durable_end.generation == segment->generation() &&
          manifest_.durable_end.offset == reader.offset())
        break;
      Result<bool> read = reader.next(end_.lsn + 1, visit);
      if (!read) return read.status();
      if (!*read) break;
      end_.lsn++;
      commits_++;
    }
    end_.generation = segment->generation();
    end_.offset = reader.offset();
    segment->set_end(reader.offset());
  }
  return {};
}

Status Recovery::damaged_end(uint64_t durable_lsn) const {
  const std::string where = kept_ == 0 ? "'" + directory_ + "' lacks its first segment"
                                       : "damaged record in segment '" + last_kept().path() +
                                             "' at offset " + std::to_string(end_.offset);
  return Status::error(Code::corruption, where + ": commit " + std::to_string(end_.lsn + 1) +
                                             " cannot be read, but everything up to commit " +
                                             std::to_string(durable_lsn) +
                                             " was on the device; restore the file from a backup");
}

Status Recovery::judge_clean_end() const {
  if (end_ == manifest_.durable_end && kept_ == segments_.size()) return {};
  if (end_.lsn < manifest_.durable_end.lsn) return damaged_end(manifest_.durable_end.lsn);
  return Status::error(Code::corruption,
                       "the log in '" + directory_ + "' goes on behind commit " +
                           std::to_string(manifest_.durable_end.lsn) +
                           ", where the store was closed; are its files from two moments?");
}

Status Recovery::judge_end() {
  was_clean_ = manifest_.clean;
  if (manifest_.clean) return judge_clean_end();
  return search_evidence();
}

// Whatever claims that more of the log was durable than can be read proves damage.
Status Recovery::search_evidence() {
  uint64_t durable_lsn = manifest_.durable_end.lsn;
  for (size_t i = kept_ == 0 ? 0 : kept_ - 1; i < segments_.size(); i++) {
    const Segment& segment = *segments_[i];
    const uint64_t from = i + 1 == kept_ ? end_.offset : segment_header_size;
    LogReader reader(segment, from, segment.file_size());
    Result<uint64_t> claim = reader.newest_durable_claim(end_.lsn);
    if (!claim) return claim.status();
    durable_lsn = std::max(durable_lsn, *claim);
    Result<uint64_t> data_end = reader.end_of_data();
    if (!data_end) return data_end.status();
    cut_bytes_ += *data_end - from;
  }
  if (durable_lsn > end_.lsn) return damaged_end(durable_lsn);
  return {};
}

Status Recovery::finish() {
  if (options_.read_only) {
    manifest_.durable_end = end_;
    return map_for_readers();
  }
  if (!manifest_.clean) STAVE_TRY(cut());
  for (const std::string& name : unfinished_) {
    const Status removed = files_.remove(os::join_path(directory_, name));
    if (!removed.is(Code::not_found)) STAVE_TRY(removed);
  }
  return map_for_readers();
}

Status Recovery::cut() {
  STAVE_TRY(remove_segments_behind_end());
  const uint64_t known_durable = manifest_.durable_end.lsn;
  for (size_t i = 0; i < kept_; i++) {
    Segment& segment = *segments_[i];
    const bool is_last = i + 1 == kept_;
    if (is_last && segment.end() < segment.file_size()) {
      STAVE_TRY(segment.file().truncate(segment.end()));
      segment.set_file_size(segment.end());
    }
    const uint64_t last_lsn = is_last ? end_.lsn : segments_[i + 1]->base_lsn() - 1;
    if (is_last || last_lsn > known_durable)
      STAVE_TRY(os::sync_file(segment.file(), segment.path()));
  }
  manifest_.clean = true;
  manifest_.sealed = true;
  manifest_.durable_end = end_;
  return write_manifest(files_, directory_, manifest_);
}

// Newest first, each removal made durable before the next, so that whatever a crash leaves is a
// log without a gap. A last segment without a frame goes too.
Status Recovery::remove_segments_behind_end() {
  size_t keep = kept_;
  if (keep > 0 && last_kept().end() == segment_header_size) keep--;
  if (keep == segments_.size()) return {};
  // First of all the manifest learns of all generations that ever existed.
  STAVE_TRY(write_manifest(files_, directory_, manifest_));
  while (segments_.size() > keep) {
    STAVE_TRY(files_.remove(segments_.back()->path()));
    STAVE_TRY(os::sync_directory(files_, directory_));
    segments_.pop_back();
  }
  kept_ = keep;
  end_.generation = kept_ == 0 ? 0 : last_kept().generation();
  end_.offset = kept_ == 0 ? 0 : last_kept().end();
  return {};
}

Status Recovery::map_for_readers() {
  if (options_.io != ReadIo::mmap) return {};
  for (size_t i = 0; i < kept_; i++) {
    Result<std::unique_ptr<os::Mapping>> mapping =
        segments_[i]->file().map(segments_[i]->file_size(), false);
    if (!mapping) return mapping.status();
    segments_[i]->set_read_mapping(*std::move(mapping));
  }
  return {};
}

}  // namespace

Result<Recovered> recover(os::FileSystem& files, const std::string& directory,
                          const Options& options, const Manifest& manifest,
                          SegmentDirectory& segments, Replay replay) {
  return Recovery(files, directory, options, manifest, replay).run(segments);
}

}  // namespace stave::store
