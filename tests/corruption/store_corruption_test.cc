// Layer 7: every byte of every file damaged, every length cut, blocks exchanged, files lost and
// confused. No crash, no hang, no wrong value; what was recorded durable is not lost in silence.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "core/store/keydir/disk_key_directory.h"
#include "tests/corruption/examiner.h"
#include "tests/support/ladder.h"

namespace stave::test {
namespace {

using Disk = Specimen::Disk;

constexpr uint64_t block_size = 512;

class StoreCorruption : public testing::Test {
 protected:
  StoreCorruption()
      : random_(ladder_seed(20260701)),
        examiner_(random_.next()),
        specimens_(make_specimens(random_.next())),
        scale_percent_(scaled(100)) {}

  ~StoreCorruption() override {
    const Examiner::Figures& figures = examiner_.figures();
    report_figures("corruption", {{"cases", figures.cases},
                                  {"refused at open", figures.refused},
                                  {"reported later", figures.reported},
                                  {"cut as a torn end", figures.cut},
                                  {"harmless", figures.harmless}});
    EXPECT_GT(figures.refused + figures.reported, 0U) << "no damage was noticed";
  }

  // A share of the cases, so that the figures hold for the scale asked for.
  bool chosen() { return random_.below(100) < scale_percent_; }

  using Damage = std::function<void(Disk&)>;
  // False when the answers were wrong: then the test is over.
  bool try_damage(const Specimen& specimen, const std::string& what, const Damage& damage) {
    const std::unique_ptr<Disk> disk = specimen.copy();
    damage(*disk);
    const std::string problem = examiner_.examine(specimen, *disk);
    EXPECT_EQ(problem, "") << specimen.name << ": " << what;
    return problem.empty() && !HasFailure();
  }

  template <typename Body>
  void for_each_file(const Body& body) {
    for (const Specimen& specimen : specimens_)
      for (const std::string& path : specimen.files())
        if (!HasFailure()) body(specimen, path, read_file(*specimen.disk, path));
  }

  // Another byte than `byte`.
  char mutated(char byte, int mutation) {
    const char changed = mutation == 0   ? static_cast<char>(byte ^ (1 << random_.below(8)))
                         : mutation == 1 ? '\0'
                                         : '\xff';
    return changed != byte ? changed
                           : static_cast<char>(byte ^ static_cast<char>(1 + random_.below(255)));
  }

  Random random_;
  Examiner examiner_;
  std::vector<Specimen> specimens_;
  uint64_t scale_percent_;
};

TEST_F(StoreCorruption, UndamagedSpecimensAreRight) {
  for (const Specimen& specimen : specimens_) try_damage(specimen, "nothing", [](Disk&) {});
  EXPECT_EQ(examiner_.figures().harmless, specimens_.size());
  try_damage(specimens_.front(), "no manifest",
             [](Disk& disk) { EXPECT_TRUE(disk.remove("/store/MANIFEST").ok()); });
}

TEST_F(StoreCorruption, EveryDamagedByteIsErrorOrRightAnswer) {
  for_each_file([&](const Specimen& specimen, const std::string& path, const std::string& content) {
    for (size_t at = 0; at < content.size(); at++) {
      for (int mutation = 0; mutation < 3; mutation++) {
        if (!chosen()) continue;
        const char byte = mutated(content[at], mutation);
        const bool right = try_damage(
            specimen, path + " at " + std::to_string(at) + " mutation " + std::to_string(mutation),
            [&](Disk& disk) {
              overwrite(disk, path, at, {&byte, 1});
            });
        if (!right) return;
      }
    }
  });
}

TEST_F(StoreCorruption, EveryTruncationIsErrorOrRightAnswer) {
  for_each_file([&](const Specimen& specimen, const std::string& path, const std::string& content) {
    for (size_t size = 0; size < content.size(); size++)
      if (chosen() && !try_damage(specimen, path + " cut to " + std::to_string(size),
                                  [&](Disk& disk) { set_size(disk, path, size); }))
        return;
  });
}

TEST_F(StoreCorruption, WhileTheStoreIsOpen) {
  for_each_file([&](const Specimen& specimen, const std::string& path, const std::string& content) {
    // Pages of a key directory that were found whole are memory from then on.
    if (path.ends_with(store::keys_name)) return;
    // The open has removed what was unfinished.
    if (path.ends_with(".new")) return;
    for (size_t at = 0; at < content.size(); at++) {
      if (!random_.one_in(10) || !chosen()) continue;
      const char byte = mutated(content[at], 0);
      const std::string problem = examiner_.examine_damaged_while_open(specimen, [&](Disk& disk) {
        overwrite(disk, path, at, {&byte, 1});
      });
      ASSERT_EQ(problem, "") << specimen.name << ": " << path << " at " << at;
    }
  });
}

TEST_F(StoreCorruption, DamagedBlocksAreErrorOrRightAnswer) {
  for_each_file([&](const Specimen& specimen, const std::string& path, const std::string& content) {
    const uint64_t blocks = content.size() / block_size;
    if (blocks == 0) return;
    const std::vector<std::string> files = specimen.files();
    for (uint64_t to = 0; to < blocks; to++) {
      for (int attempt = 0; attempt < 40; attempt++) {
        if (!chosen()) continue;
        const std::string& other_path = files[random_.below(files.size())];
        const std::string other = read_file(*specimen.disk, other_path);
        if (other.size() < block_size) continue;
        const uint64_t from = random_.below(other.size() / block_size);
        const bool swap = random_.one_in(2);
        const bool right = try_damage(
            specimen,
            other_path + " block " + std::to_string(from) +
                (swap ? " exchanged with " : " copied to ") + path + " block " + std::to_string(to),
            [&](Disk& disk) {
              overwrite(disk, path, to * block_size, other.substr(from * block_size, block_size));
              if (swap)
                overwrite(disk, other_path, from * block_size,
                          content.substr(to * block_size, block_size));
            });
        if (!right) return;
      }
    }
  });
}

TEST_F(StoreCorruption, MissingOrForeignFilesAreErrorOrRightAnswer) {
  for_each_file([&](const Specimen& specimen, const std::string& path, const std::string& content) {
    bool right = try_damage(specimen, path + " removed",
                            [&](Disk& disk) { EXPECT_TRUE(disk.remove(path).ok()); });
    right &= try_damage(specimen, path + " emptied", [&](Disk& disk) { set_size(disk, path, 0); });
    right &= try_damage(specimen, path + " zeroed", [&](Disk& disk) {
      overwrite(disk, path, 0, std::string(content.size(), '\0'));
    });
    right &= try_damage(specimen, path + " replaced by a foreign file",
                        [&](Disk& disk) { replace_file(disk, path, "#!/bin/sh\nexit 0\n"); });
    right &= try_damage(specimen, path + " followed by rubbish", [&](Disk& disk) {
      overwrite(disk, path, content.size(), test_value(7, 5000));
    });
    for (const Specimen& other : specimens_) {
      const std::string theirs = read_file(*other.disk, path);
      if (&other == &specimen || theirs.empty()) continue;
      right &= try_damage(specimen, path + " taken from '" + other.name + "'",
                          [&](Disk& disk) { replace_file(disk, path, theirs); });
    }
    for (const std::string& second : specimen.files()) {
      if (second == path) continue;
      right &= try_damage(specimen, path + " exchanged with " + second, [&](Disk& disk) {
        replace_file(disk, path, read_file(*specimen.disk, second));
        replace_file(disk, second, content);
      });
    }
    if (!right) return;
  });
}

}  // namespace
}  // namespace stave::test
