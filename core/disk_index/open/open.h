// Pieces of opening that making a file anew needs too.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/status.h"
#include "core/disk_index/disk_index_impl.h"

namespace stave::disk_index {

inline constexpr const char* unfinished_suffix = ".new";
inline constexpr const char* lock_suffix = ".lock";

struct NewFile {
  RecordKind record_kind = RecordKind::opaque;
  uint32_t record_size = 0;
  std::optional<uint64_t> hash_seed{};  // random otherwise
  std::optional<FileId> file_id{};      // random otherwise
};

Result<NewFile> new_file_properties(const Options& options);
// An empty index, complete and synced, in the place of whatever has the name.
Status create_file(os::FileSystem& files, const std::string& path, const NewFile& properties);
Status make_parents(os::FileSystem& files, const std::string& path);
Status sync_parent(os::FileSystem& files, const std::string& path);

// Beside the file at `path`. Null where a reader can have none; see os::FileSystem::lock().
Result<std::unique_ptr<os::FileLock>> lock_file(os::FileSystem& files, const std::string& path,
                                                bool shared);
// An index of places, whose owner has locked out others.
Result<std::unique_ptr<DiskIndexImpl>> open_owned(os::FileSystem& files, const std::string& path,
                                                  const Options& options);
// Of a file that exists. `name` is what messages call it.
Result<std::unique_ptr<DiskIndexImpl>> open_locked(os::FileSystem& files, const std::string& path,
                                                   const Options& options,
                                                   std::unique_ptr<os::FileLock> lock,
                                                   const std::string& name);

}  // namespace stave::disk_index
