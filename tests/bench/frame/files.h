// What rows about files look at, and a process that dies.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace stave::bench {

// Bytes of the device that the files below a directory occupy.
uint64_t allocated_bytes(const std::string& directory);

// Removes all that is in a directory.
void remove_files(const std::string& directory);

// Writes the files below a directory to the device, and drops what the system has of them in
// memory.
void drop_cached(const std::string& directory);

// Does the work, which ends with raise(SIGKILL), in a child process, and waits for its death. Only
// for a process that has no other threads and no open store.
void in_killed_child(const std::function<void()>& work);

}  // namespace stave::bench
