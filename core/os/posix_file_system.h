// The file system of the operating system (Linux), behind the interface of file_system.h.
//
// Locks are flock(2) locks: they belong to the open file, end with the process, also by SIGKILL,
// and work between processes of one machine; on network file systems as far as those support them.
#pragma once

#include "core/os/file_system.h"

namespace stave::os {

// Has no state; lives as long as the process. Thread safe.
FileSystem& posix_file_system();

}  // namespace stave::os
