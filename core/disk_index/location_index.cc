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
  STAVE_TRY_ASSIGN(FoundFile found, find_in_file(files, path, owned, path));
  auto index =
      std::make_unique<LocationIndex>(files, path, owned, nullptr, std::move(found.opened));
  STAVE_TRY(index->log_.begin_empty());
  return index;
}

Status LocationIndex::checkpoint_owner() {
  STAVE_TRY(merge());
  const MergeLock merge_lock(state_.merge_mutex);
  WriterLock writer(state_.writer_mutex, std::defer_lock);
  if (!state_.owner()->has_advanced(checkpointer_.durable().owner)) return {};
  return checkpointer_.save_segments(writer);
}

}  // namespace stave::disk_index
