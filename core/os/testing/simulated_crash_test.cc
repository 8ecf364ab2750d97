// What a crash of the simulated disk may leave. Every kind of harm is shown to happen; a simulation
// that is too kind proves nothing.
#include <gtest/gtest.h>

#include <set>

#include "core/os/testing/simulated_file_system.h"
#include "core/os/testing/simulated_test_files.h"

namespace stave::os {
namespace {

using Keep = CrashPlan::Keep;
using Tear = CrashPlan::Tear;
using Order = CrashPlan::DirectoryOrder;

// The distinct contents of `path` in `count` images.
std::set<std::string> contents_after_crashes(SimulatedFileSystem& files, const CrashPlan& plan,
                                             const std::string& path, uint64_t count = 200) {
  std::set<std::string> contents;
  for (uint64_t seed = 0; seed < count; seed++)
    contents.insert(content(*files.crash_image(plan, seed), path));
  return contents;
}

std::set<std::string> names_after_crashes(SimulatedFileSystem& files, Order order) {
  std::set<std::string> all;
  for (uint64_t seed = 0; seed < 300; seed++)
    all.insert(
        names(*files.crash_image({Keep::none, Keep::none, Keep::random, Tear::none, order}, seed)));
  return all;
}

constexpr CrashPlan random_writes{Keep::random, Keep::random, Keep::all, Tear::none, Order::prefix};
constexpr CrashPlan sector_tears{Keep::random, Keep::random, Keep::all, Tear::sector,
                                 Order::prefix};
constexpr CrashPlan byte_tears{Keep::random, Keep::random, Keep::all, Tear::byte, Order::prefix};

TEST(CrashImage, KeepsWhatWasSyncedAndNothingElse) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", "synced");
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("SYN")).ok());
  create(files, "b", "not synced");
  auto nothing = files.crash_image(CrashPlan::nothing_survives(), 1);
  EXPECT_EQ(names(*nothing), "a ");
  EXPECT_EQ(content(*nothing, "a"), "synced");
  auto everything = files.crash_image(CrashPlan::everything_survives(), 1);
  EXPECT_EQ(names(*everything), "a b ");
  EXPECT_EQ(content(*everything, "a"), "SYNced");
  EXPECT_EQ(content(*everything, "b"), "not synced");
  EXPECT_EQ(everything->digest(), files.digest());
  EXPECT_EQ(content(files, "a"), "SYNced") << "an image changed its origin";
}

// A write that crosses the range's end survives in part; one from before the sync does not come
// back over a newer one.
TEST(CrashImage, KeepsTheRangeThatWasSyncedWhateverBecomesOfTheRest) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", std::string(16384, '.'));
  auto mapping = *file->map(16384, true);
  EXPECT_TRUE(write_all(*file, "a", 4095, as_bytes("abcd")).ok());
  EXPECT_TRUE(write_all(*file, "a", 8190, as_bytes("ef")).ok());
  EXPECT_TRUE(write_all(*file, "a", 8190, as_bytes("gh")).ok());
  mapping->data()[8000] = std::byte{'s'};
  mapping->data()[12288] = std::byte{'t'};
  EXPECT_TRUE(sync_range(*mapping, 4096, 4096).ok());
  EXPECT_TRUE(write_all(*file, "a", 4097, as_bytes("C")).ok());
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 64; seed++) {
    const std::string kept = content(*files.crash_image(random_writes, seed), "a");
    EXPECT_EQ(kept.substr(8190, 2), "gh");
    EXPECT_EQ(kept[8000], 's');
    seen.insert(kept.substr(4095, 4) + kept[12288]);
  }
  const std::set<std::string> possible = {"abcd.", ".bcd.", "abCd.", ".bCd.",
                                          "abcdt", ".bcdt", "abCdt", ".bCdt"};
  EXPECT_EQ(seen, possible);
  EXPECT_TRUE(file->sync_data().ok());
  const auto all = files.crash_image(CrashPlan::nothing_survives(), 1);
  EXPECT_EQ(content(*all, "a").substr(4095, 4), "abCd");
}

