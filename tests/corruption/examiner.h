// Uses a damaged store in every way and judges its answers: each must be right, or an error that
// says that the store is damaged.
#pragma once

#include <cstdint>
#include <string>

#include "tests/corruption/specimen.h"

namespace stave::test {

class Examiner {
 public:
  explicit Examiner(uint64_t seed) : random_(seed) {}

  // Opens the damaged copy. "" or what is wrong.
  std::string examine(const Specimen& specimen, os::FileSystem& damaged);
  // Opens a copy, then has it damaged under the open store.
  template <typename Damage>
  std::string examine_damaged_while_open(const Specimen& specimen, const Damage& damage) {
    const std::unique_ptr<Specimen::Disk> disk = specimen.copy();
    std::unique_ptr<store::Store> store;
    if (const Status opened = open(*disk, store); !opened.ok()) return "open: " + describe(opened);
    damage(*disk);
    figures_.cases++;
    return use(*store, specimen.states.back());
  }

  struct Figures {
    uint64_t cases = 0;
    uint64_t refused = 0;   // the store did not open
    uint64_t reported = 0;  // it did, and a read or verify told of the damage
    uint64_t cut = 0;       // taken for a torn tail, which it may have been
    uint64_t harmless = 0;
  };
  const Figures& figures() const noexcept { return figures_; }

 private:
  Status open(os::FileSystem& disk, std::unique_ptr<store::Store>& store);
  std::string use(store::Store& store, const Contents& expected);

  Random random_;
  Figures figures_;
};

}  // namespace stave::test
