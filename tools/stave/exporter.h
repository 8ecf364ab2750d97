// Writes records as files below a directory, and never anywhere else.
//
// A key is a relative path; what cannot be one is refused: an empty key, a NUL byte, an absolute
// path, an empty, "." or ".." component. Components are opened one below the other without
// following symbolic links, so a link inside the target leads nowhere either. A file appears under
// its name only when it is complete.
#pragma once

#include <string>
#include <string_view>

#include "tools/stave/output.h"

namespace stave::tool {

class Exporter {
 public:
  // Opens the directory, creating it (not its parents) if need be; throws Failure.
  Exporter(const std::string& directory, bool overwrite);
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // Writes the file; the answer is empty, or why this key cannot be one here. Throws Failure when
  // the file system fails for good (no space, I/O).
  std::string write(std::string_view path, std::string_view contents);

 private:
  const std::string directory_;
  const bool overwrite_;
  FileDescriptor root_;
  const std::string unfinished_;  // name of the file that is being written, in the root
};

}  // namespace stave::tool