// An earlier truncation, which is not the range's own, becomes durable with it.
TEST(CrashImage, KeepsARangeThatWasTruncatedAndWrittenBefore) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", std::string(8192, '.'));
  EXPECT_TRUE(file->truncate(100).ok());
  EXPECT_TRUE(file->allocate(8192).ok());
  EXPECT_TRUE(write_all(*file, "a", 4096, as_bytes("x")).ok());
  auto mapping = *file->map(8192, false);
  EXPECT_TRUE(sync_range(*mapping, 4096, 4096).ok());
  for (uint64_t seed = 0; seed < 50; seed++) {
    const std::string kept = content(*files.crash_image(CrashPlan::draw(seed), seed), "a");
    ASSERT_EQ(kept.size(), 8192u);
    EXPECT_EQ(kept.substr(4096, 2), std::string("x\0", 2));
  }
}

TEST(CrashImage, IsDurableAndIndependent) {
  SimulatedFileSystem files;
  create_durable(files, "a", "one");
  auto image = files.crash_image(CrashPlan::everything_survives(), 1);
  auto again = image->crash_image(CrashPlan::nothing_survives(), 2);
  EXPECT_EQ(again->digest(), image->digest());
  auto file = *image->open("a", OpenMode::read_write);
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("two")).ok());
  EXPECT_TRUE(file->sync_data().ok());
  EXPECT_EQ(content(files, "a"), "one");
  EXPECT_EQ(content(*again, "a"), "one");
  EXPECT_EQ(content(*image->crash_image(CrashPlan::nothing_survives(), 1), "a"), "two");
}

TEST(CrashImage, KeepsAnySubsetOfWritesAndTruncations) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", "......");
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("A")).ok());
  EXPECT_TRUE(write_all(*file, "a", 2, as_bytes("B")).ok());
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("C")).ok());
  EXPECT_TRUE(file->truncate(4).ok());
  EXPECT_EQ(contents_after_crashes(files, random_writes, "a"),
            (std::set<std::string>{"......", "A.....", "C.....", "..B...", "A.B...", "C.B...",
                                   "....", "A...", "C...", "..B.", "A.B.", "C.B."}));
}

TEST(CrashImage, MayKeepTheSizeOfALostWriteAndLoseAnAllocation) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a");
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("xy")).ok());
  EXPECT_EQ(contents_after_crashes(files, random_writes, "a"),
            (std::set<std::string>{"", "xy", std::string(2, '\0')}));
  EXPECT_TRUE(file->sync_data().ok());
  EXPECT_TRUE(file->allocate(4).ok());
  EXPECT_EQ(contents_after_crashes(files, random_writes, "a"),
            (std::set<std::string>{"xy", std::string("xy\0\0", 4)}));
}

TEST(CrashImage, TearsWritesAtSectors) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", std::string(1024, '.'));
  EXPECT_TRUE(write_all(*file, "a", 500, as_bytes(std::string(24, 'x'))).ok());
  const auto with = [](size_t begin, size_t end) {
    std::string text(1024, '.');
    return text.replace(begin, end - begin, end - begin, 'x');
  };
  EXPECT_EQ(contents_after_crashes(files, sector_tears, "a"),
            (std::set<std::string>{with(0, 0), with(500, 512), with(512, 524), with(500, 524)}));
}

TEST(CrashImage, TearsWritesAtAnyByte) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", "....");
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("1234")).ok());
  EXPECT_EQ(
      contents_after_crashes(files, byte_tears, "a"),
      (std::set<std::string>{"....", "1...", "12..", "123.", "1234", ".234", "..34", "...4"}));
}

