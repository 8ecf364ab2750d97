#include "tests/stress/weak_memory/kernel_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <set>

namespace stave::weak_memory {

namespace {

constexpr uint64_t kSchedules = 100'000;
constexpr uint64_t kDefaultSeed = 20'240'229;

uint64_t number_from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// The next weaker orders of what may stand at such a site.
std::vector<std::memory_order> weaker(const Site& site) {
  switch (site.order) {
    case std::memory_order_acquire:
    case std::memory_order_release:
      return {std::memory_order_relaxed};
    case std::memory_order_acq_rel:
      return {std::memory_order_acquire, std::memory_order_release};
    case std::memory_order_seq_cst:
      return {std::memory_order_acq_rel};
    default:
      return {};
  }
}

bool in_production(const Site& site) {
  return std::string(site.file).find("core/") != std::string::npos;
}

// The failing schedule is the last one: its own seed makes it the first of a new exploration.
void print_failing_schedule(const Scenario& scenario, const Exploration& failed,
                            uint64_t schedules) {
  Exploration again = failed;
  again.seed = failed.seed + (schedules - 1) * kSeedStep;
  again.schedules = 1;
  again.trace = true;
  explore(again, scenario.set_up);
}

// As the code is: every schedule must go well. Adds the sites that the scenario reaches.
void check_scenario(const Scenario& scenario, const Exploration& exploration,
                    std::set<Site>& sites) {
  const Outcome outcome = explore(exploration, scenario.set_up);
  std::printf("%s: seed %" PRIu64 ", %" PRIu64 " schedules, %" PRIu64 " steps, %" PRIu64
              " stale reads\n",
              scenario.name.c_str(), exploration.seed, outcome.schedules, outcome.steps,
              outcome.stale_reads);
  for (const auto& [event, count] : outcome.notes) {
    std::printf("  %s: %" PRIu64 "\n", event.c_str(), count);
  }
  if (!outcome.failure.empty()) {
    print_failing_schedule(scenario, exploration, outcome.schedules);
  }
  ASSERT_EQ(outcome.failure, "");
  EXPECT_GT(outcome.stale_reads, 0U);
  for (const std::string& event : scenario.expected_notes) {
    EXPECT_GT(outcome.notes.count(event), 0U) << "never happened: " << event;
  }
  for (const auto& [site, count] : outcome.sites) {
    if (in_production(site)) sites.insert(site);
  }
}

// How a scenario fails with the weaker order; empty when none of so many schedules of each does.
// The scenarios take turns, because most are caught by one of them only.
std::string catch_weakening(const Kernel& kernel, uint64_t seed, uint64_t schedules,
                            const Weakening& weakening) {
  constexpr uint64_t kTurn = 500;
  for (uint64_t done = 0; done < schedules; done += kTurn) {
    for (const Scenario& scenario : kernel.scenarios) {
      const Outcome outcome =
          explore({.seed = seed + done * kSeedStep, .schedules = kTurn, .weakening = &weakening},
                  scenario.set_up);
      if (!outcome.failure.empty()) {
        return "caught by schedule " + std::to_string(done + outcome.schedules) + " of " +
               scenario.name + ": " + outcome.failure;
      }
    }
  }
  return "";
}

}  // namespace

void check_kernel(const Kernel& kernel) {
  Exploration exploration;
  exploration.seed = number_from_environment("STAVE_SEED", kDefaultSeed);
  exploration.schedules = kSchedules * number_from_environment("STAVE_TEST_SCALE", 10) / 100;
  std::set<Site> sites;
  for (const Scenario& scenario : kernel.scenarios) {
    check_scenario(scenario, exploration, sites);
  }
  if (testing::Test::HasFailure()) return;

  uint64_t weakened = 0;
  for (const Site& site : sites) {
    const std::string name = describe(site);
    const bool documented =
        std::find(kernel.redundant.begin(), kernel.redundant.end(), name) != kernel.redundant.end();
    // Nearly all are caught after a few; those that none catches are looked for at length when
    // there is time.
    const uint64_t schedules = documented ? exploration.schedules : kSchedules;
    for (const std::memory_order order : weaker(site)) {
      weakened++;
      const std::string caught =
          catch_weakening(kernel, exploration.seed, schedules, {site, order});
      std::printf("  line %3d %-36s -> %-8s %s\n", site.line, name.c_str(), order_name(order),
                  caught.empty() ? "not caught" : caught.c_str());
      EXPECT_NE(caught.empty(), !documented)
          << site.file << ":" << site.line << ": " << name << " weakened to " << order_name(order)
          << (documented ? " fails, but is listed as redundant" : " makes no schedule fail");
    }
  }
  EXPECT_GT(weakened, 0U) << "no memory order of production code was exercised";
}

}  // namespace stave::weak_memory
