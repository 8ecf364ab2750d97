// Keys that the index keeps: in the entry up to 8 bytes, behind it in an arena otherwise.
//
// The kind of an entry is in the two low bits of its tag, so that keys of different kinds are never
// compared, and an entry is read in the right way without another look:
//
//   1  up to 7 bytes   word: the bytes, the size in the highest one
//   2  8 bytes         word: the bytes
//   3  longer, or with a hash of the caller's own:
//                      word: 16 bits of the hash, 48 of the address of a KeyRecord
//
// Kinds 1 and 2 keep no hash: it is computed again when a bucket is split.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/index/hash_parts.h"
#include "core/index/key_arena.h"
#include "core/index/probe.h"
#include "core/sync/epoch.h"

namespace stave::index {

class OwnedKeys {
 public:
  using Storage = KeyArena;

  explicit OwnedKeys(uint64_t seed) noexcept : seed_(seed) {}

  // `own_hash`: the hash is this seed's of the key, not one of the caller's.
  static Probe probe(uint64_t hash, Bytes key, bool own_hash) noexcept {
    const HashParts parts(hash);
    const uint8_t kind = !own_hash || key.size() > 8 ? kRecord : key.size() == 8 ? kWord : kShort;
    Probe probe{.position = parts.position(),
                .tag = static_cast<uint8_t>((parts.tag() & ~kKindMask) | kind)};
    if (kind == kRecord) {
      probe.word = hash_bits(parts);
      probe.word_mask = ~kAddressMask;
    } else {
      probe.word = inline_word(key);
    }
    return probe;
  }

  // Of an entry that shares the probe's tag and word, under its mask.
  template <typename Entry>
  static Verdict match(Entry entry, const Probe& probe, uint64_t hash, Bytes key) noexcept {
    if ((probe.tag & kKindMask) != kRecord) return Verdict::equal;
    const KeyRecord* const record = record_of(entry);
    return record->hash == hash && equal(record->key(), key) ? Verdict::equal : Verdict::different;
  }

  // The bytes of the entry's key: of its record, which the caller's pin keeps, or put into
  // `buffer`.
  template <typename Entry>
  static Bytes key_of(const Entry& entry, uint8_t tag, std::byte (&buffer)[8]) noexcept {
    if ((tag & kKindMask) == kRecord) return record_of(entry)->key();
    std::memcpy(buffer, &entry.key, sizeof buffer);
    const size_t size = (tag & kKindMask) == kWord ? 8 : static_cast<size_t>(entry.key >> 56);
    return {buffer, size};
  }

  static bool has_record(const Probe& probe) noexcept { return (probe.tag & kKindMask) == kRecord; }
  // Points the probe's word to the record, for an entry to be made of it.
  static void set_record(Probe& probe, const KeyRecord* record) noexcept {
    probe.word = (probe.word & ~kAddressMask) | reinterpret_cast<uintptr_t>(record);
  }
  template <typename Entry>
  static KeyRecord* record_of(Entry entry) noexcept {
    return reinterpret_cast<KeyRecord*>(entry.key & kAddressMask);
  }

  // ---- What Table asks of its keys -------------------------------------------------------------

  template <typename Entry>
  uint64_t position(Entry entry, uint8_t tag) const noexcept {
    if ((tag & kKindMask) == kRecord) return HashParts(record_of(entry)->hash).position();
    std::byte buffer[8];
    return HashParts(hash64(key_of(entry, tag, buffer), seed_)).position();
  }

  // The entry has been removed: its record is free when the readers of this moment are gone.
  template <typename Root, typename Entry>
  void discard(Root& root, uint32_t shard, uint8_t tag, Entry entry) const noexcept {
    if ((tag & kKindMask) != kRecord) return;
    KeyArena& arena = root.storage(shard);
    KeyRecord* const list = arena.remove(record_of(entry));
    if (list == nullptr) return;
    auto* const removed = new (std::nothrow) Removed<Root>(root, arena, list);
    if (removed == nullptr) {
      arena.keep_waiting(list);
      return;
    }
    root.add_owner();
    sync::EpochRegistry::retire(removed, [](sync::Retired* retired) noexcept {
      auto* const gone = static_cast<Removed<Root>*>(retired);
      gone->arena.free_list(gone->list);
      gone->root.disown();
      delete gone;
    });
  }

 private:
  static constexpr uint8_t kKindMask = 3;
  static constexpr uint8_t kShort = 1;
  static constexpr uint8_t kWord = 2;
  static constexpr uint8_t kRecord = 3;
  static constexpr uint64_t kAddressMask = (uint64_t{1} << 48) - 1;

  template <typename Root>
  struct Removed : sync::Retired {
    Removed(Root& owner, KeyArena& from, KeyRecord* records) noexcept
        : root(owner), arena(from), list(records) {}
    Root& root;
    KeyArena& arena;
    KeyRecord* list;
  };

  static uint64_t inline_word(Bytes key) noexcept {
    uint64_t word = 0;
    if (key.size() == sizeof word) {
      std::memcpy(&word, key.data(), sizeof word);
      return word;
    }
    if (!key.empty()) std::memcpy(&word, key.data(), key.size());
    return word | uint64_t{key.size()} << 56;
  }
  // Bits that neither tag nor, for long, position of the bucket use.
  static uint64_t hash_bits(HashParts parts) noexcept { return parts.position() >> 32 << 48; }

  const uint64_t seed_;
};

}  // namespace stave::index
