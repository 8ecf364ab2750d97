// Many records at once: loads, and the two uses of a load, rebuilding and shrinking.
#include <algorithm>

#include "core/base/undo.h"
#include "core/disk_index/disk_index_impl.h"
#include "core/disk_index/open/open.h"
#include "core/os/file_io.h"

namespace stave::disk_index {

// A load builds a directory of its own, which nobody sees before it is whole: the superblock and
// the View change to it in one step each.
Status DiskIndexImpl::bulk_load(Source source) {
  const MergeLock merge(merge_mutex_);
  WriterLock writer(writer_mutex_);
  STAVE_TRY(refusal());
  STAVE_TRY(find_free_pages());
  count_all();
  STAVE_TRY(drain(writer));
  std::unique_ptr<Directory> directory = Directory::copy_of(*directory_);
  std::unique_ptr<View> changed = copy_view();
  std::vector<Extent> replaced;
  Undo undo([&]() noexcept {
    // After a failed sync it is unknown which of the two states the device has: both stay.
    if (!refuses_.load(std::memory_order_relaxed)) undo_load(*directory);
  });
  STAVE_TRY(load_batches(source, directory, replaced));
  // Until the flip is done all of them are in use. Then nothing may fail any more.
  replaced_.reserve(replaced_.size() + replaced.size() + 1);
  STAVE_TRY(flip(*directory, writer));
  undo.forget();
  replaced_.insert(replaced_.end(), replaced.begin(), replaced.end());
  changed->directory = directory.get();
  publish(std::move(changed));
  std::swap(directory_, directory);
  sync::EpochRegistry::retire(directory.release());
  count_.store(directory_->entries(), std::memory_order_relaxed);
  release_replaced();
  return {};
}

void DiskIndexImpl::undo_load(const Directory& directory) noexcept {
  static_cast<void>(directory.for_each([&](uint64_t, const Segment& segment) {
    if (segment.pages() > 0 && segment.generation > durable_.generation)
      file_->free({segment.first_page, segment.pages()});
    return Status();
  }));
}

// As many records at a time as bulk_memory holds, with what sorting them takes.
Status DiskIndexImpl::load_batches(Source source, std::unique_ptr<Directory>& directory,
                                   std::vector<Extent>& replaced) {
  const size_t stride = entry_size(record_size_);
  const size_t batch_max = std::max<size_t>(
      1024, static_cast<size_t>(options_.bulk_memory) / (stride + 2 * sizeof(Entry)));
  std::vector<std::byte> bytes;
  std::vector<Entry> batch;
  for (bool done = false; !done;) {
    bytes.clear();
    size_t count = 0;
    for (; count < batch_max; count++) {
      bytes.resize(bytes.size() + stride);
      std::byte* const entry = bytes.data() + bytes.size() - stride;
      Key key;
      const Status next = source(&key, {entry + key_size, record_size_});
      done = next.is(Code::done);
      if (done) break;
      STAVE_TRY(next);
      STAVE_TRY(check_record({entry + key_size, record_size_}));
      store_key(entry, key);
    }
    batch.clear();
    for (size_t i = 0; i < count; i++)
      batch.push_back({hasher_(&bytes[i * stride]), &bytes[i * stride]});
    STAVE_TRY(load_batch(batch, directory, replaced));
  }
  return {};
}

Status DiskIndexImpl::load_batch(std::vector<Entry>& batch, std::unique_ptr<Directory>& directory,
                                 std::vector<Extent>& replaced) {
  // Of equal keys the later record lies behind the earlier one.
  std::sort(batch.begin(), batch.end(), [](const Entry& a, const Entry& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    const Key left = load_key(a.bytes);
    const Key right = load_key(b.bytes);
    return left != right ? left < right : a.bytes < b.bytes;
  });
  for (size_t at = 0; at < batch.size();) {
    const uint64_t slot = directory->first_slot(batch[at].hash);
    changes_.clear();
    for (; at < batch.size() && directory->first_slot(batch[at].hash) == slot; at++) {
      const Entry& entry = batch[at];
      const bool again = at + 1 < batch.size() && batch[at + 1].hash == entry.hash &&
                         load_key(batch[at + 1].bytes) == load_key(entry.bytes);
      if (!again) changes_.push_back({entry.hash, LogKind::put, entry.bytes});
    }
    STAVE_TRY(merge_segment(directory, slot, changes_, replaced, nullptr));
  }
  return {};
}

namespace {

// Beside an index that is to take its place, without a lock of its own.
Result<std::unique_ptr<DiskIndexImpl>> open_unfinished(os::FileSystem& files,
                                                       const std::string& path,
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
    // Whoever makes the next one begins it anew.
  }
}

// Nothing in here throws: after the rename there is no way back.
Status sync_new_name(os::FileSystem& files, const std::string& parent) noexcept {
  try {
    return os::sync_directory(files, parent);
  } catch (const std::exception&) {
    // It is the words for a failure that found no memory.
    return Code::io;
  }
}

}  // namespace

