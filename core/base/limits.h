// The sizes that Stave promises to handle and refuses to exceed (`too_large`, before anything is
// written). They are part of the file formats: fields are wide enough for them, and a larger value
// in a file is damage.
#pragma once

#include <cstdint>

namespace stave {

// Bytes of one key; 0 is a key too.
inline constexpr uint32_t key_size_max = 65'535;
// Bytes of one value.
inline constexpr uint32_t value_size_max = uint32_t{1} << 30;
// Bytes of one frame of the log: a batch or a transaction with all its records. A frame lies in
// one segment, which grows beyond segment_size for it.
inline constexpr uint64_t frame_size_max = uint64_t{16} << 30;
// Records alive in one store.
inline constexpr uint64_t records_max = uint64_t{1} << 36;
// Bytes alive in one store: a location counts units of location_unit bytes in 44 bits.
inline constexpr uint64_t live_bytes_max = uint64_t{1} << 48;
// Records start at multiples of this many bytes.
inline constexpr uint32_t location_unit = 16;

static_assert(live_bytes_max / location_unit == uint64_t{1} << 44);

}  // namespace stave
