// The index that owns its keys.
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "core/base/limits.h"
#include "core/index/index_of.h"
#include "core/index/owned_keys.h"
#include "core/index/wide_layout.h"

namespace stave::index {

class OwnedIndex final : public IndexOf<OwnedIndex, WideLayout<>, OwnedKeys> {
  using Base = IndexOf<OwnedIndex, WideLayout<>, OwnedKeys>;

  // The verdict on a candidate for this key.
  struct Matches {
    const Probe& probe;
    const Key& key;
    Verdict operator()(const Entry& entry) const noexcept {
      return OwnedKeys::match(entry, probe, key.hash, key.bytes);
    }
  };

 public:
  using Base::Base;
  static Result<std::unique_ptr<Index>> create(const IndexOptions& options) {
    return Base::create(options, OwnedKeys(options.seed));
  }

  // ---- Keys of 8 bytes, in as few instructions as possible. Within a pin -----------------------

  // The C interface calls these rather than virtual functions.
  static constexpr size_t word_size = sizeof(uint64_t);
  static OwnedIndex& of(Index& index) noexcept { return static_cast<OwnedIndex&>(index); }

  // ok or not_found, and *value is 0 then.
  Code find_word(uint64_t word, uint64_t* value) const noexcept {
    const Code code = find_word_at_once(word, value);
    return code != Code::busy ? code : find_word_everywhere(word, value);
  }
  // The same in two steps: at once, which answers busy when it cannot be told so ...
  Code find_word_at_once(uint64_t word, uint64_t* value) const noexcept {
    const uint64_t hash = this->hash(word);
    IndexTable::Found found;
    if (!table().find_at_once(hash, OwnedKeys::probe_word(hash, word), is_the_key, found))
        [[unlikely]] {
      return Code::busy;
    }
    return told(found, value);
  }
  // ... and then.
  Code find_word_everywhere(uint64_t word, uint64_t* value) const noexcept {
    const uint64_t hash = this->hash(word);
    return told(table().find_everywhere(hash, OwnedKeys::probe_word(hash, word), is_the_key),
                value);
  }
  // Put and remove, if they can be done in the head of a free bucket. When a put leaves something
  // crowded, grow() is the second half of it.
  using Crowded = IndexTable::TableShard;
  struct Done {
    bool known = false;  // otherwise nothing has been done: exchange_word() and extract_word() can
    bool was_present = false;
    uint64_t previous = 0;
    Crowded* crowded = nullptr;
  };
  Done set_word_at_once(uint64_t word, uint64_t value) noexcept {
    const uint64_t hash = this->hash(word);
    Crowded* crowded = nullptr;
    const auto done =
        table().set_in_head(hash, OwnedKeys::probe_word(hash, word), value, is_the_key, &crowded);
    const bool was_present = done.result == InHead::replaced;
    return {was_present || done.result == InHead::inserted, was_present,
            was_present ? Layout::value(done.previous) : 0, crowded};
  }
  Done erase_word_at_once(uint64_t word) noexcept {
    const uint64_t hash = this->hash(word);
    const auto done = table().erase_in_head(hash, OwnedKeys::probe_word(hash, word), is_the_key);
    const bool was_present = done.result == InHead::erased;
    return {was_present || done.result == InHead::absent, was_present,
            was_present ? Layout::value(done.previous) : 0};
  }
  void grow(Crowded& crowded) noexcept { table().grow(crowded); }
  // Put and remove: ok with the value that there was, not_found, or no_memory.
  Code exchange_word(uint64_t word, uint64_t value, uint64_t* previous) noexcept {
    return update_word(word, {Decision::Action::set, value}, previous);
  }
  Code extract_word(uint64_t word, uint64_t* previous) noexcept {
    return update_word(word, {Decision::Action::erase, 0}, previous);
  }

