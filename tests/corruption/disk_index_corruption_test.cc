// Layer 7 for the disk index: every byte of a file three ways, every length it can be cut to, pages
// swapped and doubled. Each case must be a detected error or the right answer; and what lies in
// pages that were not touched must still be served.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/disk_index/disk_index.h"
#include "core/os/testing/simulated_file_system.h"
#include "tests/support/ladder.h"
#include "tests/support/random.h"

namespace stave::test {
namespace {

using disk_index::DiskIndex;
using disk_index::Key;
using Disk = os::SimulatedFileSystem;
using Contents = std::map<uint64_t, uint64_t>;

constexpr const char* path = "/index";
constexpr size_t page = 4096;

struct Figures {
  uint64_t cases = 0;
  uint64_t refused = 0;   // by the open
  uint64_t partial = 0;   // some keys are errors, the others right
  uint64_t harmless = 0;  // all is right
  uint64_t wrong = 0;
};

disk_index::Options options(bool read_only) {
  disk_index::Options options;
  options.background = false;
  options.delta_entries = 64;
  options.bulk_memory = 0;
  options.record_size = read_only ? 0 : 60;
  options.read_only = read_only;
  return options;
}

Key key_of(uint64_t number) {
  return {number, number * 7};
}

// Segments with overflow pages, saved operations in the log, free pages; closed.
std::vector<std::byte> make_specimen(Contents& contents) {
  Disk disk;
  auto index = *DiskIndex::open(disk, path, options(false));
  const auto put = [&](uint64_t key, uint64_t value) {
    std::vector<std::byte> record(60, static_cast<std::byte>(value));
    store_le64(record.data(), value);
    EXPECT_TRUE(index->put(key_of(key), record).ok());
    contents[key] = value;
  };
  for (uint64_t i = 0; i < 300; i++) put(i, i);
  for (uint64_t i = 0; i < 300; i += 7) {
    EXPECT_TRUE(index->remove(key_of(i)).ok());
    contents.erase(i);
  }
  EXPECT_TRUE(index->shrink_to_fit().ok());
  for (uint64_t i = 0; i < 40; i += 2) put(i, 1000 + i);
  EXPECT_TRUE(index->close().ok());
  index.reset();
  const auto file = *disk.open(path, os::OpenMode::read_only);
  std::vector<std::byte> bytes(*file->size());
  EXPECT_EQ(*file->read(0, bytes), bytes.size());
  return bytes;
}

class Examination {
 public:
  Examination(std::vector<std::byte> bytes, Contents contents)
      : bytes_(std::move(bytes)), contents_(std::move(contents)) {
    file_ = *disk_.open(path, os::OpenMode::create_new);
    restore();
  }

  const std::vector<std::byte>& bytes() const noexcept { return bytes_; }
  const Figures& figures() const noexcept { return figures_; }
  void write(uint64_t offset, Bytes bytes) { EXPECT_TRUE(file_->write(offset, bytes).ok()); }
  void cut(uint64_t size) { EXPECT_TRUE(file_->truncate(size).ok()); }
  void restore() { write(0, bytes_); }

  void examine(const std::string& what) {
    figures_.cases++;
    auto opened = DiskIndex::open(disk_, path, options(true));
    if (!opened) {
      figures_.refused++;
      if (!is_detection(opened.status())) wrong(what + ": " + text(opened.status()));
      return;
    }
    uint64_t errors = 0;
    Contents served;
    std::vector<std::byte> record(60);
    for (uint64_t key = 0; key < 310; key++) {
      const Status status = (*opened)->get(key_of(key), record);
      const auto expected = contents_.find(key);
      if (status.is_error()) {
        errors++;
        if (!is_detection(status)) wrong(what + ": " + text(status));
      } else if (status.ok() != (expected != contents_.end())) {
        wrong(what + ": key " + std::to_string(key) + " is " + text(status));
      } else if (status.ok() && load_le64(record.data()) != expected->second) {
        wrong(what + ": key " + std::to_string(key) + " has another record");
      } else if (status.ok()) {
        served[key] = expected->second;
      }
    }
    examine_cursor(what, **opened, served, errors);
    (errors > 0 ? figures_.partial : figures_.harmless)++;
  }

