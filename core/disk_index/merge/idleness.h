// When the merger merges although nothing asks for it: once nobody has changed anything for a
// while, so that lookups afterwards look in one place. And when it leaves a merge alone that
// failed: until something was changed.
//
// Changes are told apart by the log's sequence number, so that a change costs nothing for it.
//
// Thread safety: one thread at a time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace stave::disk_index {

class Idleness {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;

  static constexpr Clock::duration no_time{};

  explicit Idleness(Clock::duration quiet) : quiet_(quiet) {}

  // How much longer nobody may change anything. The time begins when a sequence number is first
  // looked at.
  Clock::duration time_left(uint64_t sequence, Time now) noexcept {
    if (!is_seen(sequence)) since_ = now;
    seen_ = sequence;
    return std::max(no_time, since_ + quiet_ - now);
  }
  // Nothing was changed since time_left() was asked last.
  bool is_seen(uint64_t sequence) const noexcept { return seen_ == sequence; }

  // Somebody waits for the time that is left, and need not be woken for changes.
  void watch(bool on) noexcept { is_watched_ = on; }
  bool is_watched() const noexcept { return is_watched_; }

  void note_failure(uint64_t sequence) noexcept { failed_at_ = sequence; }
  void forget_failure() noexcept { failed_at_.reset(); }
  bool has_failed() const noexcept { return failed_at_.has_value(); }
  bool may_try(uint64_t sequence) noexcept {
    if (failed_at_ != sequence) failed_at_.reset();
    return !failed_at_;
  }

 private:
  const Clock::duration quiet_;
  Time since_;
  std::optional<uint64_t> seen_;
  std::optional<uint64_t> failed_at_;
  bool is_watched_ = false;
};

}  // namespace stave::disk_index
