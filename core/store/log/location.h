// Where a record is in the log.
//
// Each segment of an open store owns a range of 2^48 bytes of addresses (segment_directory.h), so
// that one number of 44 bits names a record: its address in units of 16 bytes. Addresses are in log
// order. They belong to the open store and are never on disk.
#pragma once

#include <cstdint>

#include "core/base/limits.h"

namespace stave::store {

class Location {
 public:
  static constexpr int bits = 44;
  static constexpr uint64_t address_max = uint64_t{location_unit} << bits;

  Location() = default;
  // `address` is a multiple of location_unit.
  static Location of_address(uint64_t address) noexcept {
    return Location(address / location_unit);
  }
  static Location of_bits(uint64_t units) noexcept { return Location(units); }

  uint64_t address() const noexcept { return units_ * location_unit; }
  // What a key directory keeps: below 2^44.
  uint64_t to_bits() const noexcept { return units_; }

  // Later in the log is greater.
  friend auto operator<=>(const Location&, const Location&) = default;

 private:
  explicit Location(uint64_t units) noexcept : units_(units) {}
  uint64_t units_ = 0;
};

// A record of known size.
struct RecordLocation {
  Location location;
  uint32_t size = 0;  // without padding
};

}  // namespace stave::store
