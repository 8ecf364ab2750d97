// Stores on simulated disks, at rest, of which everything is known: what the corruption tests
// damage.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/os/testing/simulated_file_system.h"
#include "tests/support/random.h"
#include "tests/support/store_access.h"

namespace stave::test {

inline constexpr const char* specimen_store = "/store";

struct Specimen {
  using Disk = os::SimulatedFileSystem;

  std::string name;
  std::unique_ptr<Disk> disk;    // nothing unsynced, no store open
  bool clean = false;            // it was closed
  std::vector<Contents> states;  // by LSN; the last is what it shows undamaged

  // A copy to damage.
  std::unique_ptr<Disk> copy() const;
  std::vector<std::string> files() const;  // paths
};

// Segments of 4 KiB throughout.
std::vector<Specimen> make_specimens(uint64_t seed);

// The newest commit that what is left of a store says was on the device: the claims of all frames
// that are whole, wherever they stand, and the manifest's. An independent reading of
// docs/formats/segment.md.
uint64_t recorded_durable_lsn(os::FileSystem& disk);

std::string read_file(os::FileSystem& disk, const std::string& path);
void overwrite(os::FileSystem& disk, const std::string& path, uint64_t offset,
               std::string_view bytes);
void replace_file(os::FileSystem& disk, const std::string& path, std::string_view content);
void set_size(os::FileSystem& disk, const std::string& path, uint64_t size);

}  // namespace stave::test
