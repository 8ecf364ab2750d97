// Keys that the index keeps: in the entry up to 8 bytes, or up to 16 where entries have two words
// for them; behind it in an arena otherwise.
//
// An entry is read in the right way without another look, and keys of different kinds are never
// taken for each other:
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
#include <span>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/index/hash_parts.h"
#include "core/index/key_arena.h"
#include "core/index/probe.h"
#include "core/sync/epoch.h"

namespace stave::index {

template <size_t kWords>
class OwnedKeys {
 public:
  using Storage = KeyArena;
  // A key that is as long as the words.
  using Whole = std::array<uint64_t, kWords>;

  explicit OwnedKeys(uint64_t seed) noexcept : seed_(seed), word_hash_(seed) {}

  // Of a whole key with the hash that the index gives it.
  static Probe probe_whole(uint64_t hash, const Whole& whole) noexcept {
    const HashParts parts = HashParts::as_it_is(hash);
    const auto tag = static_cast<uint8_t>(parts.tag_byte() | kWholeTag);
    return with_words({parts.position(), parts.shard_byte(), tag}, whole);
  }

  // `own_hash`: the hash is this seed's of the key, not one of the caller's.
  static Probe probe(uint64_t hash, Bytes key, bool own_hash) noexcept {
    Whole words{};
    if (own_hash && key.size() == sizeof words) {
      std::memcpy(&words, key.data(), sizeof words);
      return probe_whole(hash, words);
    }
    const HashParts parts(hash);
    const auto tag = static_cast<uint8_t>(std::max(1, parts.tag_byte() & ~kWholeTag));
    if (own_hash && key.size() < sizeof words) {
      copy(reinterpret_cast<std::byte*>(&words), key);
      words.back() |= uint64_t{key.size()} << kSizeShift;
      return with_words({parts.position(), parts.shard_byte(), tag}, words);
    }
    return {parts.position(), parts.shard_byte(), tag, kRecordBit | hash_bits(parts),
            ~kAddressMask};
  }

  // Of an entry that shares the probe's tag and word, under its mask.
  template <typename Entry>
  static Verdict match(const Entry& entry, const Probe& probe, uint64_t hash, Bytes key) noexcept {
    if (!has_record(probe)) return Verdict::equal;
    const KeyRecord* const record = record_of(entry);
    return record->hash() == hash && equal_keys(record->key(), key) ? Verdict::equal
                                                                    : Verdict::different;
  }

  // The bytes of the entry's key: of its record, which the caller's pin keeps, or put into
  // `buffer`.
  template <typename Entry>
  static Bytes key_of(const Entry& entry, uint8_t tag,
                      std::byte (&buffer)[sizeof(Whole)]) noexcept {
    const uint64_t last = entry.key.back();
    if (has_record(tag, last)) return record_of(entry)->key();
    std::memcpy(buffer, &entry.key, sizeof buffer);
    const size_t size =
        (tag & kWholeTag) != 0 ? sizeof(Whole) : static_cast<size_t>(last >> kSizeShift);
    return {buffer, size};
  }

  static bool has_record(uint8_t tag, uint64_t word) noexcept {
    return (tag & kWholeTag) == 0 && (word & kRecordBit) != 0;
  }
  static bool has_record(const Probe& probe) noexcept { return has_record(probe.tag, probe.word); }
  // Points the probe's word to the record, for an entry to be made of it.
  static void set_record(Probe& probe, const KeyRecord* record) noexcept {
    probe.word = (probe.word & ~kAddressMask) | reinterpret_cast<uintptr_t>(record);
  }
  template <typename Entry>
  static KeyRecord* record_of(const Entry& entry) noexcept {
    return reinterpret_cast<KeyRecord*>(entry.key.back() & kAddressMask);
  }

  // ---- What Table asks of its keys -------------------------------------------------------------

  template <typename Entry>
  uint64_t position(const Entry& entry, uint8_t tag) const noexcept {
    if (has_record(tag, entry.key.back())) return HashParts(record_of(entry)->hash()).position();
    if ((tag & kWholeTag) != 0) return HashParts::as_it_is(hash(entry.key)).position();
    return position_of_short(entry, tag);
  }

  // The entry has been removed: its record is free when the readers of this moment are gone.
  template <typename Root, typename Entry>
  void discard(Root& root, uint32_t shard, uint8_t tag, const Entry& entry) const noexcept {
    if (!has_record(tag, entry.key.back())) return;
    KeyArena& arena = root.storage(shard);
    retire(root, arena, arena.remove(record_of(entry)));
  }
  // All that was removed shall be free as soon as it can be.
  template <typename Root>
  void discard_waiting(Root& root, uint32_t shard) const noexcept {
    KeyArena& arena = root.storage(shard);
    retire(root, arena, arena.take_removed());
  }

 private:
  template <typename Root>
  static void retire(Root& root, KeyArena& arena, const KeyArena::Removed& removed) noexcept {
    if (removed.first == nullptr) return;
    auto* const waiting = new (std::nothrow) Waiting<Root>(root, arena, removed);
    if (waiting == nullptr) {
      arena.keep_waiting(removed);
      return;
    }
    root.add_owner();
    sync::EpochRegistry::retire(waiting, [](sync::Retired* retired) noexcept {
      auto* const gone = static_cast<Waiting<Root>*>(retired);
      gone->arena.free_removed(gone->removed);
      gone->root.disown();
      delete gone;
    });
    // A thread may hold back dozens of such objects: fewer when the keys are large.
    const size_t worth =
        std::min<size_t>(removed.bytes / kWorthOfObject, sync::EpochRegistry::kDecideEvery);
    if (worth != 0) sync::EpochRegistry::add_reclaim_pressure(static_cast<uint32_t>(worth));
  }

  static constexpr uint8_t kWholeTag = 0x80;
  static constexpr unsigned kSizeShift = 56;
  static constexpr uint64_t kRecordBit = uint64_t{1} << 63;
  static constexpr uint64_t kAddressMask = (uint64_t{1} << 48) - 1;

  static constexpr size_t kWorthOfObject = size_t{16} << 10;

  template <typename Root>
  struct Waiting : sync::Retired {
    Waiting(Root& owner, KeyArena& from, KeyArena::Removed records) noexcept
        : root(owner), arena(from), removed(records) {}
    Root& root;
    KeyArena& arena;
    const KeyArena::Removed removed;
  };

  template <typename Entry>
  [[gnu::noinline]] uint64_t position_of_short(const Entry& entry, uint8_t tag) const noexcept {
    std::byte buffer[sizeof(Whole)];
    return HashParts(hash64(key_of(entry, tag, buffer), seed_)).position();
  }
  uint64_t hash(const Whole& whole) const noexcept {
    if constexpr (kWords == 1)
      return word_hash_(whole[0]);
    else
      return hash64(std::as_bytes(std::span(whole)), seed_);
  }
  static Probe with_words(Probe probe, const Whole& words) noexcept {
    probe.word = words.back();
    if constexpr (kWords == 2) probe.first_word = words.front();
    return probe;
  }
  // Bits that neither tag nor, for long, position of the bucket use.
  static uint64_t hash_bits(HashParts parts) noexcept { return parts.position() >> 33 << 48; }

  const uint64_t seed_;
  const WordHash word_hash_;
};

}  // namespace stave::index
