// How many entries each shard of an index has, counted by every thread in words of its own.
//
//                  shard 0   shard 1   ...
//   thread 0      [ word    | word    |     ]    a word: the entries that the thread has inserted,
//   thread 1      [ word    | word    |     ]            less those that it has removed (56 bits),
//     ...                                                and its allowance (8)
//   other threads [ word    | word    |     ]
//
// One count for all would pass its cache line from thread to thread with every insertion and
// removal. The sum of a shard's words is its number of entries; a single word may be negative.
//
// The allowance says how many entries the thread may insert before it has to read the sum again:
// when it last read it, there was room for more than that.
//
// Thread safety: all members from any thread. An own word is stored by one thread at a time,
// plainly: the thread that has the number, whose next owner sees what the last one stored
// (thread_number.h). All accesses are relaxed: a thread that knows by other means that another has
// counted sees what it counted, and all others get a number that was right a moment ago, or is
// about to be.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "core/sync/thread_number.h"

namespace stave::index {

// The words of one shard.
class EntryCount {
 public:
  using Word = std::atomic<int64_t>;

  // Threads with words of their own; the others share some.
  static constexpr uint32_t kOwnRows = 12;
  static constexpr uint32_t kSharedRows = 4;
  static constexpr uint32_t kRows = kOwnRows + kSharedRows;
  static constexpr uint64_t kAllowanceMax = 64;
  // The least share, so that many threads do not read the sum at each insertion.
  static constexpr uint64_t kShareMin = 2;

  // `first` is the word of thread 0; 2^row_bits words later comes that of thread 1.
  EntryCount(Word* first, unsigned row_bits) noexcept : first_(first), row_bits_(row_bits) {}

  // Counts one entry more. True when the calling thread's allowance is used up: then it must read
  // the sum.
  bool add() const noexcept {
    const uint32_t thread = sync::thread_number();
    if (thread >= kOwnRows) [[unlikely]] {
      shared_word(thread).fetch_add(kEntry, std::memory_order_relaxed);
      return true;
    }
    Word& own = word(thread);
    const int64_t bits = own.load(std::memory_order_relaxed);
    const bool used_up = (bits & kAllowanceMask) == 0;
    own.store(bits + (used_up ? kEntry : kEntry - 1), std::memory_order_relaxed);
    return used_up;
  }
  // Counts one entry less.
  void subtract() const noexcept {
    const uint32_t thread = sync::thread_number();
    if (thread >= kOwnRows) [[unlikely]] {
      shared_word(thread).fetch_sub(kEntry, std::memory_order_relaxed);
      return;
    }
    Word& own = word(thread);
    own.store(own.load(std::memory_order_relaxed) - kEntry, std::memory_order_relaxed);
  }

  // Gives the calling thread its share of the room for so many entries as an allowance,
  // kAllowanceMax at most.
  void allow(uint64_t room) const noexcept {
    const uint32_t thread = sync::thread_number();
    if (thread >= kOwnRows) return;
    Word& own = word(thread);
    const int64_t bits = own.load(std::memory_order_relaxed);
    const uint64_t share = std::max(room / rows(), std::min(room, kShareMin));
    const auto allowance = static_cast<int64_t>(std::min(share, kAllowanceMax));
    own.store((bits & ~kAllowanceMask) | allowance, std::memory_order_relaxed);
  }

  // Exact when nobody counts. The words are read one after the other, so it may be a few entries
  // off while others do.
  uint64_t sum() const noexcept {
    int64_t entries = 0;
    for (uint32_t row = 0, end = rows(); row < end; row++)
      entries += word(row).load(std::memory_order_relaxed) >> kAllowanceBits;
    // A removal may be counted before the insertion that it undid.
    return static_cast<uint64_t>(std::max<int64_t>(0, entries));
  }

 private:
  static constexpr unsigned kAllowanceBits = 8;
  static constexpr int64_t kEntry = int64_t{1} << kAllowanceBits;
  static constexpr int64_t kAllowanceMask = kEntry - 1;
  static_assert(kAllowanceMax <= kAllowanceMask);

  // The number of rows that may have been used.
  static uint32_t rows() noexcept {
    const uint32_t threads = sync::thread_numbers_given();
    return threads <= kOwnRows ? threads : kRows;
  }
  Word& word(uint32_t row) const noexcept { return first_[size_t{row} << row_bits_]; }
  Word& shared_word(uint32_t thread) const noexcept {
    return word(kOwnRows + thread % kSharedRows);
  }

  Word* first_;
  unsigned row_bits_;
};

// The words of all shards. 2 KiB for up to sixteen.
class EntryCounts {
 public:
  // False without memory.
  explicit EntryCounts(uint32_t shards) noexcept
      : row_bits_(std::max<unsigned>(kLineBits, std::bit_width(shards - 1))),
        lines_(new (std::nothrow) Line[size_t{EntryCount::kRows} << (row_bits_ - kLineBits)]) {}
  explicit operator bool() const noexcept { return lines_ != nullptr; }

  EntryCount shard(uint32_t number) const noexcept {
    return {&lines_[number >> kLineBits].words[number % kWordsOfLine], row_bits_};
  }

 private:
  static constexpr unsigned kLineBits = 3;
  static constexpr size_t kWordsOfLine = size_t{1} << kLineBits;
  struct alignas(64) Line {
    std::array<EntryCount::Word, kWordsOfLine> words{};
  };
  static_assert(sizeof(Line) == 64);

  const unsigned row_bits_;
  const std::unique_ptr<Line[]> lines_;
};

}  // namespace stave::index
