// What the simulated disk does beyond the contract of file_system_test.cc: crashes, faults, space.
// Every kind of harm is shown to happen; a simulation that is too kind proves nothing.
#include "core/os/simulated_file_system.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <set>
#include <thread>

#include "core/os/file_io.h"

namespace stave::os {
namespace {

using Keep = CrashPlan::Keep;
using Tear = CrashPlan::Tear;
using Order = CrashPlan::DirectoryOrder;

std::unique_ptr<File> create(SimulatedFileSystem& files, const std::string& path,
                             std::string_view content = {}) {
  auto file = *files.open(path, OpenMode::create_new);
  EXPECT_TRUE(write_all(*file, path, 0, as_bytes(content)).ok());
  return file;
}

// A file whose content and name are durable.
std::unique_ptr<File> create_durable(SimulatedFileSystem& files, const std::string& path,
                                     std::string_view content = {}) {
  auto file = create(files, path, content);
  EXPECT_TRUE(file->sync_data().ok());
  EXPECT_TRUE(files.sync_directory("/").ok());
  return file;
}

// Its content, or "(absent)".
std::string content(SimulatedFileSystem& files, const std::string& path) {
  Result<std::string> text = read_small_file(files, path, 1 << 24);
  return text.ok() ? *text : "(absent)";
}

std::string names(SimulatedFileSystem& files) {
  const std::vector<std::string> list = *files.list("/");
  std::string all;
  for (const std::string& name : list) all += name + " ";
  return all;
}

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

// Every call of the interface once, in the order of CallKind.
std::vector<Status> call_all(SimulatedFileSystem& files) {
  std::vector<Status> results;
  auto file = files.open("a", OpenMode::read_write);
  results.push_back(file.status());
  results.push_back(files.open("new", OpenMode::create_new).status());
  if (!file.ok()) return results;
  std::byte buffer[8] = {};
  results.push_back((*file)->read(0, buffer).status());
  results.push_back((*file)->write(0, buffer).status());
  results.push_back((*file)->sync_data());
  results.push_back((*file)->size().status());
  results.push_back((*file)->truncate(8));
  results.push_back((*file)->allocate(100));
  results.push_back((*file)->map(8, true).status());
  results.push_back((*file)->drop_cache());
  results.push_back(files.rename("a", "b"));
  results.push_back(files.remove("b"));
  results.push_back(files.make_directory("d"));
  results.push_back(files.sync_directory("/"));
  results.push_back(files.list("/").status());
  results.push_back(files.lock("LOCK", true).status());
  results.push_back(files.random(buffer));
  return results;
}

TEST(Faults, EveryCallCanFailWithEio) {
  for (size_t kind = 0; kind < call_kinds; kind++) {
    SimulatedFileSystem files;
    create_durable(files, "a", "12345678");
    files.add_fault({Fault::Kind::io_error, 1, static_cast<CallKind>(kind), false});
    const std::vector<Status> results = call_all(files);
    ASSERT_GT(results.size(), kind);
    EXPECT_TRUE(results[kind].is(Code::io)) << call_name(static_cast<CallKind>(kind));
    EXPECT_EQ(results[kind].os_errno(), EIO);
    EXPECT_EQ(files.fired(Fault::Kind::io_error), 1u);
  }
}

TEST(Faults, ThoseThatACallCannotHaveDoNotFire) {
  uint64_t fired[Fault::kinds] = {};
  for (size_t fault = 0; fault < Fault::kinds; fault++) {
    for (size_t kind = 0; kind < call_kinds; kind++) {
      SimulatedFileSystem files;
      create_durable(files, "a", "12345678");
      files.add_fault({static_cast<Fault::Kind>(fault), 1, static_cast<CallKind>(kind), false});
      (void)call_all(files);
      fired[fault] += files.fired(static_cast<Fault::Kind>(fault));
    }
  }
  EXPECT_EQ(fired[0], call_kinds);
  EXPECT_EQ(fired[1], 9u);  // no space: all that create, grow or write back
  EXPECT_EQ(fired[2], 2u);  // short: read, write
  EXPECT_EQ(fired[3], 4u);  // interrupted: read, write and the two syncs
}

TEST(Faults, CountCallsOfAllKindsOrOfOne) {
  SimulatedFileSystem files;
  auto file = create(files, "a");
  const uint64_t before = files.calls();
  files.add_fault({Fault::Kind::io_error, 3, std::nullopt, false});
  files.add_fault({Fault::Kind::no_space, 2, CallKind::write, false});
  EXPECT_TRUE(file->size().ok());
  EXPECT_TRUE(file->write(0, as_bytes("a")).ok());
  EXPECT_TRUE(file->sync_data().is(Code::io));
  EXPECT_TRUE(file->write(0, as_bytes("a")).status().is(Code::no_space));
  EXPECT_TRUE(file->write(0, as_bytes("a")).ok());
  EXPECT_EQ(files.calls() - before, 5u);
  EXPECT_EQ(files.calls(CallKind::write), 3u);
}

TEST(Faults, ForeverLastsUntilCleared) {
  SimulatedFileSystem files;
  auto file = create(files, "a");
  files.add_fault({Fault::Kind::io_error, 2, CallKind::size, true});
  EXPECT_TRUE(file->size().ok());
  for (int i = 0; i < 5; i++) EXPECT_FALSE(file->size().ok());
  EXPECT_EQ(files.fired(Fault::Kind::io_error), 5u);
  files.clear_faults();
  EXPECT_TRUE(file->size().ok());
}

TEST(Faults, ShortCountsAndInterruptionsAreFinishedByTheLoops) {
  SimulatedFileSystem files;
  auto file = create(files, "a");
  files.add_fault({Fault::Kind::short_count, 1, std::nullopt, true});
  std::string text(1000, 'x');
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes(text)).ok());
  EXPECT_EQ(content(files, "a"), text);
  files.clear_faults();
  files.add_fault({Fault::Kind::interrupted, 1, std::nullopt, true});
  text.assign(1000, 'y');
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes(text)).ok());
  EXPECT_EQ(content(files, "a"), text);
  EXPECT_TRUE(sync_file(*file, "a").ok());
  EXPECT_TRUE(sync_directory(files, "/").ok());
  EXPECT_GT(files.fired(Fault::Kind::short_count), 4u);
  EXPECT_GE(files.fired(Fault::Kind::interrupted), 4u);
  EXPECT_EQ(content(*files.crash_image(CrashPlan::nothing_survives(), 1), "a"), text);
}

