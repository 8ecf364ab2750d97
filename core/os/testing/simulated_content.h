// The content of one simulated file: what its readers see, what the device holds, and the changes
// between the two.
//
// Terms:
//   live     what reads and mappings show
//   durable  what a crash leaves if no unsynced change survives
//   clean    what the page cache believes the device to hold. It equals durable, until a sync
//            fails: the kernel then calls the pages clean although the device never got them, so
//            that a later sync leaves them alone
//   changes  the writes, truncations and allocations since the last sync, in order
// A byte stored through a mapping leaves no change: it shows as a difference between live and
// (clean + changes).
//
// A content starts without live memory: it is the durable bytes, shared with the images of crashes
// and copied on the first change. Not thread safe; stores through mappings may race with all calls.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/os/seeded_random.h"
#include "core/os/testing/crash_plan.h"
#include "core/os/testing/live_memory.h"

namespace stave::os {

inline constexpr uint64_t simulated_page_size = 4096;
inline constexpr uint64_t simulated_sector_size = 512;

// The blocks of a simulated device, in pages.
struct DiskSpace {
  uint64_t capacity = UINT64_MAX;
  uint64_t used = 0;
  bool take_page() noexcept;  // false when the device is full
};

class SimulatedContent {
 public:
  explicit SimulatedContent(std::shared_ptr<DiskSpace> space);
  ~SimulatedContent();
  SimulatedContent(const SimulatedContent&) = delete;
  SimulatedContent& operator=(const SimulatedContent&) = delete;

  uint64_t size() const noexcept { return size_; }
  size_t read(uint64_t offset, MutableBytes into) const noexcept;

  // The following return 0 or an errno. write() sets `written`, fewer than all bytes when the
  // device becomes full on the way.
  int write(uint64_t offset, Bytes from, size_t& written);
  int truncate(uint64_t size);
  int allocate(uint64_t size);
  int map(uint64_t size, bool writable, std::byte*& data);

  void unmap(bool writable) noexcept;
  // Live bytes that never become durable, nor count as a change: the holder's pid in a lock file.
  int set_volatile_text(std::string_view text);

  void sync();
  void fail_sync();
  // The same for the pages of a range.
  void sync(uint64_t offset, uint64_t size);
  void fail_sync(uint64_t offset, uint64_t size);
  void drop_cache();
  // The kernel writes a page back on its own account.
  void write_back_a_page(SeededRandom& random);

  // As after a crash now: without changes.
  std::unique_ptr<SimulatedContent> after_crash(const CrashPlan& plan, SeededRandom& random,
                                                std::shared_ptr<DiskSpace> space);
  // As after a kill of the process: all but the mappings.
  std::unique_ptr<SimulatedContent> after_kill(std::shared_ptr<DiskSpace> space);

  Hash128 digest() const;  // of the live bytes

  // Stores through mappings that a real disk could not keep, found since the last call: into a
  // hole (SIGBUS when the device is full), or between the file's end and the end of its last page
  // (lost). Each is a sentence.
  std::vector<std::string> take_violations();

 private:
  // Bytes that contents share, not changed while they do. Sharers may live in different threads:
  // the mutex guards the digest.
  struct Buffer {
    std::vector<std::byte> bytes;
    std::mutex mutex;
    std::optional<Hash128> digest;
  };
  struct Change {
    enum class Kind : uint8_t { write, truncate, allocate };
    Kind kind;
    uint64_t at;  // the offset of a write, the size of the others
    std::vector<std::byte> bytes;
  };
  using Bitmap = std::vector<bool>;

  // 0 or an errno; afterwards bytes [0, size) of live memory can be used.
  int make_live(uint64_t size);
  void check_mapped_stores();
  bool take_space(uint64_t page);
  void release_space(uint64_t from_page) noexcept;
  std::vector<std::byte>& own_durable();
  const std::vector<std::byte>& clean() const noexcept;
  Bitmap dirty_pages() const;
  bool differs_from(const std::vector<std::byte>& bytes, uint64_t page) const noexcept;
  void copy_page(std::vector<std::byte>& to, uint64_t page) const;
  // Pages of a range within the file, whose changes the kernel then takes for done. False when
  // that is not all: an unsynced truncation has to come first.
  bool take_changes(uint64_t begin, uint64_t end);

  static void apply(const Change& change, CrashPlan::Tear tear, SeededRandom* random,
                    std::vector<std::byte>& bytes);
  void keep_mapped_pages(const CrashPlan& plan, SeededRandom& random,
                         std::vector<std::byte>& bytes) const;
  void adopt_space(const SimulatedContent& origin, uint64_t allocated_size);
  void mix_page(uint64_t page, CrashPlan::Tear tear, SeededRandom& random,
                std::vector<std::byte>& bytes) const;

  std::shared_ptr<DiskSpace> space_;
  uint64_t size_ = 0;  // of the live bytes
  bool is_live_ = false;
  LiveMemory live_;
  std::shared_ptr<Buffer> durable_;
  bool durable_is_shared_ = false;
  std::optional<std::vector<std::byte>> clean_;  // absent while it equals durable_
  std::vector<Change> changes_;
  Bitmap allocated_;  // pages with blocks
  Bitmap durable_allocated_;
  int mappings_ = 0;
  int writable_mappings_ = 0;
  bool maybe_stored_ = false;  // through a mapping, since the last sync
  std::vector<std::string> violations_;
};

}  // namespace stave::os