  // multi_get() of keys that stand one behind the other: found[i] is 1 or 0, values[i] then 0.
  [[gnu::flatten]] void find_words(const std::byte* keys, size_t count, uint64_t* values,
                                   uint8_t* found) const noexcept {
    struct Begun {
      Probe probe;
      IndexTable::Start start;
    };
    std::array<Begun, kGroup> group;
    std::array<uint8_t, kGroup> later;
    for (size_t done = 0; done < count; done += kGroup) {
      const size_t size = std::min(kGroup, count - done);
      const sync::EpochPin pin;
      for (size_t i = 0; i < size; i++) {
        const uint64_t word = word_of(keys + (done + i) * word_size);
        const uint64_t hash = this->hash(word);
        group[i].start = table().start(hash);
        group[i].probe = OwnedKeys::probe_word(hash, word);
      }
      const auto tell = [&](size_t i, const IndexTable::Found& one) {
        const bool is_found = one.verdict == Verdict::equal;
        found[done + i] = is_found ? 1 : 0;
        values[done + i] = is_found ? one.value : 0;
      };
      // One key in eight is in a chain: those are loaded together, too.
      size_t later_count = 0;
      for (size_t i = 0; i < size; i++) {
        IndexTable::Found one;
        if (table().find_at_once(group[i].start, group[i].probe, is_the_key, one)) [[likely]] {
          tell(i, one);
        } else {
          table().prefetch_chain(group[i].start, group[i].probe);
          later[later_count++] = static_cast<uint8_t>(i);
        }
      }
      for (size_t i = 0; i < later_count; i++) {
        const Begun& begun = group[later[i]];
        tell(later[i], table().find_everywhere(begun.start, begun.probe, is_the_key));
      }
    }
  }

  // ---- Keys of every size ---------------------------------------------------------------------

  // As those for words, of keys that are not too large. Within a pin.
  Code find_bytes(Bytes bytes, uint64_t* value) const noexcept {
    const Key key = this->key(bytes);
    return told(find_from(table().start(key.hash), own_probe(key), key, nullptr), value);
  }
  Code find_bytes_at_once(Bytes bytes, uint64_t* value) const noexcept {
    const Key key = this->key(bytes);
    const Probe probe = own_probe(key);
    IndexTable::Found found;
    if (!table().find_at_once(key.hash, probe, Matches{probe, key}, found)) [[unlikely]]
      return Code::busy;
    return told(found, value);
  }
  // Known only of a key that is there.
  Done replace_bytes_at_once(Bytes bytes, uint64_t value) noexcept {
    const Key key = this->key(bytes);
    const Probe probe = own_probe(key);
    const auto done = table().replace_in_head(key.hash, probe, value, Matches{probe, key});
    if (done.result != InHead::replaced) return {};
    return {true, true, Layout::value(done.previous)};
  }
  Code exchange_bytes(Bytes bytes, uint64_t value, uint64_t* previous) noexcept {
    const auto updated = update_at_once(this->key(bytes), [value](const uint64_t*) {
      return Decision{Decision::Action::set, value};
    });
    if (!updated.ok()) return updated.status().code();
    if (!updated->was_present) return Code::not_found;
    *previous = updated->value();
    return Code::ok;
  }

  // Flattened, here and below: the compiler's limits on inlining know nothing of hot paths.
  [[gnu::flatten]] Code find(Bytes bytes, uint64_t* value, Status* error) const noexcept override {
    if (bytes.size() != word_size) return find(key(bytes), value, error);
    const sync::EpochPin pin;
    return find_word(word_of(bytes.data()), value);
  }
  [[gnu::flatten]] Code find(const Key& key, uint64_t* value,
                             Status* error) const noexcept override {
    if (key.bytes.size() > key_size_max) return too_large(error);
    const sync::EpochPin pin;
    const auto found = find_from(table().start(key.hash), probe(key), key, error);
    if (found.verdict != Verdict::equal) return Code::not_found;
    *value = found.value;
    return Code::ok;
  }

  template <typename Decide>
  Result<IndexTable::Updated> update(const Key& key, Decide&& decide) {
    return with_record(key, decide,
                       [this](auto&&... arguments) { return table().update(arguments...); });
  }
  template <typename Decide>
  [[gnu::flatten]] Result<IndexTable::Updated> update_at_once(const Key& key, Decide&& decide) {
    return with_record(
        key, decide, [this](auto&&... arguments) { return table().update_at_once(arguments...); });
  }