TEST(FailedSync, LosesItsBytesAlthoughTheNextSyncSucceeds) {
  for (const bool by_mapping : {false, true}) {
    SimulatedFileSystem files;
    auto file = create_durable(files, "a", std::string(8192, '.'));
    auto mapping = *file->map(8192, true);
    if (by_mapping)
      mapping->data()[0] = std::byte{'x'};
    else
      EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("x")).ok());
    files.add_fault({Fault::Kind::io_error, 1, CallKind::sync_data, false});
    EXPECT_TRUE(file->sync_data().is(Code::io));
    mapping->data()[4096] = std::byte{'y'};  // another page, dirty after the failure
    EXPECT_TRUE(file->sync_data().ok());
    EXPECT_EQ(content(files, "a")[0], 'x') << "the cache still shows it";
    EXPECT_TRUE(file->drop_cache().ok());
    EXPECT_EQ(content(files, "a")[0], 'x') << "mapped pages stay cached";
    for (uint64_t seed = 0; seed < 50; seed++) {
      auto image = files.crash_image(CrashPlan::draw(seed), seed);
      EXPECT_EQ(content(*image, "a")[0], '.');
      EXPECT_EQ(content(*image, "a")[4096], 'y');
    }
    mapping.reset();
    EXPECT_TRUE(file->drop_cache().ok());
    EXPECT_EQ(content(files, "a")[0], '.');
    EXPECT_EQ(content(files, "a")[4096], 'y');
  }
}

TEST(FailedSync, ALaterChangeOfThePageCarriesTheLostBytesAlong) {
  SimulatedFileSystem files;
  auto file = create_durable(files, "a", "....");
  EXPECT_TRUE(write_all(*file, "a", 0, as_bytes("x")).ok());
  files.add_fault({Fault::Kind::io_error, 1, CallKind::sync_data, false});
  EXPECT_TRUE(file->sync_data().is(Code::io));
  EXPECT_TRUE(write_all(*file, "a", 2, as_bytes("y")).ok());
  EXPECT_TRUE(file->sync_data().ok());
  EXPECT_EQ(content(*files.crash_image(CrashPlan::nothing_survives(), 1), "a"), "x.y.");
}

TEST(FailedSync, OfADirectoryLosesItsOperations) {
  SimulatedFileSystem files;
  create_durable(files, "a");
  create(files, "b");
  files.add_fault({Fault::Kind::io_error, 1, CallKind::sync_directory, false});
  EXPECT_TRUE(files.sync_directory("/").is(Code::io));
  EXPECT_TRUE(files.sync_directory("/").ok());
  EXPECT_EQ(names(files), "a b ");
  EXPECT_EQ(names(*files.crash_image(CrashPlan::everything_survives(), 1)), "a ");
}

