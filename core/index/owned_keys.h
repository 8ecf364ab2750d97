// The key policy for keys that the index keeps: in the entry up to 8 bytes, or up to 16 where
// entries have two words for them; longer ones in an arena.
//
// Entries of different kinds are never taken for each other:
//
//   as long as the words    tag 128-255   words: the bytes
//   shorter                 tag 1-127     words: the bytes, the size in the highest one
//   longer, or with a hash of the caller's own:
//                           tag 1-127     last word: 1, 15 bits of the hash, 48 of the address of a
//                                         KeyRecord
//
// Keys in entries keep no hash: it is computed again when a bucket is split.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/planted_bug.h"
#include "core/base/prefetch.h"
#include "core/base/status.h"
#include "core/index/hash_parts.h"
#include "core/index/key_arena.h"
#include "core/index/key_hash.h"
#include "core/index/probe.h"
#include "core/sync/epoch.h"

namespace stave::index {

template <size_t kWords>
class OwnedKeys {
 public:
  using Storage = KeyArena;
  static constexpr bool kMatchesUnderLock = true;

  explicit OwnedKeys(KeyHash hash) noexcept : hash_(hash) {}

  // ---- What IndexOf asks of its keys -----------------------------------------------------------

  // A key on its way through a call.
  struct Sought {
    Probe probe;
    Bytes bytes;
    uint64_t hash = 0;
  };
  Sought sought(Bytes bytes, std::optional<uint64_t> given) const noexcept {
    const uint64_t hash = given ? *given : hash_(bytes);
    // The hash of a key kept in its entry is computed again later, so it has to be the index's own.
    const bool fits = bytes.size() <= sizeof(Words) && (!given || *given == hash_(bytes));
    return {fits ? probe_of_words(hash, bytes) : probe_of_record(hash), bytes, hash};
  }

  // The verdict on an entry that shares the probe's tag and words, under its mask.
  template <typename Entry>
  Verdict match(const Entry& entry, uint64_t, const Sought& sought, Status*) const noexcept {
    if (!has_record(sought.probe)) return Verdict::equal;
    const KeyRecord* const record = record_of(entry);
    return record->hash() == sought.hash && equal_keys(record->key(), sought.bytes)
               ? Verdict::equal
               : Verdict::different;
  }
  template <typename Entry>
  void prefetch(const Entry& entry, uint64_t, const Sought& sought) const noexcept {
    if (has_record(sought.probe)) stave::prefetch(record_of(entry));
  }

  // The record of a key whose entry has no room for it. Freed unless release() says that an entry
  // has it.
  class NewRecord {
   public:
    NewRecord() noexcept = default;
    ~NewRecord() { discard(); }
    NewRecord(const NewRecord&) = delete;
    NewRecord& operator=(const NewRecord&) = delete;

    // Whether an entry of this key can be made in the shard with this arena.
    bool is_ready(const Sought& sought, const KeyArena& arena) const noexcept {
      return !has_record(sought.probe) || arena_ == &arena;
    }
    // False without memory.
    bool make(Sought& sought, KeyArena& arena) noexcept {
      discard();
      arena_ = &arena;
      record_ = arena.add(sought.hash, sought.bytes);
      sought.probe.word =
          (sought.probe.word & ~kAddressMask) | reinterpret_cast<uintptr_t>(record_);
      return record_ != nullptr;
    }
    void release() noexcept {
      if (!STAVE_PLANTED_BUG(freed_record)) record_ = nullptr;
    }

   private:
    void discard() noexcept {
      if (record_ != nullptr) arena_->free(record_);
      record_ = nullptr;
    }
    KeyArena* arena_ = nullptr;
    KeyRecord* record_ = nullptr;
  };

  template <typename Entry>
  static std::vector<std::byte> key_bytes(const Entry& entry, uint8_t tag) {
    std::byte buffer[sizeof(Words)];
    const Bytes key = key_of(entry, tag, buffer);
    return {key.begin(), key.end()};
  }

  // ---- What Table asks of its keys -------------------------------------------------------------

  template <typename Entry>
  uint64_t position(const Entry& entry, uint8_t tag) const noexcept {
    if (has_record(tag, entry.key.back())) return HashParts(record_of(entry)->hash()).position();
    if ((tag & kFullTag) != 0)
      return HashParts::as_it_is(hash_(std::as_bytes(std::span(entry.key)))).position();
    std::byte buffer[sizeof(Words)];
    return HashParts(hash_.of_any_size(key_of(entry, tag, buffer))).position();
  }

