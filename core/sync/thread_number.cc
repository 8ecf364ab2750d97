#include "core/sync/thread_number.h"

#include <array>
#include <atomic>
#include <bit>

#include "core/sync/thread_exit.h"

namespace stave::sync::internal {

constinit std::atomic<uint32_t> thread_numbers_given{0};

namespace {

// A bit for each number that is given back and reused.
constinit std::array<std::atomic<uint64_t>, 16> taken{};
constexpr uint32_t kReused = 64 * taken.size();

// One that is given back at the end of the thread; kReused when all are taken.
uint32_t take_number() noexcept {
  for (uint32_t word = 0; word < taken.size(); word++) {
    uint64_t bits = taken[word].load(std::memory_order_relaxed);
    while (~bits != 0) {
      const auto bit = static_cast<uint32_t>(std::countr_one(bits));
      // Acquire: pairs with the release of the last owner's exit, for what belongs to the number.
      if (taken[word].compare_exchange_weak(bits, bits | uint64_t{1} << bit,
                                            std::memory_order_acquire, std::memory_order_relaxed)) {
        return 64 * word + bit;
      }
    }
  }
  return kReused;
}

// Relaxed: only uniqueness matters. After 2^32 threads a number may be 2^32 - 1, whose successor is
// 0: that thread asks again on its next use, which is harmless.
uint32_t unique_number() noexcept {
  static constinit std::atomic<uint32_t> next{kReused};
  return next.fetch_add(1, std::memory_order_relaxed);
}

void note_as_given(uint32_t number) noexcept {
  uint32_t given = thread_numbers_given.load(std::memory_order_relaxed);
  while (given <= number && !thread_numbers_given.compare_exchange_weak(
                                given, number + 1, std::memory_order_relaxed)) {
  }
}

// At the end of a thread.
void give_back_number() noexcept {
  const uint32_t number = thread_number_plus_one - 1;
  thread_number_plus_one = 0;
  if (number >= kReused) return;  // it has none, or one of its own for ever
  // Release: pairs with the acquire in take_number().
  taken[number / 64].fetch_and(~(uint64_t{1} << number % 64), std::memory_order_release);
}

}  // namespace

uint32_t assign_thread_number() noexcept {
  uint32_t number = will_give_back(ExitStage::number, give_back_number) ? take_number() : kReused;
  if (number == kReused) number = unique_number();
  note_as_given(number);
  thread_number_plus_one = number + 1;
  return number;
}

}  // namespace stave::sync::internal