TEST(FullDisk, RefusesAllocationsAndWritesThatNeedMore) {
  SimulatedFileSystem files;
  files.set_capacity(3 * 4096);
  auto file = create(files, "a", "x");
  EXPECT_EQ(files.used_bytes(), 4096u);
  EXPECT_TRUE(file->allocate(4 * 4096).is(Code::no_space));
  EXPECT_EQ(*file->size(), 1u);
  EXPECT_EQ(files.used_bytes(), 4096u);
  EXPECT_TRUE(file->allocate(2 * 4096).ok());
  const std::string text(3 * 4096, 'y');
  EXPECT_EQ(*file->write(4096, as_bytes(text)), 2u * 4096) << "what fits is written";
  EXPECT_TRUE(file->write(3 * 4096, as_bytes("z")).status().is(Code::no_space));
  EXPECT_TRUE(file->write(0, as_bytes("z")).ok()) << "old blocks can be rewritten";
  EXPECT_TRUE(file->truncate(1).ok());
  EXPECT_EQ(files.used_bytes(), 4096u);
  EXPECT_TRUE(files.remove("a").ok());
  EXPECT_EQ(files.used_bytes(), 4096u) << "still open";
  file.reset();
}

TEST(FullDisk, StaysFullInImagesAndFreesRemovedFiles) {
  SimulatedFileSystem files;
  files.set_capacity(2 * 4096);
  create_durable(files, "a", std::string(2 * 4096, 'x'));
  auto image = files.crash_image(CrashPlan::draw(1), 1);
  EXPECT_EQ(image->used_bytes(), 2u * 4096);
  auto other = *image->open("b", OpenMode::create_new);
  EXPECT_TRUE(other->write(0, as_bytes("x")).status().is(Code::no_space));
  EXPECT_TRUE(image->remove("a").ok());
  EXPECT_TRUE(image->sync_directory("/").ok());
  EXPECT_EQ(image->used_bytes(), 0u);
  EXPECT_TRUE(other->write(0, as_bytes("x")).ok());
}

TEST(Violations, StoresIntoHolesAndBeyondTheEndAreReported) {
  SimulatedFileSystem files;
  auto file = create(files, "a");
  EXPECT_TRUE(file->truncate(8192).ok());
  EXPECT_TRUE(file->allocate(5000).ok());
  auto mapping = *file->map(8192, true);
  mapping->data()[8000] = std::byte{'x'};
  EXPECT_TRUE(files.violations().empty()) << "all pages have blocks";

  auto sparse = create(files, "b");
  EXPECT_TRUE(sparse->truncate(8000).ok());
  auto stored = *sparse->map(8192, true);
  stored->data()[5000] = std::byte{'x'};
  stored->data()[8100] = std::byte{'x'};
  EXPECT_EQ(
      files.violations(),
      (std::vector<std::string>{"/b: store through a mapping into the hole at offset 4096",
                                "/b: store through a mapping beyond the end of the file at 8000"}));
  EXPECT_TRUE(sparse->truncate(8192).ok());
  EXPECT_EQ(content(files, "b")[8100], '\0') << "it must not appear when the file grows";
}

TEST(ViolationsDeathTest, AStoreBeyondTheLastPageKills) {
  SimulatedFileSystem files;
  auto file = create(files, "a", "x");
  auto mapping = *file->map(8192, true);
  mapping->data()[4095] = std::byte{0};
  EXPECT_DEATH(mapping->data()[4096] = std::byte{1}, "");
}

TEST(Threads, MayCallAndStoreWhileImagesAreTaken) {
  SimulatedFileSystem files;
  files.set_background_write_back(4);
  std::atomic<bool> done = false;
  std::vector<std::thread> writers;
  for (const std::string path : {"a", "b", "c"}) {
    writers.emplace_back([&files, &done, path] {
      auto file = create(files, path);
      EXPECT_TRUE(file->allocate(8192).ok());
      auto mapping = *file->map(8192, true);
      for (size_t i = 0; !done; i++) {
        std::memset(mapping->data() + i % 400 * 20, static_cast<int>(i), 20);
        EXPECT_TRUE(file->sync_data().ok());
        EXPECT_TRUE(files.rename(path, path).ok());
      }
    });
  }
  std::set<uint64_t> distinct;
  while (files.calls(CallKind::sync_data) < 3) std::this_thread::yield();
  for (uint64_t seed = 0; seed < 100; seed++)
    distinct.insert(files.crash_image(CrashPlan::draw(seed), seed)->digest().low);
  done = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_GT(distinct.size(), 1u);
  EXPECT_EQ(files.violations(), std::vector<std::string>());
}

TEST(Clocks, StandStillUnlessTold) {
  SimulatedFileSystem files;
  const uint64_t wall = files.wall_clock_ms();
  const uint64_t monotonic = files.monotonic_clock_ns();
  EXPECT_EQ(files.wall_clock_ms(), wall);
  files.advance_clocks_ms(5);
  EXPECT_EQ(files.wall_clock_ms(), wall + 5);
  EXPECT_GE(files.monotonic_clock_ns(), monotonic + 5'000'000);
  files.set_wall_clock_ms(1);
  EXPECT_EQ(files.wall_clock_ms(), 1u);
}

}  // namespace
}  // namespace stave::os
