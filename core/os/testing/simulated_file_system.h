// A disk in memory that does to unsynced data the worst that a real one may do, for tests.
//
// The model, against Linux with ext4 and xfs
// ------------------------------------------
// A file has live bytes, which reads and mappings show, and durable bytes, which a crash leaves.
// sync_data makes the live bytes and the size durable; sync_directory makes creations, renames
// and removals in one directory durable. Nothing else does. A crash image (crash_image) is a file
// system as found after power loss: durable state, with a choice of the unsynced changes:
//   - writes, truncations and allocations of each file survive or not, each alone; a surviving
//     write may be torn at sectors of 512 bytes or at any byte; the size that a lost write gave
//     the file may survive with zeros in place of the bytes;
//   - bytes stored through mappings survive or not by pages, sectors, or cut at any byte;
//   - directory operations survive as a prefix of each directory's, or each alone; a rename
//     survives as a whole or not at all, also between directories.
// Versions between the durable and the live bytes come from background write-back
// (set_background_write_back), by which the kernel syncs single pages when it likes.
//
// Harsher than ext4 and xfs in their default modes:
//   - a synced file whose directory was not synced may vanish (both journal its entry with it);
//   - directory operations survive out of order (DirectoryOrder::any; a journal keeps them in
//     order), truncations survive although earlier operations in the journal are lost, and a
//     renamed file may be empty although ext4 flushes it before a replacing rename;
//   - a sync of one directory does nothing for another (a journal commit covers all);
//   - bytes of one sector are torn (devices write sectors whole; a page may change while it is on
//     its way to a device, so single bytes of it can be mixed);
//   - the size of a file survives without its bytes, and bytes without the size change before them.
// Gentler than the world:
//   - bytes once durable never rot, sectors near a torn one are unharmed, and an unreadable page
//     fails a planned call, not every read of it, nor a load through a mapping (SIGBUS);
//   - a device that lies about its write cache is not modelled, nor reordering across a
//     successful sync;
//   - a failed sync loses all that write-back had not saved before, and the file system goes on;
//     ext4 and xfs may turn read-only after an error in the journal (here: plan EIO for ever);
//   - blocks that a lost write would expose read as zeros, never as another file's old bytes
//     (ext4 with data=writeback can show those);
//   - directories, inodes and journal take no space, and syncs of allocated bytes never lack any;
//     a file's blocks are pages of 4096 bytes;
//   - an image shows a mapping as it is when the image is taken: stores half done at that moment
//     are seen only if another thread takes it, and versions overwritten since the last sync only
//     through background write-back.
// A write that meets a full device or a planned EIO leaves no partial bytes but those it counts.
//
// A failed sync_data marks the pages clean: reads go on showing the bytes, a later sync succeeds
// and does not write them, and after drop_cache or a crash they are gone, unless a later change to
// the same page carried them along. The same holds for the operations that a failed
// sync_directory covered.
//
// Thread safe, but for stores through mappings, which are plain memory here as there. Files,
// mappings and locks must not outlive the file system.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/os/file_system.h"
#include "core/os/testing/crash_plan.h"
#include "core/os/testing/fault_plan.h"

namespace stave::os {

struct SimulatedState;

class SimulatedFileSystem final : public FileSystem {
 public:
  // Empty: a root directory "/", which is also what relative paths start from. `seed` decides
  // random(), short counts and write-back.
  explicit SimulatedFileSystem(uint64_t seed = 1);
  ~SimulatedFileSystem() override;

  // There are no symbolic links here.
  Result<std::string> resolve(const std::string& path) override { return path; }
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status make_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  // The holder's pid in the file is visible but never durable.
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, bool exclusive) override;
  Status random(MutableBytes into) override;
  // Stands still but for set_unix_time_ms(). Images take it over.
  uint64_t unix_time_ms() noexcept override;
  void set_unix_time_ms(uint64_t now) noexcept;

  // Crashes. An image is a new file system without faults, hook, write-back and locks; making it
  // changes nothing here.

  // As after a power loss at this moment. The same plan and seed on the same state give the same
  // image.
  std::unique_ptr<SimulatedFileSystem> crash_image(const CrashPlan& plan, uint64_t seed);
  // As after SIGKILL of the process: everything is there, unsynced changes still unsynced.
  std::unique_ptr<SimulatedFileSystem> kill_image();
  // XXH3-128 of all live paths and contents, to tell images apart.
  Hash128 digest();

  // Events are the calls that change what a crash leaves (is_mutating), numbered from 1. The hook
  // runs at the start of each, before it takes effect, in the calling thread and without locks: it
  // may call anything here.
  struct Event {
    uint64_t number;
    CallKind call;
    std::string_view path;
  };
  using Hook = std::function<void(const Event&)>;
  void set_hook(Hook hook);
  uint64_t events();

  // At each event, one dirty page of each file is written back with odds of 1 in `odds`; 0 turns
  // it off.
  void set_background_write_back(uint64_t odds);

  // Faults; see fault_plan.h. The counters run from the beginning.
  void add_fault(const Fault& fault);
  void clear_faults();
  uint64_t calls();
  uint64_t calls(CallKind kind);
  uint64_t fired(Fault::Kind kind);

  // The device: beyond `bytes` of blocks in use, calls that need more fail with ENOSPC.
  void set_capacity(uint64_t bytes);
  uint64_t used_bytes();
  // Stores through mappings that a real disk could not keep (SimulatedContent::take_violations), so
  // far, each with its path. A correct program makes none.
  std::vector<std::string> violations();

 private:
  explicit SimulatedFileSystem(std::unique_ptr<SimulatedState> state);

  std::unique_ptr<SimulatedState> state_;
};

}  // namespace stave::os
