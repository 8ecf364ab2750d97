#include "capi/handle.h"

#include <stave/stave.h>

#include <array>
#include <cstddef>
#include <string>

#include "core/sync/thread_number.h"

namespace stave::capi {

namespace {

// Pins are made and freed as often as values are read, so the threads count in different cache
// lines. A thread may free what another made: single counts wrap below 0, the sum is right.
class LiveCount {
 public:
  void add(uint64_t difference) noexcept {
    // Relaxed: a statistic.
    shards_[sync::thread_number() % shards_.size()].count.fetch_add(difference,
                                                                    std::memory_order_relaxed);
  }
  uint64_t sum() const noexcept {
    uint64_t sum = 0;
    for (const Shard& shard : shards_) sum += shard.count.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  struct alignas(64) Shard {
    std::atomic<uint64_t> count{0};
  };
  std::array<Shard, 16> shards_;
};

constinit LiveCount live;

}  // namespace

Handle::Handle(HandleKind kind) noexcept : kind_(kind) {
  live.add(1);
}

void Handle::mark_freed() noexcept {
  kind_.store(HandleKind::freed, std::memory_order_relaxed);
  set_not_simple();
  live.add(~uint64_t{0});
}

uint64_t Handle::live_count() noexcept {
  return live.sum();
}

Status not_this_handle(std::string_view name) {
  return invalid_argument(std::string(name) + " is not a handle of this kind, or freed");
}

}  // namespace stave::capi

uint64_t stave_live_handles(void) {
  return stave::capi::Handle::live_count();
}