TEST(CrashImage, MixesOldAndNewPagesOfAMapping) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", std::string(3 * 4096, '.'));
  auto mapping = *file->map(3 * 4096, true);
  mapping->data()[0] = std::byte{'A'};
  mapping->data()[5000] = std::byte{'B'};
  const auto with = [](bool a, bool b) {
    std::string text(3 * 4096, '.');
    if (a) text[0] = 'A';
    if (b) text[5000] = 'B';
    return text;
  };
  EXPECT_EQ(content(*files.crash_image(CrashPlan::nothing_survives(), 1), "a"), with(false, false));
  EXPECT_EQ(content(*files.crash_image(CrashPlan::everything_survives(), 1), "a"),
            with(true, true));
  EXPECT_EQ(contents_after_crashes(files, random_writes, "a"),
            (std::set<std::string>{with(false, false), with(true, false), with(false, true),
                                   with(true, true)}));
  EXPECT_TRUE(file->sync_data().ok());
  EXPECT_EQ(content(*files.crash_image(CrashPlan::nothing_survives(), 1), "a"), with(true, true));
}

TEST(CrashImage, MixesSectorsAndBytesOfOneMappedPage) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", std::string(1024, '.'));
  auto mapping = *file->map(4096, true);
  std::memset(mapping->data() + 508, 'x', 8);
  const auto sectors = contents_after_crashes(files, sector_tears, "a");
  EXPECT_EQ(sectors.size(), 4u);
  EXPECT_TRUE(sectors.contains(std::string(508, '.') + "xxxx" + std::string(512, '.')));
  EXPECT_GT(contents_after_crashes(files, byte_tears, "a", 20000).size(), 8u);
}

TEST(CrashImage, ChoosesBetweenWritesAndMappedStoresSeparately) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", std::string(8192, '.'));
  auto mapping = *file->map(8192, true);
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("W")).ok());
  mapping->data()[4096] = std::byte{'M'};
  EXPECT_EQ(contents_after_crashes(files, random_writes, "a").size(), 4u);
}

TEST(CrashImage, ClipsMappedBytesToTheSizeThatSurvived) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", "1");
  auto mapping = *file->map(1 << 20, true);
  EXPECT_TRUE(file->allocate(3).ok());
  std::memcpy(mapping->data(), "abc", 3);
  EXPECT_EQ(contents_after_crashes(files, random_writes, "a"),
            (std::set<std::string>{"1", "a", std::string("1\0\0", 3), "abc"}));
}

TEST(CrashImage, KeepsAPrefixOfADirectorysOperations) {
  SimulatedFileSystem files;
  create_durable(files, "old");
  create(files, "b");
  EXPECT_TRUE(files.rename("b", "c").ok());
  EXPECT_TRUE(files.remove("old").ok());
  EXPECT_EQ(names_after_crashes(files, Order::prefix),
            (std::set<std::string>{"old ", "b old ", "c old ", "c "}));
}

TEST(CrashImage, KeepsDirectoryOperationsInAnyOrderButByName) {
  SimulatedFileSystem files;
  create_durable(files, "old");
  create(files, "b");
  EXPECT_TRUE(files.rename("b", "c").ok());
  EXPECT_TRUE(files.remove("old").ok());
  create(files, "d");
  EXPECT_EQ(names_after_crashes(files, Order::any),
            (std::set<std::string>{"old ", "b old ", "c old ", "c ", "b ", "", "d old ", "b d old ",
                                   "c d old ", "c d ", "b d ", "d "}));
}

TEST(CrashImage, RenameBetweenDirectoriesIsAtomicAndSyncedByEither) {
  for (const std::string synced : {"/x", "/y"}) {
    SimulatedFileSystem files;
    EXPECT_TRUE(files.make_directory("x").ok() && files.make_directory("y").ok());
    create(files, "x/a", "");
    EXPECT_TRUE(files.sync_directory("/").ok() && files.sync_directory("x").ok());
    EXPECT_TRUE(files.rename("x/a", "y/b").ok());
    std::set<std::pair<bool, bool>> seen;
    for (uint64_t seed = 0; seed < 100; seed++) {
      auto image = files.crash_image(CrashPlan::draw(seed), seed);
      seen.emplace(content(*image, "x/a") != "(absent)", content(*image, "y/b") != "(absent)");
    }
    EXPECT_EQ(seen, (std::set<std::pair<bool, bool>>{{true, false}, {false, true}}));
    EXPECT_TRUE(files.sync_directory(synced).ok());
    auto image = files.crash_image(CrashPlan::nothing_survives(), 1);
    EXPECT_EQ(content(*image, "x/a"), "(absent)");
    EXPECT_EQ(content(*image, "y/b"), "");
  }
}

