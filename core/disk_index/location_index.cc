#include "core/disk_index/location_index.h"

#include <utility>

#include "core/disk_index/open/open.h"

namespace stave::disk_index {

Result<std::unique_ptr<LocationIndex>> LocationIndex::open(os::FileSystem& files,
                                                           const std::string& path,
                                                           const Options& options) {
  Options owned = options;
  owned.record_kind = RecordKind::location;
  owned.record_size = location_size;
  const Result<std::unique_ptr<os::File>> file = files.open(path, os::OpenMode::read_only);
  if (file.status().is(Code::not_found) && options.create_if_missing && !options.read_only)
    STAVE_TRY(
        create_named(files, path, {RecordKind::location, location_size, {}, options.file_id}));
  else if (!file)
    return file.status();
  STAVE_TRY_ASSIGN(Opened opened, find_in_file(files, path, owned, path));
  auto index = std::make_unique<LocationIndex>(files, path, owned, nullptr, opened);
  STAVE_TRY(index->log_.begin_empty());
  return index;
}

Status LocationIndex::promise(uint64_t changes, bool use_reserve) {
  WriterLock writer(state_.writer_mutex);
  STAVE_TRY(make_delta_room(writer, changes));
  STAVE_TRY(log_.promise(changes));
  if (!use_reserve) {
    const Status kept = merger_.keep_reserve();
    if (!kept.ok()) {
      log_.forget_promise(changes);
      return kept;
    }
  }
  thread_.wake();
  return {};
}

void LocationIndex::forget_promise(uint64_t changes) noexcept {
  const WriterLock writer(state_.writer_mutex);
  log_.forget_promise(changes);
}

Status LocationIndex::exchange(const Key& key, Bytes expected, Bytes record) noexcept {
  const uint64_t hash = state_.hasher(key);
  const WriterLock writer(state_.writer_mutex);
  log_.forget_promise(1);
  const sync::EpochPin pin;
  const View& view = state_.view();
  view.prefetch(hash);
  // The caller has looked the key up before: its pages are whole.
  STAVE_TRY_ASSIGN(const std::byte* const entry, view.find(hash, key));
  const Bytes found = entry == nullptr ? Bytes() : Bytes(entry + key_size, location_size);
  if (!equal(found, expected)) return Code::mismatch;
  append(record.empty() ? LogKind::remove : LogKind::put, hash, key, record, entry != nullptr);
  return {};
}

Status LocationIndex::checkpoint_owner() {
  STAVE_TRY(merge());
  const MergeLock merge_lock(state_.merge_mutex);
  WriterLock writer(state_.writer_mutex, std::defer_lock);
  if (!state_.owner()->has_advanced(checkpointer_.durable().owner)) return {};
  return checkpointer_.save_segments(writer);
}

}  // namespace stave::disk_index
