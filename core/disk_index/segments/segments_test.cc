// The directory in memory, and segments of every density built and read.
#include <gtest/gtest.h>

#include <vector>

#include "core/disk_index/segments/directory.h"
#include "core/disk_index/segments/segment_builder.h"
#include "core/disk_index/segments/segment_reader.h"
#include "core/os/testing/simulated_file_system.h"

namespace stave::disk_index {
namespace {

Segment segment(uint64_t page, uint32_t pages, uint32_t entries, uint32_t depth) {
  Segment made;
  made.first_page = page;
  made.home_pages = pages;
  made.entries = entries;
  made.depth = depth;
  return made;
}

TEST(Directory, SplitsOneSegmentAtATime) {
  auto directory = std::make_unique<Directory>();
  EXPECT_EQ(directory->segment_count(), 1u);
  EXPECT_EQ(directory->word_of(UINT64_MAX).home_pages(), 0u);
  directory = Directory::copy_of(*directory, 1);
  directory->replace(0, {segment(10, 1, 5, 1), segment(11, 2, 6, 1)});
  directory = Directory::copy_of(*directory, 1);
  directory->replace(2, {segment(13, 1, 2, 2), segment(14, 1, 3, 2)});
  EXPECT_EQ(directory->segment_count(), 3u);
  EXPECT_EQ(directory->entries(), 10u);
  EXPECT_EQ(directory->pages(), 3u);
  EXPECT_EQ(directory->word_of(0).first_page(), 10u);
  EXPECT_EQ(directory->word_of(UINT64_MAX >> 1).first_page(), 10u);
  EXPECT_EQ(directory->word_of(uint64_t{1} << 63).first_page(), 13u);
  EXPECT_EQ(directory->word_of(UINT64_MAX).first_page(), 14u);
  EXPECT_EQ(directory->first_slot(UINT64_MAX >> 1), 0u);
  EXPECT_EQ(directory->first_hash(3), uint64_t{3} << 62);
}

TEST(Directory, RefusesWhatDoesNotCoverAllHashesOnce) {
  const auto opened = [](const std::vector<Segment>& segments, uint32_t depth) {
    return Directory::from_segments(segments, depth, 100).status().code();
  };
  EXPECT_EQ(opened({segment(10, 1, 5, 0)}, 0), Code::ok);
  EXPECT_EQ(opened({segment(10, 1, 5, 1), segment(11, 1, 5, 1)}, 1), Code::ok);
  EXPECT_EQ(opened({segment(10, 1, 5, 1)}, 1), Code::corruption) << "half is missing";
  EXPECT_EQ(opened({segment(10, 1, 5, 0), segment(11, 1, 5, 0)}, 0), Code::corruption);
  EXPECT_EQ(opened({segment(10, 1, 5, 2), segment(11, 1, 5, 1), segment(12, 1, 5, 2)}, 2),
            Code::corruption)
      << "not aligned";
  EXPECT_EQ(opened({segment(10, 1, 5, 1)}, 0), Code::corruption) << "too deep";
  EXPECT_EQ(opened({segment(1, 1, 5, 0)}, 0), Code::corruption) << "in the superblock";
  EXPECT_EQ(opened({segment(99, 2, 5, 0)}, 0), Code::corruption) << "behind the end";
  EXPECT_EQ(opened({segment(UINT64_MAX, 2, 5, 0)}, 0), Code::corruption);
  EXPECT_EQ(opened({segment(10, UINT32_MAX, 5, 0)}, 0), Code::corruption);
  EXPECT_EQ(opened({segment(10, 0, 5, 0)}, 0), Code::corruption) << "entries without pages";
  EXPECT_EQ(opened({segment(10, 1, 0, 0)}, 0), Code::corruption) << "pages without entries";
}

// Segments of every density, of hashes that do not spread, and of keys of which some share their
// low word, found again through their pages.
class Segments : public testing::TestWithParam<std::tuple<uint32_t, uint32_t, uint64_t, uint32_t>> {
};

TEST_P(Segments, HoldExactlyTheirEntries) {
  const auto [record_size, count, mask, sharing] = GetParam();
  const KeyHasher hasher(99, mask);
  os::SimulatedFileSystem disk;
  auto opened = disk.open("/x", os::OpenMode::create_new);
  ASSERT_TRUE(opened.ok());
  ASSERT_TRUE((*opened)->allocate(page_size * 2).ok());
  const auto file = *PageFile::map(*std::move(opened), "/x", 2, true);
  ASSERT_TRUE(file->set_used({{0, 2}}).ok());
  file->set_seed(5);

  std::vector<std::byte> bytes(size_t{count} * entry_size(record_size));
  std::vector<Entry> entries;
  for (uint32_t i = 0; i < count; i++) {
    std::byte* const entry = &bytes[size_t{i} * entry_size(record_size)];
    store_key(entry, {i / sharing, uint64_t{i + 1} << 50});
    for (uint32_t at = 0; at < record_size; at++)
      entry[key_size + at] = static_cast<std::byte>(i + at);
    entries.push_back({hasher(entry), entry});
  }
  SegmentBuilder builder(record_size);
  Segment built = builder.build(entries, 0, 0, 3);
  built.first_page = *file->allocate(built.pages());
  ASSERT_TRUE(file->write(built.first_page, builder.seal(built.first_page, 5)).ok());
  auto directory = Directory::from_segments({built}, 0, built.first_page + built.pages());
  ASSERT_TRUE(directory.ok()) << directory.status().message();
  const SegmentReader reader(hasher, record_size, **directory);
  const sync::EpochPin pin;
  for (const Entry& entry : entries) {
    const auto found = reader.find(*file, SegmentWord(built), entry.hash, load_key(entry.bytes));
    ASSERT_TRUE(found.ok() && *found != nullptr);
    EXPECT_TRUE(equal({*found, entry_size(record_size)}, {entry.bytes, entry_size(record_size)}));
  }
  // The first one is what a page has where it has no entries.
  for (uint64_t i = 0; i < 1000; i++) {
    const Key absent{i, i * 7};
    EXPECT_EQ(*reader.find(*file, SegmentWord(built), hasher(absent), absent), nullptr);
  }
  EXPECT_TRUE(reader.verify(*file, **directory, 0).ok());
}

INSTANTIATE_TEST_SUITE_P(
    OfAllSizes, Segments,
    testing::Combine(testing::Values(1u, 24u, 256u), testing::Values(1u, 5u, 6u, 13u, 100u, 5000u),
                     testing::Values(UINT64_MAX, uint64_t{15} << 60, uint64_t{0}),
                     testing::Values(1u, 3u)));

}  // namespace
}  // namespace stave::disk_index
