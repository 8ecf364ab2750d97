#include "tools/stave/exporter.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/stave/directory_walk.h"
#include "tools/stave/failure.h"
#include "tools/stave/format.h"

namespace stave::tool {

namespace {

// Why these bytes are not a path that stays below the target; empty when they are.
std::string_view refusal_of(std::string_view path) {
  if (path.empty()) return "an empty key names no file";
  if (path.find('\0') != std::string_view::npos) return "a file name cannot hold a NUL byte";
  if (path.front() == '/') return "an absolute path leads out of the directory";
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view component = path.substr(begin, end - begin);
    if (component.empty()) return "a component of the path is empty";
    if (component == "." || component == "..") return "a component of the path is . or ..";
    begin = end + 1;
  }
  return {};
}

// Opens the directory of `path` below `root`, creating what is missing; on return `path` is the
// last component. Not valid, with errno set, when that cannot be done.
FileDescriptor open_parent(int root, std::string_view& path) {
  FileDescriptor directory(dup(root));
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    const std::string component(path.substr(0, slash));
    path.remove_prefix(slash + 1);
    if (!directory.valid()) return directory;
    if (mkdirat(directory.number(), component.c_str(), 0777) != 0 && errno != EEXIST) {
      return FileDescriptor();
    }
    directory = FileDescriptor(openat(directory.number(), component.c_str(),
                                      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  return directory;
}

// Whether an error speaks about one path, and others may well succeed.
bool concerns_one_path(int os_errno) noexcept {
  switch (os_errno) {
    case EACCES:
    case EPERM:
    case EEXIST:
    case EISDIR:
    case ENOTDIR:
    case ENOTEMPTY:
    case ELOOP:
    case ENAMETOOLONG:
    case EILSEQ:
    case EINVAL:
    case EXDEV:
      return true;
    default:
      return false;
  }
}

}  // namespace

Exporter::Exporter(const std::string& directory, bool overwrite)
    : directory_(directory),
      overwrite_(overwrite),
      unfinished_(formatted(".stave-export-{}", getpid())) {
  if (mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
    throw system_failure(formatted("cannot create the directory '{}'", directory), errno);
  }
  root_ = open_directory(directory);
  // Left by an export that was killed and had the same process number.
  unlinkat(root_.number(), unfinished_.c_str(), 0);
}

Exporter::~Exporter() {
  unlinkat(root_.number(), unfinished_.c_str(), 0);
}

std::string Exporter::write(std::string_view path, std::string_view contents) {
  if (const std::string_view refusal = refusal_of(path); !refusal.empty()) {
    return std::string(refusal);
  }
  if (path == unfinished_) return "the export itself uses this name";
  const std::string name = formatted("'{}/{}'", directory_, path);
  const auto give_up = [&name](int os_errno) -> std::string {
    if (concerns_one_path(os_errno)) return std::strerror(os_errno);
    throw system_failure("cannot write " + name, os_errno);
  };
  const FileDescriptor parent = open_parent(root_.number(), path);
  if (!parent.valid()) return give_up(errno);

  FileDescriptor file(openat(root_.number(), unfinished_.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file.valid()) throw system_failure("cannot write " + name, errno);
  write_and_close(std::move(file), contents, name);
  if (renameat2(root_.number(), unfinished_.c_str(), parent.number(), std::string(path).c_str(),
                overwrite_ ? 0 : RENAME_NOREPLACE) != 0) {
    const int os_errno = errno;
    unlinkat(root_.number(), unfinished_.c_str(), 0);
    return give_up(os_errno);
  }
  return {};
}

}  // namespace stave::tool