  // Frees the record of a removed entry when the readers of this moment have ended.
  template <typename Shards, typename Entry>
  void discard(Shards& shards, uint32_t shard, uint8_t tag, const Entry& entry) const noexcept {
    if (!has_record(tag, entry.key.back())) return;
    KeyArena& arena = shards.storage(shard);
    retire(shards, arena, arena.remove(record_of(entry)));
  }
  template <typename Shards>
  void discard_waiting(Shards& shards, uint32_t shard) const noexcept {
    KeyArena& arena = shards.storage(shard);
    retire(shards, arena, arena.take_removed());
  }

 private:
  using Words = std::array<uint64_t, kWords>;

  static constexpr uint8_t kFullTag = 0x80;
  static constexpr unsigned kSizeShift = 56;
  static constexpr uint64_t kRecordBit = uint64_t{1} << 63;
  static constexpr uint64_t kAddressMask = (uint64_t{1} << 48) - 1;
  // Of a batch of removed records, the bytes that count as one more retired object.
  static constexpr size_t kBytesOfObject = size_t{16} << 10;

  // REQUIRES: the key fits into the words, and `hash` is the index's own.
  static Probe probe_of_words(uint64_t hash, Bytes key) noexcept {
    Words words{};
    Probe probe;
    if (key.size() == sizeof words) [[likely]] {
      // Each bit of this hash depends on all of the key, so it needs no scattering.
      const HashParts parts = HashParts::as_it_is(hash);
      std::memcpy(&words, key.data(), sizeof words);
      probe = {parts.position(), parts.shard_byte(),
               static_cast<uint8_t>(parts.tag_byte() | kFullTag)};
    } else {
      const HashParts parts(hash);
      copy(reinterpret_cast<std::byte*>(&words), key);
      words.back() |= uint64_t{key.size()} << kSizeShift;
      probe = {parts.position(), parts.shard_byte(), tag_of_others(parts)};
    }
    probe.word = words.back();
    if constexpr (kWords == 2) probe.first_word = words.front();
    return probe;
  }
  static Probe probe_of_record(uint64_t hash) noexcept {
    const HashParts parts(hash);
    // Bits of the hash that neither the tag nor, for long, the position of the bucket uses.
    const uint64_t hash_bits = parts.position() >> 33 << 48;
    return {parts.position(), parts.shard_byte(), tag_of_others(parts), kRecordBit | hash_bits,
            ~kAddressMask};
  }
  static uint8_t tag_of_others(const HashParts& parts) noexcept {
    return static_cast<uint8_t>(std::max(1, parts.tag_byte() & ~kFullTag));
  }

  static bool has_record(uint8_t tag, uint64_t word) noexcept {
    return (tag & kFullTag) == 0 && (word & kRecordBit) != 0;
  }
  static bool has_record(const Probe& probe) noexcept { return has_record(probe.tag, probe.word); }
  template <typename Entry>
  static KeyRecord* record_of(const Entry& entry) noexcept {
    return reinterpret_cast<KeyRecord*>(entry.key.back() & kAddressMask);
  }
  // The bytes of the entry's key: of its record, which the caller's pin keeps, or put into
  // `buffer`.
  template <typename Entry>
  static Bytes key_of(const Entry& entry, uint8_t tag, std::byte* buffer) noexcept {
    const uint64_t last = entry.key.back();
    if (has_record(tag, last)) return record_of(entry)->key();
    std::memcpy(buffer, &entry.key, sizeof entry.key);
    const size_t size =
        (tag & kFullTag) != 0 ? sizeof(Words) : static_cast<size_t>(last >> kSizeShift);
    return {buffer, size};
  }

  // Removed records on their way back to their arena, whose shards they own.
  template <typename Shards>
  struct Waiting : sync::Retired {
    Waiting(Shards& owner, KeyArena& from, KeyArena::Removed records) noexcept
        : shards(owner), arena(from), removed(records) {}
    Shards& shards;
    KeyArena& arena;
    const KeyArena::Removed removed;
  };
  template <typename Shards>
  static void retire(Shards& shards, KeyArena& arena, const KeyArena::Removed& removed) noexcept {
    if (removed.first == nullptr) return;
    auto* const waiting = new (std::nothrow) Waiting<Shards>(shards, arena, removed);
    if (waiting == nullptr) {
      arena.keep_waiting(removed);
      return;
    }
    shards.add_owner();
    sync::EpochRegistry::retire(waiting, [](sync::Retired* retired) noexcept {
      auto* const free = static_cast<Waiting<Shards>*>(retired);
      free->arena.free_removed(free->removed);
      free->shards.disown();
      delete free;
    });
    // A thread may hold back dozens of such objects: fewer when the keys are large.
    const size_t weight =
        std::min<size_t>(removed.bytes / kBytesOfObject, sync::EpochRegistry::kDecideEvery);
    if (weight != 0) sync::EpochRegistry::add_reclaim_pressure(static_cast<uint32_t>(weight));
  }

  KeyHash hash_;
};

}  // namespace stave::index
