// A walk over a directory tree that never leaves it: symbolic links are not followed, and names are
// opened below a directory that is already open, so depth and renames beside the walk do no harm.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "tools/stave/output.h"

namespace stave::tool {

// A regular file, by its name in an open directory.
struct FoundFile {
  std::shared_ptr<const FileDescriptor> directory;
  std::string name;
  std::string path;  // relative to the root of the walk, bytes as the file system has them
};

// What identifies a directory however it is reached.
struct DirectoryIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const DirectoryIdentity&) const = default;
};

struct WalkVisitor {
  std::function<bool(FoundFile)> file;                      // false ends the walk
  std::function<void()> other;                              // neither directory nor regular file
  std::function<void(const std::string&, int)> unreadable;  // relative path, errno
};

// Opens the root of a walk; throws Failure.
FileDescriptor open_directory(const std::string& path);
DirectoryIdentity identity_of(int directory);

// Visits every file below `root` but those in the directory `excluded`. Order: as the directories
// list them. Holds as many directories open as there are visited files in use and levels of depth.
void walk_directory(FileDescriptor root, const DirectoryIdentity& excluded,
                    const WalkVisitor& visitor);

}  // namespace stave::tool
