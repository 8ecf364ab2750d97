#include "core/os/file_io.h"

#include <cerrno>

namespace stave::os {

namespace {

bool interrupted(const Status& status) noexcept {
  return status.is(Code::io) && status.os_errno() == EINTR;
}
template <typename Value>
bool interrupted(const Result<Value>& result) noexcept {
  return interrupted(result.status());
}

// What `call()` returns when it is not interrupted.
template <typename Call>
auto repeated(Call call) {
  for (;;) {
    const auto result = call();
    if (!interrupted(result)) return result;
  }
}

std::string at(std::string_view name, uint64_t offset) {
  return "'" + std::string(name) + "' at offset " + std::to_string(offset);
}

}  // namespace

Result<size_t> read_up_to(File& file, std::string_view, uint64_t offset, MutableBytes into) {
  size_t done = 0;
  while (done < into.size()) {
    const auto count = repeated([&] { return file.read(offset + done, into.subspan(done)); });
    if (!count) return count.status();
    if (*count == 0) break;
    done += *count;
  }
  return done;
}

Status read_exactly(File& file, std::string_view name, uint64_t offset, MutableBytes into) {
  Result<size_t> count = read_up_to(file, name, offset, into);
  if (!count) return count.status();
  if (*count == into.size()) return Status();
  return Status::error(Code::corruption, at(name, offset) + " should have " +
                                             std::to_string(into.size()) + " bytes, but " +
                                             std::to_string(*count) + " are left in the file");
}

Status write_all(File& file, std::string_view name, uint64_t offset, Bytes from) {
  while (!from.empty()) {
    const auto count = repeated([&] { return file.write(offset, from); });
    if (!count) return count.status();
    // Asking again for ever would hang; no file system that works answers this.
    if (*count == 0)
      return Status::error(Code::io, "cannot write " + at(name, offset) + ": no byte was accepted");
    offset += *count;
    from = from.subspan(*count);
  }
  return Status();
}

Status sync_file(File& file, std::string_view) {
  return repeated([&] { return file.sync_data(); });
}

Status sync_range(Mapping& mapping, uint64_t offset, uint64_t size) {
  return repeated([&] { return mapping.sync_data(offset, size); });
}

Status sync_directory(FileSystem& files, const std::string& path) {
  return repeated([&] { return files.sync_directory(path); });
}

Result<std::string> read_small_file(FileSystem& files, const std::string& path, size_t limit) {
  Result<std::unique_ptr<File>> file = files.open(path, OpenMode::read_only);
  if (!file) return file.status();
  Result<uint64_t> size = (*file)->size();
  if (!size) return size.status();
  if (*size > limit)
    return Status::error(Code::corruption, "'" + path + "' has " + std::to_string(*size) +
                                               " bytes; at most " + std::to_string(limit) +
                                               " are expected");
  std::string content(static_cast<size_t>(*size), '\0');
  const MutableBytes into(reinterpret_cast<std::byte*>(content.data()), content.size());
  STAVE_TRY(read_exactly(**file, path, 0, into));
  return content;
}

Status replace_file(FileSystem& files, const std::string& directory, const std::string& name,
                    Bytes content) {
  const std::string path = join_path(directory, name);
  const std::string new_path = path + ".new";
  {
    Result<std::unique_ptr<File>> file = files.open(new_path, OpenMode::create_new);
    if (!file && file.status().is(Code::exists)) {  // left behind by a crash
      STAVE_TRY(files.remove(new_path));
      file = files.open(new_path, OpenMode::create_new);
    }
    if (!file) return file.status();
    STAVE_TRY(write_all(**file, new_path, 0, content));
    STAVE_TRY(sync_file(**file, new_path));
  }
  STAVE_TRY(files.rename(new_path, path));
  return sync_directory(files, directory);
}

Status as_failure(const Status& status) noexcept {
  if (!status.is(Code::not_found) && !status.is(Code::exists)) return status;
  return Status::error(Code::io, status.message(), status.os_errno());
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (path.empty() || path.back() != '/') path += '/';
  path += name;
  return path;
}

std::string parent_of(std::string_view path) {
  const size_t end = path.find_last_not_of('/');
  if (end == std::string_view::npos) return "/";
  const size_t slash = path.find_last_of('/', end);
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

}  // namespace stave::os
