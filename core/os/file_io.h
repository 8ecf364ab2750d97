// Whole transfers over the raw calls of file_system.h: they continue short ones and repeat
// interrupted ones, so that layers above see all or an error that names the file and the offset.
#pragma once

#include <string>
#include <string_view>

#include "core/os/file_system.h"

namespace stave::os {

// Fills `into`, or fails: `corruption` when the file ends before it is full. `name` is what
// messages call the file.
Status read_exactly(File& file, std::string_view name, uint64_t offset, MutableBytes into);
// Reads up to into.size() bytes, fewer only at the end of the file; returns how many.
Result<size_t> read_up_to(File& file, std::string_view name, uint64_t offset, MutableBytes into);
Status write_all(File& file, std::string_view name, uint64_t offset, Bytes from);
// sync_data and sync_directory, repeated only when interrupted before they did anything (EINTR).
Status sync_file(File& file, std::string_view name);
Status sync_range(Mapping& mapping, uint64_t offset, uint64_t size);
Status sync_directory(FileSystem& files, const std::string& path);

// The file's whole content, which must not be larger than `limit` (`corruption`).
Result<std::string> read_small_file(FileSystem& files, const std::string& path, size_t limit);
// Replaces the file's content atomically and durably: after a crash it is the old or the new
// content, after return the new. Writes `path`.new, syncs it, renames it, syncs the directory.
Status replace_file(FileSystem& files, const std::string& directory, const std::string& name,
                    Bytes content);

// The outcome of work on files that have to be there, or must not be: `not_found` and `exists`
// become `io`. Further up they are answers about keys, which a missing file does not give.
Status as_failure(const Status& status) noexcept;

// "directory/name".
std::string join_path(std::string_view directory, std::string_view name);
// The directory that has the entry of `path`: "." for a plain name, "/" for what is in the root.
std::string parent_of(std::string_view path);

}  // namespace stave::os
