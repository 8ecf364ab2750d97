// The steps of opening and of making a file.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/status.h"
#include "core/disk_index/options.h"
#include "core/disk_index/state.h"
#include "core/os/file_system.h"

namespace stave::disk_index {

class DiskIndex;

inline constexpr const char* unfinished_suffix = ".new";
inline constexpr const char* lock_suffix = ".lock";

struct NewFile {
  RecordKind record_kind = RecordKind::opaque;
  uint32_t record_size = 0;
  std::optional<uint64_t> hash_seed{};  // random otherwise
  std::optional<FileId> file_id{};      // random otherwise
};

Result<NewFile> new_file_properties(const Options& options);
// An empty index, complete and synced, in place of whatever has the name.
Status create_file(os::FileSystem& files, const std::string& path, const NewFile& properties);
// The same under a temporary name, which becomes `path` once it is complete, durably.
Status create_named(os::FileSystem& files, const std::string& path, const NewFile& properties);
Status make_parents(os::FileSystem& files, const std::string& path);

// Beside the file at `path`. Null where a reader can have none; see os::FileSystem::lock().
Result<std::unique_ptr<os::FileLock>> lock_file(os::FileSystem& files, const std::string& path,
                                                bool shared);

// What is believed of the file at `path`, which exists. Messages call it `name`.
Result<Opened> find_in_file(os::FileSystem& files, const std::string& path, const Options& options,
                            const std::string& name);
Result<std::unique_ptr<DiskIndex>> open_locked(os::FileSystem& files, const std::string& path,
                                               const Options& options,
                                               std::unique_ptr<os::FileLock> lock,
                                               const std::string& name);

}  // namespace stave::disk_index
