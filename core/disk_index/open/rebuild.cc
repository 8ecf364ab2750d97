// Making a file anew in place of an old one: from a caller's records, or from the index's own.
#include <utility>

#include "core/base/undo.h"
#include "core/disk_index/disk_index.h"
#include "core/disk_index/open/open.h"
#include "core/os/file_io.h"

namespace stave::disk_index {

namespace {

// An empty index in a file without a lock of its own, beside the one whose place it will take.
Result<std::unique_ptr<DiskIndex>> open_unfinished(os::FileSystem& files, const std::string& path,
                                                   const NewFile& properties,
                                                   const Options& options) {
  const std::string unfinished = path + unfinished_suffix;
  STAVE_TRY(create_file(files, unfinished, properties));
  Options inner = options;
  inner.read_only = false;
  inner.record_kind = properties.record_kind;
  inner.record_size = properties.record_size;
  inner.background = false;
  return open_locked(files, unfinished, inner, nullptr, path);
}

void remove_unfinished(os::FileSystem& files, const std::string& unfinished) noexcept {
  try {
    static_cast<void>(files.remove(unfinished));
  } catch (const std::exception&) {
    // The next one that is made replaces it.
  }
}

// Nothing in here throws: after the rename there is no way back.
Status sync_new_name(os::FileSystem& files, const std::string& parent) noexcept {
  try {
    return os::sync_directory(files, parent);
  } catch (const std::exception&) {
    // The text of a failure found no memory.
    return Code::io;
  }
}

}  // namespace

Status DiskIndex::rebuild(os::FileSystem& files, const std::string& name, const Options& options,
                          RecordSource source) {
  STAVE_TRY_ASSIGN(const NewFile properties, new_file_properties(options));
  if (options.create_parents) STAVE_TRY(make_parents(files, name));
  STAVE_TRY_ASSIGN(const std::string resolved, files.resolve(name));
  const std::string& path = resolved;
  STAVE_TRY_ASSIGN(const std::unique_ptr<os::FileLock> lock, lock_file(files, path, false));
  const std::string unfinished = path + unfinished_suffix;
  const std::string parent = os::parent_of(path);
  Undo undo([&]() noexcept { remove_unfinished(files, unfinished); });
  {
    STAVE_TRY_ASSIGN(const std::unique_ptr<DiskIndex> made,
                     open_unfinished(files, path, properties, options));
    STAVE_TRY(made->bulk_load(source));
    STAVE_TRY(made->close());
    STAVE_TRY(files.rename(unfinished, path));
  }
  undo.forget();
  return sync_new_name(files, parent);
}

// Everything is written to a new file in order, which takes the old one's name.
Status DiskIndex::shrink_to_fit() {
  const MergeLock merge(state_.merge_mutex);
  WriterLock writer(state_.writer_mutex);
  STAVE_TRY(merge_all(writer));
  STAVE_TRY(log_.find_free_pages());
  os::FileSystem& files = state_.file_system;
  const std::string& path = state_.path;
  // What the path leads to by now may be another index, perhaps a backup put in this one's place.
  const auto check_in_place = [this] {
    return state_.lock ? state_.lock->check_in_place() : Status();
  };
  STAVE_TRY(check_in_place());
  const std::string unfinished = path + unfinished_suffix;
  const std::string parent = os::parent_of(path);
  const NewFile properties{state_.record_kind, state_.record_size,
                           checkpointer_.durable().hash_seed};
  Undo undo([&]() noexcept { remove_unfinished(files, unfinished); });
  STAVE_TRY_ASSIGN(const std::unique_ptr<DiskIndex> made,
                   open_unfinished(files, path, properties, state_.options));
  STAVE_TRY(write_compact(*made));
  // Memory first: once the name is the new file's, writes into the old one are lost.
  std::unique_ptr<View> ours = state_.copy_view();
  std::unique_ptr<View> shell = made->state_.copy_view();
  STAVE_TRY(check_in_place());
  STAVE_TRY(files.rename(unfinished, path));
  undo.forget();
  adopt(*made, std::move(ours), std::move(shell));
  // Until the name is durable a crash could show the old file, without what comes after this.
  const Status status = sync_new_name(files, parent);
  if (status.ok())
    checkpointer_.note_named();
  else
    state_.refuse(status);
  return status;
}

// Writes all records to `other`, which is durable afterwards.
Status DiskIndex::write_compact(DiskIndex& other) {
  const Directory& directory = *state_.directory;
  std::vector<Entry> entries;
  size_t next = 0;
  uint64_t slot = 0;
  // Nothing is freed meanwhile: both locks are held.
  const auto source = [&](Key* key, MutableBytes record) -> Status {
    while (next == entries.size()) {
      if (slot == directory.slots()) return Code::done;
      const Segment& segment = directory.segment_at(slot);
      entries.clear();
      next = 0;
      STAVE_TRY(state_.view().reader->list(*state_.file, SegmentWord(segment),
                                           directory.first_hash(slot), entries));
      slot += directory.slots_of(segment);
    }
    const std::byte* const entry = entries[next++].bytes;
    *key = load_key(entry);
    copy(record.data(), {entry + key_size, state_.record_size});
    return {};
  };
  STAVE_TRY(other.bulk_load(source));
  static_cast<void>(sync::EpochRegistry::reclaim_all());
  STAVE_TRY(other.state_.file->trim());
  STAVE_TRY(other.save(checkpointer_.durable().lsn));
  return other.state_.file->sync();
}

// Takes over the file of `other`, which is an empty shell afterwards. `ours` and `shell` are copies
// of the two views.
void DiskIndex::adopt(DiskIndex& other, std::unique_ptr<View> ours,
                      std::unique_ptr<View> shell) noexcept {
  ours->file = other.state_.file;
  ours->reader = other.state_.view().reader;
  ours->directory = other.state_.directory.get();
  ours->active = std::exchange(shell->active, nullptr);
  Delta* const replaced = state_.view().active;
  state_.publish(std::move(ours));
  other.state_.publish(std::move(shell));
  sync::EpochRegistry::retire(replaced);
  sync::EpochRegistry::retire(state_.directory.release());
  state_.file = other.state_.file;
  state_.directory = std::move(other.state_.directory);
  checkpointer_.adopt(other.checkpointer_);
  log_.adopt(other.log_);
}

}  // namespace stave::disk_index