 private:
  static bool is_detection(const Status& status) {
    return status.is(Code::corruption) || status.is(Code::unsupported_version);
  }
  static std::string text(const Status& status) {
    return std::string(code_name(status.code())) + " " + std::string(status.message());
  }
  void wrong(const std::string& what) {
    if (figures_.wrong++ < 10) ADD_FAILURE() << what;
  }

  // A cursor once stayed for ever before the first damage, so that what lay behind it could not be
  // saved by walking over it.
  void examine_cursor(const std::string& what, DiskIndex& index, const Contents& served,
                      uint64_t errors) {
    Contents found;
    const auto cursor = index.open_cursor();
    Status status;
    uint64_t damages = 0;
    while (!(status = cursor->next()).is(Code::done) && damages <= index.stats().segments) {
      if (!status.ok()) {
        damages++;
        if (!is_detection(status)) wrong(what + ": cursor: " + text(status));
      } else if (!found.emplace(cursor->key().low, load_le64(cursor->record().data())).second) {
        wrong(what + ": the cursor meets a key twice");
      }
    }
    if (!status.is(Code::done)) wrong(what + ": the cursor does not get past " + text(status));
    if (damages == 0 && found != contents_) wrong(what + ": the cursor shows something else");
    if (!std::includes(contents_.begin(), contents_.end(), found.begin(), found.end()))
      wrong(what + ": the cursor shows what was not stored");
    if (!std::includes(found.begin(), found.end(), served.begin(), served.end()))
      wrong(what + ": the cursor leaves out what get serves");
    const Status verified = index.verify([](uint64_t, uint64_t) { return Status(); });
    if (errors > 0 && verified.ok()) wrong(what + ": verify finds nothing");
    if (!verified.ok() && !is_detection(verified)) wrong(what + ": verify: " + text(verified));
  }

  std::vector<std::byte> bytes_;
  Contents contents_;
  Disk disk_;
  std::unique_ptr<os::File> file_;
  Figures figures_;
};

TEST(DiskIndexCorruption, IsDetectedOrHarmless) {
  Random random(ladder_seed(7));
  Contents contents;
  std::vector<std::byte> specimen = make_specimen(contents);
  const uint64_t size = specimen.size();
  Examination examination(std::move(specimen), contents);
  examination.examine("untouched");
  ASSERT_EQ(examination.figures().harmless, 1u);

  // All of them at full scale, or evenly spread ones.
  const uint64_t stride = std::max<uint64_t>(1, size / scaled(size));
  for (uint64_t at = random.below(stride); at < size; at += stride) {
    for (const int mask : {0x01, 0x80, 0xff}) {
      const std::byte damaged = examination.bytes()[at] ^ static_cast<std::byte>(mask);
      examination.write(at, {&damaged, 1});
      examination.examine("byte " + std::to_string(at) + " ^ " + std::to_string(mask));
    }
    examination.write(at, {&examination.bytes()[at], 1});
  }
  for (uint64_t at = random.below(stride); at < size; at += stride) {
    examination.cut(at);
    examination.examine("cut to " + std::to_string(at));
    examination.restore();
  }
  for (uint64_t to = 0; to < size; to += page) {
    for (uint64_t from = 0; from < size; from += page) {
      if (from == to) continue;
      const Bytes first = Bytes(examination.bytes()).subspan(from, page);
      const Bytes second = Bytes(examination.bytes()).subspan(to, page);
      examination.write(to, first);
      examination.examine("page " + std::to_string(from) + " over " + std::to_string(to));
      examination.write(from, second);
      examination.examine("pages " + std::to_string(from) + " and " + std::to_string(to));
      examination.restore();
    }
  }
  const Figures& figures = examination.figures();
  report_counts("disk index corruption", {{"cases", figures.cases},
                                          {"refused", figures.refused},
                                          {"partly served", figures.partial},
                                          {"harmless", figures.harmless}});
  EXPECT_EQ(figures.wrong, 0u);
}

}  // namespace
}  // namespace stave::test