  Probe probe(const Key& key) const noexcept {
    // The hash of a key kept in its entry is computed again later, so it has to be the index's own.
    const bool own_hash = key.own_hash || (key.bytes.size() <= 8 && key.hash == hash(key.bytes));
    return OwnedKeys::probe(key.hash, key.bytes, own_hash);
  }
  IndexTable::Found find_from(const IndexTable::Start& start, const Probe& probe, const Key& key,
                              Status*) const noexcept {
    return table().find(start, probe, Matches{probe, key});
  }
  void prefetch_candidate(const IndexTable::Start& start, const Probe& probe) const noexcept {
    if (!OwnedKeys::has_record(probe)) return;
    table().with_candidate(
        start, probe, [](const Entry& entry) { __builtin_prefetch(OwnedKeys::record_of(entry)); });
  }

  std::vector<std::byte> key_bytes(const Entry& entry, uint8_t tag) const {
    std::byte buffer[8];
    const Bytes key = OwnedKeys::key_of(entry, tag, buffer);
    return {key.begin(), key.end()};
  }

 private:
  using InHead = IndexTable::InHead::Result;
  using Layout = WideLayout<>;

  static Code told(const IndexTable::Found& found, uint64_t* value) noexcept {
    const bool is_found = found.verdict == Verdict::equal;
    *value = is_found ? found.value : 0;
    return is_found ? Code::ok : Code::not_found;
  }
  static Probe own_probe(const Key& key) noexcept {
    return OwnedKeys::probe(key.hash, key.bytes, true);
  }
  // An entry with the tag and the word of a key of 8 bytes.
  static Verdict is_the_key(const Entry&) noexcept { return Verdict::equal; }
  Code update_word(uint64_t word, const Decision& decision, uint64_t* previous) noexcept {
    const uint64_t hash = this->hash(word);
    const auto updated =
        table().update_at_once(hash, OwnedKeys::probe_word(hash, word), is_the_key,
                               [&](const uint64_t*, KeyArena&) { return decision; });
    if (!updated.ok()) return updated.status().code();
    if (!updated->was_present) return Code::not_found;
    *previous = updated->value();
    return Code::ok;
  }

  // Runs update(hash, probe, match, decide). When the key turns out to be absent and needs a
  // record, the update is left, since a lock may be held, and begun again with the record.
  template <typename Decide, typename Update>
  Result<IndexTable::Updated> with_record(const Key& key, Decide& decide, Update update) {
    // From making the record to seeing it published or not, the root with its arena stays.
    const sync::EpochPin pin;
    Probe probe = this->probe(key);
    NewRecord record;
    for (;;) {
      KeyArena* wanted = nullptr;
      const auto updated =
          update(key.hash, probe, Matches{probe, key},
                 [&](const uint64_t* present, KeyArena& arena) -> Decision {
                   const Decision decision = decide(present);
                   if (present != nullptr || decision.action != Decision::Action::set ||
                       !OwnedKeys::has_record(probe) || record.arena == &arena) {
                     return decision;
                   }
                   wanted = &arena;
                   return {};
                 });
      if (wanted == nullptr) {
        if (updated.ok() && updated->inserted) record.record = nullptr;  // the entry's now
        return updated;
      }
      if (!record.make(*wanted, key)) return Code::no_memory;
      OwnedKeys::set_record(probe, record.record);
    }
  }

  // Made when the key turns out to be absent; freed unless an entry took it.
  struct NewRecord {
    KeyArena* arena = nullptr;
    KeyRecord* record = nullptr;
    ~NewRecord() { discard(); }
    bool make(KeyArena& wanted, const Key& key) noexcept {
      discard();
      arena = &wanted;
      record = wanted.add(key.hash, key.bytes);
      return record != nullptr;
    }
    void discard() noexcept {
      if (record != nullptr) arena->free(record);
      record = nullptr;
    }
  };
};

}  // namespace stave::index
