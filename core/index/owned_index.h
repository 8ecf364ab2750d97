// The index that owns its keys: those of up to 8 bytes in their entries, or up to 16.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "core/base/limits.h"
#include "core/base/planted_bug.h"
#include "core/index/entry_counts.h"
#include "core/index/index_of.h"
#include "core/index/owned_keys.h"
#include "core/index/wide_layout.h"

namespace stave::index {

// `kWords`: of a key, in its entry.
template <size_t kWords>
class OwnedIndexOf final
    : public IndexOf<OwnedIndexOf<kWords>, WideLayout<kWords>, OwnedKeys<kWords>> {
  using Layout = WideLayout<kWords>;
  using Keys = OwnedKeys<kWords>;
  using Base = IndexOf<OwnedIndexOf, Layout, Keys>;
  using Key = Index::Key;
  using typename Base::Entry;
  using typename Base::IndexTable;
  using Found = typename IndexTable::Found;
  using Start = typename IndexTable::Start;
  using Updated = typename IndexTable::Updated;

  // The verdict on a candidate for this key.
  struct Matches {
    const Probe& probe;
    const Key& key;
    Verdict operator()(const Entry& entry) const noexcept {
      return Keys::match(entry, probe, key.hash, key.bytes);
    }
  };

 public:
  using Base::Base;
  static Result<std::unique_ptr<Index>> create(const IndexOptions& options) {
    return Base::create(options, Keys(options.seed));
  }

  // ---- Whole keys, in as few instructions as possible. Within a pin ----------------------------

  // A key that is as long as an entry has room for.
  using Whole = typename Keys::Whole;
  static constexpr size_t whole_size = sizeof(Whole);
  static Whole whole_of(const void* key) noexcept {
    Whole whole;
    std::memcpy(&whole, key, sizeof whole);
    return whole;
  }

  // The C interface calls these rather than virtual functions.
  static OwnedIndexOf& of(Index& index) noexcept { return static_cast<OwnedIndexOf&>(index); }

  // ok or not_found, and *value is 0 then.
  Code find_whole(const Whole& key, uint64_t* value) const noexcept {
    const Code code = find_whole_at_once(key, value);
    return code != Code::busy ? code : find_whole_everywhere(key, value);
  }
  // The same in two steps: at once, which answers busy when it cannot be told so ...
  Code find_whole_at_once(const Whole& key, uint64_t* value) const noexcept {
    const uint64_t hash = this->hash(key);
    Found found;
    if (!this->table().find_at_once(Keys::probe_whole(hash, key), is_the_key, found)) [[unlikely]]
      return Code::busy;
    return told(found, value);
  }
  // ... and then.
  Code find_whole_everywhere(const Whole& key, uint64_t* value) const noexcept {
    const uint64_t hash = this->hash(key);
    return told(this->table().find_everywhere(Keys::probe_whole(hash, key), is_the_key), value);
  }
  // Put and remove, if they can be done in the head of a free bucket. When a put leaves something
  // crowded, grow() is the second half of it.
  using Crowded = typename IndexTable::TableShard;
  struct Done {
    bool known =
        false;  // otherwise nothing has been done: exchange_whole() and extract_whole() can
    bool was_present = false;
    uint64_t previous = 0;
    Crowded* full = nullptr;  // where a put has been begun, that set_whole_in_chain() has to end
    Crowded* crowded = nullptr;
  };
  // Whether the calling thread may do so.
  static bool may_change_at_once() noexcept { return EntryCount::has_own(); }
  Done set_whole_at_once(const Whole& key, uint64_t value) noexcept {
    const uint64_t hash = this->hash(key);
    Crowded* full = nullptr;
    Crowded* crowded = nullptr;
    const auto done =
        this->table().set_in_head(Keys::probe_whole(hash, key), value, is_the_key, &full, &crowded);
    const bool was_present = done.result == InHead::replaced;
    return {was_present || done.result == InHead::inserted, was_present,
            was_present ? Layout::value(done.previous) : 0, full, crowded};
  }
  // Of a key that is absent. False without memory; it grows by itself.
  bool set_whole_in_chain(Crowded& full, const Whole& key, uint64_t value) noexcept {
    const Probe probe = Keys::probe_whole(this->hash(key), key);
    bool crowded = false;
    const bool inserted = this->table().set_in_chain(full, probe, value, &crowded);
    if (crowded) grow(full);
    return inserted;
  }
  Done erase_whole_at_once(const Whole& key) noexcept {
    const uint64_t hash = this->hash(key);
    const auto done = this->table().erase_in_head(Keys::probe_whole(hash, key), is_the_key);
    const bool was_present = done.result == InHead::erased;
    return {was_present || done.result == InHead::absent, was_present,
            was_present ? Layout::value(done.previous) : 0};
  }
  void grow(Crowded& crowded) noexcept { this->table().grow(crowded); }
  // Put and remove: ok with the value that there was, not_found, or no_memory.
  Code exchange_whole(const Whole& key, uint64_t value, uint64_t* previous) noexcept {
    return update_whole(key, {Decision::Action::set, value}, previous);
  }
  Code extract_whole(const Whole& key, uint64_t* previous) noexcept {
    return update_whole(key, {Decision::Action::erase, 0}, previous);
  }

  // multi_get() of keys that stand one behind the other: found[i] is 1 or 0, values[i] then 0.
  [[gnu::flatten]] void find_whole_keys(const std::byte* keys, size_t count, uint64_t* values,
                                        uint8_t* found) const noexcept {
    struct Begun {
      Probe probe;
      Start start;
    };
    std::array<Begun, Base::kGroup> group;
    std::array<uint8_t, Base::kGroup> later;
    for (size_t done = 0; done < count; done += Base::kGroup) {
      const size_t size = std::min(Base::kGroup, count - done);
      const sync::EpochPin pin;
      for (size_t i = 0; i < size; i++) {
        const Whole key = whole_of(keys + (done + i) * whole_size);
        const uint64_t hash = this->hash(key);
        group[i].probe = Keys::probe_whole(hash, key);
        group[i].start = this->table().start_one_of_many(group[i].probe);
      }
      const auto tell = [&](size_t i, const Found& one) {
        const bool is_found = one.verdict == Verdict::equal;
        found[done + i] = is_found ? 1 : 0;
        values[done + i] = is_found ? one.value : 0;
      };
      // One key in eight is in a chain: those are loaded together, too.
      size_t later_count = 0;
      for (size_t i = 0; i < size; i++) {
        Found one;
        if (this->table().find_at_once(group[i].start, group[i].probe, is_the_key, one))
            [[likely]] {
          tell(i, one);
        } else {
          this->table().prefetch_chain(group[i].start, group[i].probe);
          later[later_count++] = static_cast<uint8_t>(i);
        }
      }
      for (size_t i = 0; i < later_count; i++) {
        const Begun& begun = group[later[i]];
        tell(later[i], this->table().find_everywhere(begun.start, begun.probe, is_the_key));
      }
    }
  }

  // ---- Keys of every size ---------------------------------------------------------------------

  // As those for words, of keys that are not too large. Within a pin.
  Code find_bytes(Bytes bytes, uint64_t* value) const noexcept {
    const Key key = this->key(bytes);
    const Probe probe = own_probe(key);
    return told(find_from(this->table().start(probe), probe, key, nullptr), value);
  }
  Code find_bytes_at_once(Bytes bytes, uint64_t* value) const noexcept {
    const Key key = this->key(bytes);
    const Probe probe = own_probe(key);
    Found found;
    if (!this->table().find_at_once(probe, Matches{probe, key}, found)) [[unlikely]]
      return Code::busy;
    return told(found, value);
  }
  // Known only of a key that is there.
  Done replace_bytes_at_once(Bytes bytes, uint64_t value) noexcept {
    const Key key = this->key(bytes);
    const Probe probe = own_probe(key);
    const auto done = this->table().replace_in_head(probe, value, Matches{probe, key});
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
    if (bytes.size() != whole_size) return find(this->key(bytes), value, error);
    const sync::EpochPin pin;
    return find_whole(whole_of(bytes.data()), value);
  }
  [[gnu::flatten]] Code find(const Key& key, uint64_t* value,
                             Status* error) const noexcept override {
    if (key.bytes.size() > key_size_max) return this->too_large(error);
    const sync::EpochPin pin;
    const Probe probe = this->probe(key);
    const auto found = find_from(this->table().start(probe), probe, key, error);
    if (found.verdict != Verdict::equal) return Code::not_found;
    *value = found.value;
    return Code::ok;
  }

  template <typename Decide>
  Result<Updated> update(const Key& key, Decide&& decide) {
    return with_record(key, decide,
                       [this](auto&&... arguments) { return this->table().update(arguments...); });
  }
  template <typename Decide>
  [[gnu::flatten]] Result<Updated> update_at_once(const Key& key, Decide&& decide) {
    return with_record(key, decide, [this](auto&&... arguments) {
      return this->table().update_at_once(arguments...);
    });
  }

  Probe probe(const Key& key) const noexcept {
    // The hash of a key kept in its entry is computed again later, so it has to be the index's own.
    const bool own_hash =
        key.own_hash || (key.bytes.size() <= whole_size && key.hash == this->hash(key.bytes));
    return Keys::probe(key.hash, key.bytes, own_hash);
  }
  Found find_from(const Start& start, const Probe& probe, const Key& key, Status*) const noexcept {
    return this->table().find(start, probe, Matches{probe, key});
  }
  void prefetch_candidate(const Start& start, const Probe& probe) const noexcept {
    if (!Keys::has_record(probe)) return;
    this->table().with_candidate(
        start, probe, [](const Entry& entry) { __builtin_prefetch(Keys::record_of(entry)); });
  }

  std::vector<std::byte> key_bytes(const Entry& entry, uint8_t tag) const {
    std::byte buffer[whole_size];
    const Bytes key = Keys::key_of(entry, tag, buffer);
    return {key.begin(), key.end()};
  }

 private:
  using InHead = typename IndexTable::InHead::Result;

  static Code told(const Found& found, uint64_t* value) noexcept {
    const bool is_found = found.verdict == Verdict::equal;
    *value = is_found ? found.value : 0;
    return is_found ? Code::ok : Code::not_found;
  }
  static Probe own_probe(const Key& key) noexcept { return Keys::probe(key.hash, key.bytes, true); }
  // An entry with the tag and the words of a whole key.
  static Verdict is_the_key(const Entry&) noexcept { return Verdict::equal; }
  Code update_whole(const Whole& key, const Decision& decision, uint64_t* previous) noexcept {
    const uint64_t hash = this->hash(key);
    const auto updated =
        this->table().update_at_once(Keys::probe_whole(hash, key), is_the_key,
                                     [&](const uint64_t*, KeyArena&) { return decision; });
    if (!updated.ok()) return updated.status().code();
    if (!updated->was_present) return Code::not_found;
    *previous = updated->value();
    return Code::ok;
  }

  // Runs update(probe, match, decide). When the key turns out to be absent and needs a
  // record, the update is left, since a lock may be held, and begun again with the record.
  template <typename Decide, typename Update>
  Result<Updated> with_record(const Key& key, Decide& decide, Update update) {
    // From making the record to seeing it published or not, the root with its arena stays.
    const sync::EpochPin pin;
    Probe probe = this->probe(key);
    NewRecord record;
    for (;;) {
      KeyArena* wanted = nullptr;
      const auto updated = update(
          probe, Matches{probe, key}, [&](const uint64_t* present, KeyArena& arena) -> Decision {
            const Decision decision = decide(present);
            // Where it looks again, what was so before is over.
            if (!STAVE_PLANTED_BUG(put_done_twice)) wanted = nullptr;
            if (present != nullptr || decision.action != Decision::Action::set ||
                !Keys::has_record(probe) || record.arena == &arena) {
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
      Keys::set_record(probe, record.record);
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

using OwnedIndex = OwnedIndexOf<1>;
// Keys of up to 16 bytes in their entries.
using OwnedIndex16 = OwnedIndexOf<2>;

}  // namespace stave::index