TEST(CrashImage, AReplacedFileIsOldOrNewAndMayBeEmptyIfItWasNotSynced) {
  SimulatedFileSystem files;
  create_durable(files, "M", "old");
  create(files, "M.new", "new");
  EXPECT_TRUE(files.rename("M.new", "M").ok());
  const CrashPlan plan{Keep::random, Keep::none, Keep::random, Tear::none, Order::prefix};
  EXPECT_EQ(contents_after_crashes(files, plan, "M"),
            (std::set<std::string>{"old", "new", "", std::string(3, '\0')}));
}

TEST(CrashImage, ReplaceFileIsAtomicAtEveryEventAndDurableAfterwards) {
  std::set<std::string> seen;
  SimulatedFileSystem files;
  EXPECT_TRUE(replace_file(files, "/", "M", as_bytes("old")).ok());
  uint64_t events = 0;
  files.set_hook([&](const SimulatedFileSystem::Event&) {
    events++;
    for (uint64_t seed = 0; seed < 100; seed++)
      seen.insert(content(*files.crash_image(CrashPlan::draw(seed), seed), "M"));
  });
  EXPECT_TRUE(replace_file(files, "/", "M", as_bytes("new")).ok());
  EXPECT_EQ(events, 5u);  // create, write, sync, rename, sync
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new"}));
  for (uint64_t seed = 0; seed < 100; seed++)
    EXPECT_EQ(content(*files.crash_image(CrashPlan::draw(seed), seed), "M"), "new");
}

TEST(CrashImage, TheSameSeedGivesTheSameImage) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", std::string(5000, '.'));
  for (uint64_t i = 0; i < 20; i++)
    EXPECT_TRUE(write_all(*file, "a", i * 250, as_bytes(std::string(250, 'x'))).ok());
  std::set<std::pair<uint64_t, uint64_t>> distinct;
  for (uint64_t seed = 0; seed < 100; seed++) {
    const Hash128 digest = files.crash_image(byte_tears, seed)->digest();
    EXPECT_EQ(digest, files.crash_image(byte_tears, seed)->digest());
    distinct.emplace(digest.low, digest.high);
  }
  EXPECT_GT(distinct.size(), 95u);
}

TEST(WriteBack, MakesVersionsDurableThatWereNeverSynced) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", "0");
  auto mapping = *file->map(4096, true);
  files.set_background_write_back(2);
  std::set<std::string> seen;
  for (char version = '1'; version <= '9'; version++) {
    mapping->data()[0] = static_cast<std::byte>(version);
    EXPECT_TRUE(files.make_directory(std::string(1, version)).ok());  // an event
    seen.insert(content(*files.crash_image(CrashPlan::nothing_survives(), 1), "a"));
  }
  EXPECT_GT(seen.size(), 2u);
}

TEST(KillImage, KeepsEverythingAndSyncsNothing) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", "synced");
  auto mapping = *file->map(4096, true);
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("W")).ok());
  mapping->data()[1] = std::byte{'M'};
  create(files, "b", "new");
  auto lock = *files.lock("LOCK", true);
  auto killed = files.kill_image();
  EXPECT_EQ(killed->digest(), files.digest());
  EXPECT_EQ(content(*killed, "a"), "WMnced");
  EXPECT_EQ(content(*killed, "b"), "new");
  EXPECT_TRUE(killed->lock("LOCK", true).ok());
  auto crashed = killed->crash_image(CrashPlan::nothing_survives(), 1);
  EXPECT_EQ(names(*crashed), "a ");
  EXPECT_EQ(content(*crashed, "a"), "synced");
  auto reopened = *killed->open("a", OpenMode::read_write);
  EXPECT_TRUE(reopened->sync_data().ok());
  EXPECT_EQ(content(*killed->crash_image(CrashPlan::nothing_survives(), 1), "a"), "WMnced");
}

}  // namespace
}  // namespace stave::os
