// Many threads that come and go, on real hardware: for ThreadSanitizer and AddressSanitizer, which
// find what the checks here cannot see. What other hardware may do is weak_memory/'s part.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "core/sync/epoch.h"
#include "core/sync/gate.h"
#include "core/sync/sequence_lock_test_support.h"

namespace stave::sync {
namespace {

constexpr uint64_t kOperations = 10'000'000;  // of each test at STAVE_TEST_SCALE=100
constexpr uint64_t kDefaultSeed = 20'240'229;
constexpr uint64_t kGenerations = 50;  // of threads
constexpr uint64_t kThreads = 4;

uint64_t number_from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

uint64_t operations_per_thread() {
  const uint64_t scale = number_from_environment("STAVE_TEST_SCALE", 10);
  return kOperations * scale / 100 / kGenerations / kThreads;
}

// Runs generation after generation of threads; each thread gets a random generator of its own.
void run_generations(const std::function<void(uint64_t thread, std::mt19937_64&)>& body) {
  const uint64_t seed = number_from_environment("STAVE_SEED", kDefaultSeed);
  std::printf("seed %" PRIu64 ", %" PRIu64 " operations a thread\n", seed, operations_per_thread());
  for (uint64_t generation = 0; generation < kGenerations; generation++) {
    std::vector<std::thread> threads;
    for (uint64_t thread = 0; thread < kThreads; thread++) {
      threads.emplace_back([&body, thread, own_seed = seed + generation * kThreads + thread] {
        std::mt19937_64 random(own_seed);
        body(thread, random);
      });
    }
    for (auto& thread : threads) thread.join();
  }
}

// Lets other threads run at the interesting moment, also on a machine with one processor.
void meet_others(std::mt19937_64& random) {
  if (random() % 256 == 0) std::this_thread::yield();
}

TEST(SyncStress, SequenceLock) {
  struct Triple {
    uint64_t a = 0;
    uint64_t b = 0;
    uint64_t c = 0;
  };
  Sequenced<Triple> shared;
  std::atomic<uint64_t> updates{0};
  std::atomic<uint64_t> repeated{0};
  run_generations([&](uint64_t thread, std::mt19937_64& random) {
    uint64_t last = 0;
    for (uint64_t i = 0; i < operations_per_thread(); i++) {
      if (random() % 4 == 0) {
        shared.update([thread, &random](Triple old) {
          meet_others(random);
          // The last writer's choice must not show in what another one stores.
          return Triple{old.a + 1, old.b + 1 + thread, old.c + 2 + thread};
        });
        updates.fetch_add(1, std::memory_order_relaxed);
        continue;
      }
      Triple seen;
      if (!shared.try_read(seen)) {
        repeated.fetch_add(1, std::memory_order_relaxed);
        continue;
      }
      ASSERT_EQ(seen.a + seen.b, seen.c);
      ASSERT_GE(seen.a, last);
      last = seen.a;
    }
  });
  EXPECT_EQ(shared.read().a, updates);
  std::printf("%" PRIu64 " updates, %" PRIu64 " reads repeated\n", updates.load(), repeated.load());
  EXPECT_GT(repeated, 0U);
}

struct Node : Retired {
  explicit Node(uint64_t number, std::atomic<int64_t>& count) noexcept
      : value(number), complement(~number), alive(count) {
    alive.fetch_add(1, std::memory_order_relaxed);
  }
  ~Node() {
    value = complement = 0;
    alive.fetch_sub(1, std::memory_order_relaxed);
  }
  // Plain members: whoever reads them unprotected is a data race.
  uint64_t value;
  uint64_t complement;
  std::atomic<int64_t>& alive;
};

class EpochStress {
 public:
  void operate(std::mt19937_64& random) {
    std::atomic<Node*>& place = places_[random() % places_.size()];
    switch (random() % 4) {
      case 0:
        replace(place, random());
        break;
      case 1: {
        const EpochPin outer;
        replace(place, random());
        read(place, random);
        break;
      }
      default:
        read(place, random);
    }
  }
  void finish() {
    for (auto& place : places_) EpochRegistry::retire(place.exchange(nullptr));
    ASSERT_TRUE(EpochRegistry::reclaim_all());
    EXPECT_EQ(alive_, 0);
    EXPECT_EQ(EpochRegistry::waiting(), 0U);
    EXPECT_GT(retired_seen_, 0U);
  }
  void print() const {
    std::printf("%" PRIi64 " objects waiting after the last generation, %" PRIu64
                " retired objects seen by readers\n",
                alive_.load() - static_cast<int64_t>(places_.size()), retired_seen_.load());
  }

 private:
  void read(std::atomic<Node*>& place, std::mt19937_64& random) {
    const EpochPin pin;
    const Node* node = place.load(std::memory_order_acquire);
    const uint64_t value = node->value;
    meet_others(random);
    if (place.load(std::memory_order_relaxed) != node) {
      retired_seen_.fetch_add(1, std::memory_order_relaxed);
    }
    ASSERT_EQ(node->complement, ~value);
  }
  void replace(std::atomic<Node*>& place, uint64_t value) {
    EpochRegistry::retire(place.exchange(new Node(value, alive_), std::memory_order_acq_rel));
  }

  std::atomic<int64_t> alive_{0};
  std::atomic<uint64_t> retired_seen_{0};
  std::array<std::atomic<Node*>, 4> places_{new Node(1, alive_), new Node(2, alive_),
                                            new Node(3, alive_), new Node(4, alive_)};
};

TEST(SyncStress, Epoch) {
  EpochStress stress;
  run_generations([&stress](uint64_t, std::mt19937_64& random) {
    for (uint64_t i = 0; i < operations_per_thread(); i++) stress.operate(random);
  });
  stress.print();
  stress.finish();
}

// A handle whose content is destroyed by its close.
struct Handle {
  Gate gate;
  std::unique_ptr<uint64_t> content = std::make_unique<uint64_t>(42);
};

TEST(SyncStress, Gate) {
  // Long-lived shells, as a language binding holds them; replaced when closed.
  std::vector<Handle> handles(4096);
  std::atomic<size_t> current{0};
  std::atomic<uint64_t> refused{0};
  std::atomic<uint64_t> closed{0};
  run_generations([&](uint64_t, std::mt19937_64& random) {
    for (uint64_t i = 0; i < operations_per_thread(); i++) {
      const size_t index = current.load(std::memory_order_relaxed) % handles.size();
      Handle& handle = handles[index];
      {
        Gate::Entry entry;
        if (entry.enter(handle.gate, Reentry::refused, i % 2 == 0 ? Pinned::yes : Pinned::no) !=
            Code::ok) {
          refused.fetch_add(1, std::memory_order_relaxed);
          std::this_thread::yield();  // until the closing thread has put a new one in its place
        } else {
          ASSERT_EQ(*handle.content, 42U);
        }
      }
      if (random() % 4096 == 0 && index + 1 < handles.size()) {
        ASSERT_FALSE(handle.gate.entered_by_this_thread());
        if (handle.gate.close_and_wait()) {
          handle.content.reset();
          std::this_thread::yield();
          handle.gate.finish_close();
          closed.fetch_add(1, std::memory_order_relaxed);
          current.store(index + 1, std::memory_order_relaxed);
        }
      }
    }
  });
  std::printf("%" PRIu64 " handles closed, %" PRIu64 " calls refused\n", closed.load(),
              refused.load());
  EXPECT_GT(closed, 0U);
  EXPECT_GT(refused, 0U);
}

}  // namespace
}  // namespace stave::sync
