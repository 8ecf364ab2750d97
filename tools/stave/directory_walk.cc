#include "tools/stave/directory_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "tools/stave/failure.h"

namespace stave::tool {

namespace {

enum class Kind { file, directory, other };

struct CloseStream {
  void operator()(DIR* stream) const noexcept { closedir(stream); }
};

class Walk {
 public:
  Walk(const DirectoryIdentity& excluded, const WalkVisitor& visitor)
      : excluded_(excluded), visitor_(visitor) {}

  void run(FileDescriptor root) {
    if (identity_of(root.number()) == excluded_) return;
    bool go_on = list(std::make_shared<const FileDescriptor>(std::move(root)), "");
    while (go_on && !pending_.empty()) {
      const FoundFile next = std::move(pending_.back());
      pending_.pop_back();
      FileDescriptor directory(openat(next.directory->number(), next.name.c_str(),
                                      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!directory.valid()) {
        visitor_.unreadable(next.path, errno);
      } else if (identity_of(directory.number()) != excluded_) {
        go_on = list(std::make_shared<const FileDescriptor>(std::move(directory)), next.path + "/");
      }
    }
  }

 private:
  // Visits the files of one directory and remembers its directories. False: the visitor has enough.
  bool list(const std::shared_ptr<const FileDescriptor>& directory, const std::string& prefix) {
    // The stream closes the descriptor it reads, and the files need theirs: it gets one of its own.
    const int number = openat(directory->number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, CloseStream> stream(number < 0 ? nullptr : fdopendir(number));
    if (!stream) {
      visitor_.unreadable(prefix, errno);
      return true;
    }
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      FoundFile found{directory, std::string(name), prefix + std::string(name)};
      switch (kind_of(*entry, directory->number())) {
        case Kind::file:
          if (!visitor_.file(std::move(found))) return false;
          break;
        case Kind::directory:
          pending_.push_back(std::move(found));
          break;
        case Kind::other:
          visitor_.other();
          break;
      }
    }
    if (errno != 0) visitor_.unreadable(prefix, errno);
    return true;
  }

  static Kind kind_of(const dirent& entry, int directory) noexcept {
    unsigned char type = entry.d_type;
    if (type == DT_UNKNOWN) {  // some file systems leave it out
      struct stat status {};
      // A file that has vanished counts as one: opening it will tell.
      if (fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) return Kind::file;
      type = static_cast<unsigned char>(IFTODT(status.st_mode));
    }
    return type == DT_REG ? Kind::file : type == DT_DIR ? Kind::directory : Kind::other;
  }

  const DirectoryIdentity excluded_;
  const WalkVisitor& visitor_;
  std::vector<FoundFile> pending_;  // directories, by the same three words as files
};

}  // namespace

FileDescriptor open_directory(const std::string& path) {
  FileDescriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) {
    throw system_failure("cannot open the directory '" + path + "'", errno);
  }
  return directory;
}

DirectoryIdentity identity_of(int directory) {
  struct stat status {};
  if (fstat(directory, &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

void walk_directory(FileDescriptor root, const DirectoryIdentity& excluded,
                    const WalkVisitor& visitor) {
  Walk(excluded, visitor).run(std::move(root));
}

}  // namespace stave::tool
