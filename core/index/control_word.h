// The first word of every bucket: what a reader must know before it looks at an entry, in one load.
//
//   bytes 0-6   one tag a slot, 0 for a free one
//   byte 7      bit 0: locked by a writer
//               bit 1: entries overflow into nodes (narrow layout)
//               bits 2-7: the bucket's level, counted from the level of the shard's first buckets
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>

namespace stave::index {

// A set of slots: bit i * kStride stands for slot i. With vectors of bytes (SSE2, part of every
// x86-64) the tags are compared and packed in a few instructions, in registers that an
// out-of-order processor has to spare.
class SlotSet {
 public:
#if defined(__SSE2__)
  using Bits = uint32_t;
  static constexpr unsigned kStride = 1;
#else
  using Bits = uint64_t;
  static constexpr unsigned kStride = 8;
#endif
  constexpr explicit SlotSet(Bits bits) noexcept : bits_(bits) {}
  static constexpr SlotSet first_slots(size_t count) noexcept {
    return SlotSet(kAll & ((Bits{1} << (kStride * count)) - 1));
  }
  constexpr bool empty() const noexcept {
    return bits_ == 0;
  }
  constexpr size_t size() const noexcept {
    return static_cast<size_t>(std::popcount(bits_));
  }
  constexpr size_t first() const noexcept {
    return static_cast<unsigned>(std::countr_zero(bits_)) / kStride;
  }
  // Of the empty set it leaves that.
  constexpr void drop_first() noexcept {
    bits_ &= bits_ - 1;
  }
  constexpr SlotSet operator&(SlotSet other) const noexcept {
    return SlotSet(bits_ & other.bits_);
  }
  constexpr SlotSet operator~() const noexcept {
    return SlotSet(~bits_ & kAll);
  }

  // The slots whose byte of `tags` is `tag`.
  static SlotSet equal_bytes(uint64_t tags, uint8_t tag) noexcept {
#if defined(__SSE2__)
    const __m128i one = _mm_cvtsi32_si128(tag);
    const __m128i all = _mm_shufflelo_epi16(_mm_unpacklo_epi8(one, one), 0);
    const __m128i equal = _mm_cmpeq_epi8(_mm_cvtsi64_si128(static_cast<int64_t>(tags)), all);
    return SlotSet(static_cast<Bits>(_mm_movemask_epi8(equal)) & kAll);
#else
    constexpr uint64_t low7 = 0x007f7f7f7f7f7f7f;
    const uint64_t bytes = tags ^ (0x0001010101010101 * uint64_t{tag});
    return SlotSet((~(((bytes & low7) + low7) | bytes) & (kAll << 7)) >> 7);
#endif
  }

 private:
  static constexpr Bits kAll = static_cast<Bits>(kStride == 1 ? 0x7f : 0x0001010101010101);

  Bits bits_;
};

class ControlWord {
 public:
  static constexpr size_t kSlotsMax = 7;
  static constexpr unsigned kLevelMax = 63;

  constexpr ControlWord() noexcept = default;
  constexpr explicit ControlWord(uint64_t bits) noexcept : bits_(bits) {}
  constexpr uint64_t bits() const noexcept { return bits_; }

  constexpr bool locked() const noexcept { return (bits_ & kLockBit) != 0; }
  constexpr ControlWord with_lock() const noexcept { return ControlWord(bits_ | kLockBit); }
  constexpr ControlWord without_lock() const noexcept { return ControlWord(bits_ & ~kLockBit); }

  constexpr bool overflowed() const noexcept { return (bits_ & kOverflowBit) != 0; }
  constexpr ControlWord with_overflow(bool overflowed) const noexcept {
    return ControlWord(overflowed ? bits_ | kOverflowBit : bits_ & ~kOverflowBit);
  }

  constexpr unsigned level() const noexcept { return static_cast<unsigned>(bits_ >> kLevelShift); }
  constexpr ControlWord with_level(unsigned level) const noexcept {
    return ControlWord((bits_ & ((uint64_t{1} << kLevelShift) - 1)) | uint64_t{level}
                                                                          << kLevelShift);
  }

  constexpr uint8_t tag(size_t slot) const noexcept {
    return static_cast<uint8_t>(bits_ >> (8 * slot));
  }
  constexpr ControlWord with_tag(size_t slot, uint8_t tag) const noexcept {
    return ControlWord(without_tag(slot).bits_ | uint64_t{tag} << (8 * slot));
  }
  constexpr ControlWord without_tag(size_t slot) const noexcept {
    return ControlWord(bits_ & ~(uint64_t{0xff} << (8 * slot)));
  }

  // Slots whose tag is this one.
  SlotSet matching(uint8_t tag) const noexcept { return SlotSet::equal_bytes(bits_, tag); }
  SlotSet free_slots() const noexcept { return matching(0); }
  SlotSet used_slots() const noexcept { return ~free_slots(); }

 private:
  static constexpr uint64_t kLockBit = uint64_t{1} << 56;
  static constexpr uint64_t kOverflowBit = uint64_t{1} << 57;
  static constexpr unsigned kLevelShift = 58;

  uint64_t bits_ = 0;
};

}  // namespace stave::index