Status DiskIndex::rebuild(os::FileSystem& files, const std::string& name, const Options& options,
                          Source source) {
  const Result<NewFile> properties = new_file_properties(options);
  if (!properties) return properties.status();
  if (options.create_parents) STAVE_TRY(make_parents(files, name));
  const Result<std::string> resolved = files.resolve(name);
  if (!resolved) return resolved.status();
  const std::string& path = *resolved;
  const Result<std::unique_ptr<os::FileLock>> lock = lock_file(files, path, false);
  if (!lock) return lock.status();
  const std::string unfinished = path + unfinished_suffix;
  const std::string parent = os::parent_of(path);
  Undo undo([&]() noexcept { remove_unfinished(files, unfinished); });
  {
    Result<std::unique_ptr<DiskIndexImpl>> made =
        open_unfinished(files, path, *properties, options);
    if (!made) return made.status();
    STAVE_TRY((*made)->bulk_load(source));
    STAVE_TRY((*made)->close());
    STAVE_TRY(files.rename(unfinished, path));
  }
  undo.forget();
  return sync_new_name(files, parent);
}

// Everything is written to a new file in order, which takes the old one's name.
Status DiskIndexImpl::shrink_to_fit() {
  const MergeLock merge(merge_mutex_);
  WriterLock writer(writer_mutex_);
  STAVE_TRY(refusal());
  STAVE_TRY(find_free_pages());
  count_all();
  STAVE_TRY(drain(writer));
  // What the path leads to by now may be another index, perhaps a backup put in this one's place.
  const auto check_in_place = [this] { return lock_ ? lock_->check_in_place() : Status(); };
  STAVE_TRY(check_in_place());
  const std::string unfinished = path_ + unfinished_suffix;
  const std::string parent = os::parent_of(path_);
  const NewFile properties{record_kind_, record_size_, durable_.hash_seed};
  Undo undo([&]() noexcept { remove_unfinished(files_, unfinished); });
  Result<std::unique_ptr<DiskIndexImpl>> made =
      open_unfinished(files_, path_, properties, options_);
  if (!made) return made.status();
  STAVE_TRY(write_compact(**made));
  // Memory first: once the name is the new file's, writes into the old one are lost.
  std::unique_ptr<View> ours = copy_view();
  std::unique_ptr<View> shell = (*made)->copy_view();
  STAVE_TRY(check_in_place());
  STAVE_TRY(files_.rename(unfinished, path_));
  undo.forget();
  adopt(**made, std::move(ours), std::move(shell));
  // Until the name is durable a crash could show the old file, without what comes after this.
  const Status status = sync_new_name(files_, parent);
  if (status.ok())
    durable_.is_named = true;
  else
    refuse(status);
  return status;
}

Status DiskIndexImpl::write_compact(DiskIndexImpl& other) {
  std::vector<Entry> entries;
  size_t next = 0;
  uint64_t slot = 0;
  // Nothing is freed meanwhile: both mutexes are held.
  const auto source = [&](Key* key, MutableBytes record) -> Status {
    while (next == entries.size()) {
      if (slot == directory_->slots()) return Code::done;
      const Segment& segment = directory_->segment_at(slot);
      entries.clear();
      next = 0;
      STAVE_TRY(
          view().reader->list(*file_, SegmentWord(segment), directory_->first_hash(slot), entries));
      slot += directory_->slots_of(segment);
    }
    const std::byte* const entry = entries[next++].bytes;
    *key = load_key(entry);
    copy(record.data(), {entry + key_size, record_size_});
    return {};
  };
  STAVE_TRY(other.bulk_load(source));
  static_cast<void>(sync::EpochRegistry::reclaim_all());
  STAVE_TRY(other.file_->trim());
  STAVE_TRY(other.save(durable_.lsn));
  return other.file_->sync();
}

// Takes over the file of `other`, which is an empty shell afterwards. `ours` and `shell` are copies
// of the two views.
void DiskIndexImpl::adopt(DiskIndexImpl& other, std::unique_ptr<View> ours,
                          std::unique_ptr<View> shell) noexcept {
  ours->file = other.file_;
  ours->reader = other.view().reader;
  ours->directory = other.directory_.get();
  ours->active = std::exchange(shell->active, nullptr);
  Delta* const replaced = view().active;
  publish(std::move(ours));
  other.publish(std::move(shell));
  sync::EpochRegistry::retire(replaced);
  sync::EpochRegistry::retire(directory_.release());
  file_ = other.file_;
  directory_ = std::move(other.directory_);
  durable_ = other.durable_;
  second_copy_synced_ = other.second_copy_synced_;
  log_start_ = other.log_start_;
  log_ = std::move(other.log_);
  // Those of the old file are gone with it.
  replaced_ = std::move(other.replaced_);
}

}  // namespace stave::disk_index
