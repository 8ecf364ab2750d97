// A thread that holds on to a mapping while another replaces it by a larger one.
#include "core/disk_index/pages/page_file.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "core/os/testing/forwarding_file.h"
#include "core/os/testing/simulated_file_system.h"

namespace stave::disk_index {
namespace {

// What happens while the mapping is at work, which ends with it.
struct Meanwhile {
  std::function<void()> run;
  int mappings = 0;
};

constexpr uint64_t pages_max = 256;

class WatchedMapping final : public os::Mapping {
 public:
  WatchedMapping(std::unique_ptr<os::Mapping> mapping, uint64_t size, Meanwhile& meanwhile)
      : Mapping(mapping->data(), size), mapping_(std::move(mapping)), meanwhile_(meanwhile) {
    meanwhile_.mappings++;
  }
  ~WatchedMapping() override { meanwhile_.mappings--; }
  Status sync_data(uint64_t offset, uint64_t size) override {
    meanwhile_.run();
    return mapping_->sync_data(offset, size);
  }
  void prefault_read(uint64_t, uint64_t) noexcept override { meanwhile_.run(); }
  void expect_stores(uint64_t, uint64_t) noexcept override { meanwhile_.run(); }
  void expect_sync(uint64_t, uint64_t) noexcept override { meanwhile_.run(); }

 private:
  std::unique_ptr<os::Mapping> mapping_;
  Meanwhile& meanwhile_;
};

class WatchedFile final : public os::ForwardingFile {
 public:
  WatchedFile(std::unique_ptr<os::File> file, Meanwhile& meanwhile)
      : ForwardingFile(std::move(file)), meanwhile_(meanwhile) {}
  // The first mapping of a simulated file is as large as any can be while it lives.
  Result<std::unique_ptr<os::Mapping>> map(uint64_t size, bool writable) override {
    auto mapping = ForwardingFile::map(page_size * pages_max, writable);
    if (!mapping) return mapping.status();
    return std::unique_ptr<os::Mapping>(
        std::make_unique<WatchedMapping>(*std::move(mapping), size, meanwhile_));
  }

 private:
  Meanwhile& meanwhile_;
};

// Hints went to a mapping that a thread without a pin had looked up, and that another thread, which
// made the file larger, could give back to the system meanwhile.
TEST(PageFile, KeepsAMappingThatIsAtWork) {
  os::SimulatedFileSystem disk;
  auto opened = disk.open("/x", os::OpenMode::create_new);
  ASSERT_TRUE(opened.ok() && (*opened)->allocate(page_size * 4).ok());
  Meanwhile meanwhile;
  // Mapped for reading it has no room to grow into.
  const auto file =
      *PageFile::map(std::make_unique<WatchedFile>(*std::move(opened), meanwhile), "/x", 4, false);
  ASSERT_TRUE(file->set_used({{0, 2}}).ok());
  const Extent extent{2, 1};
  const std::function<void()> calls[] = {
      [&] { EXPECT_TRUE(file->held_region()->sync(extent).ok()); },
      [&] { file->held_region()->prefault_read(extent); },
      [&] { file->held_region()->expect_stores(extent); },
      [&] { file->held_region()->expect_sync(extent); },
  };
  for (const auto& call : calls) {
    ASSERT_EQ(meanwhile.mappings, 1);
    bool has_run = false;
    meanwhile.run = [&] {
      has_run = true;
      std::thread([&] {
        EXPECT_TRUE(file->reserve(file->size_pages()).ok());
        EXPECT_TRUE(sync::EpochRegistry::reclaim_all());
      }).join();
      EXPECT_EQ(meanwhile.mappings, 2);
    };
    call();
    EXPECT_TRUE(has_run);
  }
  EXPECT_EQ(meanwhile.mappings, 1);
}

}  // namespace
}  // namespace stave::disk_index
