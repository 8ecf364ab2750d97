// Opens what a crash left behind and holds it against what was promised.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/os/testing/simulated_file_system.h"
#include "tests/support/random.h"
#include "tests/support/store_access.h"

namespace stave::test {

// Where all crash tests keep their store.
inline constexpr const char* crash_store = "/store";

class ImageChecker {
 public:
  using Disk = os::SimulatedFileSystem;
  // "" when the contents are allowed, else what is wrong.
  using Judge = std::function<std::string(const Contents&)>;

  explicit ImageChecker(uint64_t seed) : random_(seed) {}

  // An image of a power loss, or (`killed`) of a killed process; "" or what is wrong. An image seen
  // before is only judged. A new one is opened; verified; crashed again while it recovers, and
  // then again (`judge_power_loss` says what a power loss may leave of a killed process's image);
  // opened again, which must show the same; written to, and opened once more.
  std::string check(std::unique_ptr<Disk> image, bool killed, const Judge& judge,
                    const Judge& judge_power_loss);

  struct Figures {
    uint64_t images = 0;
    uint64_t distinct = 0;
    uint64_t recoveries = 0;      // images whose store had not been closed cleanly
    uint64_t cuts = 0;            // of these, those with a torn end
    uint64_t double_crashes = 0;  // images of crashes inside recovery
    uint64_t read_only = 0;       // images opened read-only first
  };
  const Figures& figures() const noexcept { return figures_; }

  // The images to come belong to another store.
  void begin_store() { seen_.clear(); }

 private:
  // Seen through one opening of an image.
  struct Opened {
    Contents contents;
    std::vector<std::unique_ptr<Disk>> crashes;  // taken while it recovered
  };

  std::string check_new(Disk& image, bool killed, const Judge& judge, const Judge& judge_power_loss,
                        Contents* contents);
  void count_if_distinct(uint64_t digest);
  std::string open_crashing(Disk& image, Opened* opened);
  std::string open_read_only(Disk& image, const Judge& judge);
  std::string check_again(Disk& image, const Contents& contents);
  std::string write_and_reopen(Disk& image, Contents contents);
  store::Options random_options();

  Random random_;
  std::unordered_map<uint64_t, Contents> seen_;  // of this store, by half of the digest
  std::unordered_set<uint64_t> digests_;         // of all
  Figures figures_;
};

}  // namespace stave::test
