// The redo log: chunks of fixed slots, each one operation. docs/formats/disk_index.md describes the
// bytes.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/endian.h"
#include "core/base/hash.h"
#include "core/disk_index/format/key.h"
#include "core/disk_index/format/page_format.h"

namespace stave::disk_index {

inline constexpr uint32_t log_chunk_slots = 256;  // the last one only for a link
inline constexpr uint32_t log_key_at = 8;
inline constexpr uint32_t log_record_at = 24;

// `link`: the log goes on in another chunk; its page and its salt stand in place of the key.
enum class LogKind : uint8_t { none = 0, put = 1, remove = 2, link = 3 };

constexpr uint32_t log_slot_size(uint32_t record_size) noexcept {
  return log_record_at + (record_size + 7) / 8 * 8;
}
static_assert(log_slot_size(24) == 48);

constexpr uint64_t log_chunk_pages(uint32_t record_size) noexcept {
  return (uint64_t{log_chunk_slots} * log_slot_size(record_size) + page_size - 1) / page_size;
}
static_assert(log_chunk_pages(24) == 3);

// The first word of a slot: 56 bits of checksum, and the kind. The salt is the chunk's, random, so
// that no slot of an earlier use of the same bytes is taken for one of this chunk.
inline uint64_t log_word(const std::byte* slot, uint32_t slot_size, LogKind kind, uint64_t salt,
                         uint32_t number) noexcept {
  const uint64_t seed = salt + uint64_t{number} * 4 + static_cast<uint64_t>(kind);
  const uint64_t checksum = hash64({slot + log_key_at, slot_size - log_key_at}, seed);
  return (checksum & (~uint64_t{0} >> 8)) | static_cast<uint64_t>(kind) << 56;
}

inline LogKind log_kind(const std::byte* slot) noexcept {
  return static_cast<LogKind>(slot[7]);
}

// The kind of a whole slot; `none` for anything else.
inline LogKind checked_log_kind(const std::byte* slot, uint32_t slot_size, uint64_t salt,
                                uint32_t number) noexcept {
  const LogKind kind = log_kind(slot);
  if (kind < LogKind::put || kind > LogKind::link) return LogKind::none;
  return load_le64(slot) == log_word(slot, slot_size, kind, salt, number) ? kind : LogKind::none;
}

struct LogChunk {
  uint64_t page = 0;
  uint64_t salt = 0;
};

// Where a delta's operations begin.
struct LogStart {
  LogChunk chunk;
  uint64_t sequence = 0;  // of its first operation
};

}  // namespace stave::disk_index
