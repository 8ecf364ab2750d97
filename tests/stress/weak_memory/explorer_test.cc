// The explorer itself: it shows what the memory model allows (litmus tests by their usual names)
// and nothing that it forbids.
#include "tests/stress/weak_memory/explorer.h"

#include <gtest/gtest.h>

#include <memory>

namespace stave::weak_memory {
namespace {

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto acq_rel = std::memory_order_acq_rel;
constexpr auto seq_cst = std::memory_order_seq_cst;

// The first failure among many schedules, "" when there is none.
std::string explored(const std::function<void(Program&)>& set_up) {
  return explore({.seed = 7, .schedules = 5'000}, set_up).failure;
}

struct TwoWords {
  Atomic<int> x{0};
  Atomic<int> y{0};
  int first = -1;
  int second = -1;
};

std::function<void(Program&)> message_passing(std::memory_order store, std::memory_order load) {
  return [=](Program& program) {
    struct State {
      NonAtomic<int> data{0};
      Atomic<int> flag{0};
    };
    auto state = std::make_shared<State>();
    program.thread([=] {
      state->data.write(1);
      state->flag.store(1, store);
    });
    program.thread([=] {
      if (state->flag.load(load) == 1) check(state->data.read() == 1, "old data");
    });
  };
}

TEST(Explorer, MessagePassing) {
  EXPECT_EQ(explored(message_passing(release, acquire)), "");
  EXPECT_NE(explored(message_passing(relaxed, acquire)), "");
  EXPECT_NE(explored(message_passing(release, relaxed)), "");
}

TEST(Explorer, MessagePassingByFences) {
  const auto program_with = [](std::memory_order writer, std::memory_order reader) {
    return [=](Program& program) {
      struct State {
        NonAtomic<int> data{0};
        Atomic<int> flag{0};
      };
      auto state = std::make_shared<State>();
      program.thread([=] {
        state->data.write(1);
        fence(writer);
        state->flag.store(1, relaxed);
      });
      program.thread([=] {
        const int flag = state->flag.load(relaxed);
        fence(reader);
        if (flag == 1) check(state->data.read() == 1, "old data");
      });
    };
  };
  EXPECT_EQ(explored(program_with(release, acquire)), "");
  EXPECT_NE(explored(program_with(relaxed, acquire)), "");
  EXPECT_NE(explored(program_with(release, relaxed)), "");
}

TEST(Explorer, StoreBufferingNeedsFullFences) {
  const auto program_with = [](std::memory_order one, std::memory_order other) {
    return [=](Program& program) {
      auto state = std::make_shared<TwoWords>();
      program.thread([=] {
        state->x.store(1, release);
        fence(one);
        state->first = state->y.load(acquire);
      });
      program.thread([=] {
        state->y.store(1, release);
        fence(other);
        state->second = state->x.load(acquire);
      });
      program.at_end([=] { check(state->first + state->second > 0, "both read 0"); });
    };
  };
  EXPECT_EQ(explored(program_with(seq_cst, seq_cst)), "");
  EXPECT_NE(explored(program_with(seq_cst, acq_rel)), "");
  EXPECT_NE(explored(program_with(acq_rel, seq_cst)), "");
}

TEST(Explorer, ReadsOfOneLocationAreCoherent) {
  EXPECT_EQ(explored([](Program& program) {
              auto state = std::make_shared<TwoWords>();
              program.thread([=] {
                for (int i = 1; i < 5; i++) state->x.store(i, relaxed);
              });
              program.thread([=] {
                const int before = state->x.load(relaxed);
                check(state->x.load(relaxed) >= before, "went back");
              });
            }),
            "");
}

TEST(Explorer, TwoReadersMaySeeTwoStoresInDifferentOrders) {
  EXPECT_NE(explored([](Program& program) {
              auto state = std::make_shared<TwoWords>();
              program.thread([=] { state->x.store(1, release); });
              program.thread([=] { state->y.store(1, release); });
              program.thread([=] {
                state->first = state->x.load(acquire) == 1 && state->y.load(acquire) == 0 ? 1 : 0;
              });
              program.thread([=] {
                state->second = state->y.load(acquire) == 1 && state->x.load(acquire) == 0 ? 1 : 0;
              });
              program.at_end([=] { check(state->first + state->second < 2, "no one order"); });
            }),
            "");
}

TEST(Explorer, ReadModifyWritesCarryAReleaseOnAndPlainStoresDoNot) {
  const auto program_with = [](bool modify) {
    return [=](Program& program) {
      struct State {
        NonAtomic<int> data{0};
        Atomic<int> flag{0};
      };
      auto state = std::make_shared<State>();
      program.thread([=] {
        state->data.write(1);
        state->flag.store(1, release);
        if (modify) {
          state->flag.fetch_add(1, relaxed);
        } else {
          state->flag.store(2, relaxed);
        }
      });
      program.thread([=] {
        if (state->flag.load(acquire) == 2) state->data.read();
      });
    };
  };
  EXPECT_EQ(explored(program_with(true)), "");
  EXPECT_NE(explored(program_with(false)), "");
}

TEST(Explorer, ReadModifyWritesAreAtomic) {
  EXPECT_EQ(explored([](Program& program) {
              auto state = std::make_shared<TwoWords>();
              const auto increment = [=] {
                state->x.fetch_add(1, relaxed);
                int seen = state->x.load(relaxed);
                while (!state->x.compare_exchange_weak(seen, seen + 1, relaxed, relaxed)) {
                }
              };
              program.thread(increment);
              program.thread(increment);
              program.at_end([=] { check(state->x.load(relaxed) == 4, "lost an increment"); });
            }),
            "");
}

TEST(Explorer, ReportsRacesUnfinishedConstructionAndStandstill) {
  EXPECT_EQ(explored([](Program& program) {
              auto data = std::make_shared<NonAtomic<int>>(0);
              program.thread([=] { data->write(1); });
              program.thread([=] { data->write(2); });
            }),
            "data race: two writes");
  EXPECT_EQ(explored([](Program& program) {
              struct State {
                std::unique_ptr<Atomic<int>> late;
                Atomic<int> published{0};
              };
              auto state = std::make_shared<State>();
              program.thread([=] {
                state->late = std::make_unique<Atomic<int>>(1);
                state->published.store(1, relaxed);
              });
              program.thread([=] {
                if (state->published.load(acquire) == 1) state->late->load(relaxed);
              });
            }),
            "an atomic is used before its construction is visible");
  EXPECT_EQ(explored([](Program& program) {
              auto flag = std::make_shared<Atomic<int>>(0);
              program.thread([=] {
                while (flag->load(relaxed) == 0) {
                }
              });
            }),
            "no progress");
}

TEST(Explorer, IsAFunctionOfTheSeed) {
  const auto racy = message_passing(relaxed, acquire);
  const Outcome first = explore({.seed = 3, .schedules = 5'000}, racy);
  const Outcome second = explore({.seed = 3, .schedules = 5'000}, racy);
  EXPECT_EQ(first.schedules, second.schedules);
  EXPECT_EQ(first.steps, second.steps);
  const Outcome alone =
      explore({.seed = 3 + (first.schedules - 1) * kSeedStep, .schedules = 1}, racy);
  EXPECT_EQ(alone.failure, first.failure);
}

}  // namespace
}  // namespace stave::weak_memory
