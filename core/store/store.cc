#include "core/store/store.h"

#include <utility>

#include "core/base/limits.h"
#include "core/os/file_io.h"

namespace stave::store {

Store::Store(os::FileSystem& files, std::string directory, const Options& options,
             std::unique_ptr<os::FileLock> lock)
    : files_(files), directory_(std::move(directory)), options_(options), lock_(std::move(lock)) {}

Status Store::recover(const Manifest& manifest) {
  options_.shards = manifest.shards;
  options_.keydir = manifest.keys_on_disk ? KeyDirectoryKind::disk : KeyDirectoryKind::memory;
  options_.shard_prefix_bits = manifest.shard_prefix_bits;
  shards_ =
      std::make_unique<Shards>(manifest.shards, manifest.shard_prefix_bits, manifest.hash_seed);
  if (manifest.keys_on_disk) {
    STAVE_TRY_ASSIGN(auto keys,
                     DiskKeyDirectory::open(files_, directory_, options_, manifest, segments_));
    keys_ = std::make_unique<KeyDirectory>(std::move(keys));
  } else {
    STAVE_TRY_ASSIGN(auto keys, MemoryKeyDirectory::create(manifest.hash_seed, segments_));
    keys_ = std::make_unique<KeyDirectory>(std::move(keys));
  }
  DiskKeyDirectory* const on_disk = keys_->on_disk();
  const KnownLog known = on_disk ? on_disk->known_log() : KnownLog();
  const auto replay = [&](const Segment& segment, const LogReader::Record& record) {
    STAVE_TRY(check_supported(segment, record));
    return on_disk ? Status() : replay_in_memory(segment, record);
  };
  STAVE_TRY_ASSIGN(
      recovered_, store::recover(files_, directory_, options_, manifest, known, segments_, replay));
  // Now that the log has been judged: beside a damaged log the directory is left as it is.
  if (on_disk) STAVE_TRY(replay_on_disk(*on_disk));
  if (!options_.read_only) {
    log_.emplace(files_, directory_, options_, recovered_.manifest, segments_, *lock_);
    pipeline_.emplace(static_cast<CommitPipeline::Backend&>(*this),
                      recovered_.manifest.durable_end.lsn);
    STAVE_TRY(log_->resume());
    if (on_disk) on_disk->end_replay(recovered_.manifest.durable_end, *log_);
    if (options_.background) sweeper_ = std::make_unique<Sweeper>(*this, files_);
    // Something may have expired while the store was closed.
    if (sweeper_ && recovered_.manifest.has_expiry) sweeper_->note(0);
  }
  return {};
}

Status Store::check_supported(const Segment& segment, const LogReader::Record& record) {
  const RecordKind kind = record.header.kind;
  const bool changes_key = kind == RecordKind::put || kind == RecordKind::remove;
  if (changes_key && record.namespace_id == 0) return {};
  return segment.unsupported(record.offset);
}

Status Store::replay_on_disk(DiskKeyDirectory& keys) {
  STAVE_TRY(keys.begin_replay());
  const auto replay = [&](const Segment& segment, const LogReader::Record& record) {
    return keys.replay(segment, record);
  };
  STAVE_TRY(
      replay_log(segments_, keys.known_log().position, recovered_.manifest.durable_end, replay));
  size_.store(keys.size(), std::memory_order_relaxed);
  live_bytes_.store(keys.live_bytes(), std::memory_order_relaxed);
  return {};
}

// One change as if it had just been committed.
Status Store::replay_in_memory(const Segment& segment, const LogReader::Record& record) {
  Change change = make_change(record.key, {}, record.expires_at);
  change.is_remove = record.header.kind == RecordKind::remove;
  change.location = {segment.location_of(record.offset),
                     static_cast<uint32_t>(record.header.size())};
  CallTime time(files_);
  STAVE_TRY_ASSIGN(const Newest newest, find_newest(change.hash, change.key, time));
  change.prior = newest.location;
  if (change.is_remove && !change.prior) return {};
  STAVE_TRY(reserve_memory({&change, 1}));
  apply(change);
  return {};
}

// ---- Maintenance --------------------------------------------------------------------------------

Status Store::check_writable() const {
  if (!options_.read_only) return {};
  return Status::error(Code::read_only, "'" + directory_ + "' was opened for reading only");
}

// The active segment is mapped: what is filled is the kernel's already.
Status Store::flush() {
  STAVE_TRY(check_writable());
  return log_->failure();
}

Status Store::sync() {
  STAVE_TRY(check_writable());
  const Status status = log_->sync_through(pipeline_->visible());
  if (!status.ok()) pipeline_->fail(status);
  return status;
}

Status Store::checkpoint() {
  STAVE_TRY(check_writable());
  DiskKeyDirectory* const keys = keys_->on_disk();
  if (keys == nullptr)
    return Status::error(Code::invalid_argument,
                         "'" + directory_ + "' has keydir=memory, which has no checkpoints");
  STAVE_TRY(sync());
  return os::as_failure(keys->checkpoint());
}

Stats Store::stats() const {
  const std::shared_ptr<const SegmentSet> segments = segments_.set();
  Stats stats{.keys = size(),
              .segments = segments->size(),
              .live_bytes = live_bytes_.load(std::memory_order_relaxed),
              .version = recovered_.manifest.durable_end.lsn,
              .durable_version = recovered_.manifest.durable_end.lsn,
              .commits = commits_.load(std::memory_order_relaxed),
              .bytes_written = bytes_written_.load(std::memory_order_relaxed),
              .reads = reads_.sum(),
              .recovered_commits = recovered_.commits,
              .recovered_cut_bytes = recovered_.cut_bytes,
              .recovered = !recovered_.was_clean};
  for (const Segment* segment : *segments) {
    stats.log_bytes += segment->end() - segment_header_size;
    stats.disk_bytes += segment->file_size();
  }
  if (const DiskKeyDirectory* const keys = keys_->on_disk()) stats.disk_bytes += keys->disk_bytes();
  if (log_) {
    stats.version = pipeline_->visible();
    stats.durable_version = log_->durable_lsn();
    stats.syncs = log_->syncs();
    const DiskKeyDirectory* const keys = keys_->on_disk();
    stats.writes_refused = !log_->failure().ok() || (keys && keys->refuses_changes());
  }
  return stats;
}

Status Store::close() {
  // Unlocks whatever happens: cursors may keep this object alive for long.
  const std::unique_ptr<os::FileLock> lock = std::move(lock_);
  if (sweeper_) sweeper_->stop();
  // The directory before the log: until the manifest says clean, what it lacks is replayed.
  Status closed;
  if (DiskKeyDirectory* const keys = keys_->on_disk())
    closed = keys->close(log_ ? log_->end() : recovered_.manifest.durable_end);
  const Status log_closed = log_ ? log_->close() : Status();
  return os::as_failure(log_closed.ok() ? closed : log_closed);
}

}  // namespace stave::store
