// The first word of every bucket: what a reader must know before it looks at an entry, in one load.
//
//   bytes 0-6   one tag a slot, 0 for a free one
//   byte 7      bit 0: locked by a writer
//               bit 1: entries overflow into nodes (narrow layout)
//               bits 2-7: the bucket's level, counted from the level of the shard's first buckets
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace stave::index {

// A set of slots: bit 7 of byte i stands for slot i.
class SlotSet {
 public:
  constexpr explicit SlotSet(uint64_t bits) noexcept : bits_(bits) {}
  static constexpr SlotSet first_slots(size_t count) noexcept {
    return SlotSet(0x0080808080808080 & ((uint64_t{1} << (8 * count)) - 1));
  }
  constexpr bool empty() const noexcept { return bits_ == 0; }
  constexpr size_t size() const noexcept { return static_cast<size_t>(std::popcount(bits_)); }
  constexpr size_t first() const noexcept {
    return static_cast<size_t>(std::countr_zero(bits_)) / 8;
  }
  constexpr void drop_first() noexcept { bits_ &= bits_ - 1; }
  constexpr SlotSet operator&(SlotSet other) const noexcept { return SlotSet(bits_ & other.bits_); }

 private:
  uint64_t bits_;
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
  constexpr SlotSet matching(uint8_t tag) const noexcept {
    return zero_bytes(bits_ ^ (0x0001010101010101 * uint64_t{tag}));
  }
  constexpr SlotSet free_slots() const noexcept { return matching(0); }
  constexpr SlotSet used_slots() const noexcept {
    const uint64_t tags = bits_ & kTagBits;
    return SlotSet((((tags & kLow7) + kLow7) | tags) & kHigh1);
  }

 private:
  static constexpr uint64_t kTagBits = 0x00ffffffffffffff;
  static constexpr uint64_t kLow7 = 0x007f7f7f7f7f7f7f;
  static constexpr uint64_t kHigh1 = 0x0080808080808080;
  static constexpr uint64_t kLockBit = uint64_t{1} << 56;
  static constexpr uint64_t kOverflowBit = uint64_t{1} << 57;
  static constexpr unsigned kLevelShift = 58;

  static constexpr SlotSet zero_bytes(uint64_t bytes) noexcept {
    return SlotSet(~(((bytes & kLow7) + kLow7) | bytes) & kHigh1);
  }

  uint64_t bits_ = 0;
};

}  // namespace stave::index
