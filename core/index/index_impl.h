// The two modes of the index, each over the table that suits it.
#pragma once

#include <array>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/limits.h"
#include "core/index/index.h"
#include "core/index/narrow_layout.h"
#include "core/index/owned_keys.h"
#include "core/index/resolved_keys.h"
#include "core/index/table.h"
#include "core/index/wide_layout.h"

namespace stave::index {

// What both modes share. `Self` has
//   Result<Update> update(const Key&, decide)    decide(const uint64_t* value) -> Decision
template <typename Self, typename Layout, typename Keys>
class IndexOf : public Index {
 public:
  using IndexTable = Table<Layout, Keys>;
  using Entry = typename Layout::Entry;

  static Result<std::unique_ptr<Index>> create(const IndexOptions& options, Keys keys) {
    Result<std::unique_ptr<IndexTable>> table =
        IndexTable::create({.capacity = options.capacity, .shards = options.shards}, keys);
    if (!table.ok()) return table.status();
    std::unique_ptr<Index> index(new (std::nothrow) Self(options, *std::move(table)));
    if (index == nullptr) return Code::no_memory;
    return index;
  }

  Result<Previous> put(const Key& key, uint64_t value) final {
    STAVE_TRY(check(key, value));
    return previous(key, [value](const uint64_t*) {
      return Decision{Decision::Action::set, value};
    });
  }

  Result<Previous> insert_if_absent(const Key& key, uint64_t value) final {
    STAVE_TRY(check(key, value));
    return previous(key, [value](const uint64_t* present) {
      return present == nullptr ? Decision{Decision::Action::set, value} : Decision{};
    });
  }

  Status compare_and_swap(const Key& key, uint64_t expected, uint64_t value,
                          uint64_t* actual) final {
    STAVE_TRY(check(key, value));
    return if_expected(key, expected, {Decision::Action::set, value}, actual);
  }

  Result<Previous> remove(const Key& key) final {
    STAVE_TRY(check(key, 0));
    return previous(key, [](const uint64_t*) { return Decision{Decision::Action::erase, 0}; });
  }

  Status remove_if(const Key& key, uint64_t expected, uint64_t* actual) final {
    STAVE_TRY(check(key, 0));
    return if_expected(key, expected, {Decision::Action::erase, 0}, actual);
  }

  uint64_t size() const noexcept final { return table_->size(); }
  uint64_t capacity() const noexcept final { return table_->capacity(); }
  IndexStats stats() const final { return table_->stats(); }
  Status clear() final { return table_->clear(); }
  Status reserve(uint64_t entries) final { return table_->reserve(entries); }
  Status shrink_to_fit() final { return table_->shrink_to_fit(); }

  Result<std::unique_ptr<Cursor>> cursor() const final {
    std::unique_ptr<Cursor> cursor(new (std::nothrow)
                                       BucketCursor(static_cast<const Self&>(*this)));
    if (cursor == nullptr) return Code::no_memory;
    return cursor;
  }

 protected:
  IndexOf(const IndexOptions& options, std::unique_ptr<IndexTable> table) noexcept
      : Index(options.seed), value_bits_(options.value_bits), table_(std::move(table)) {}

  Status check(const Key& key, uint64_t value) const {
    if (key.bytes.size() > key_size_max)
      return Status::error(Code::too_large, "a key has at most 65,535 bytes");
    if (value_bits_ < 64 && value >> value_bits_ != 0)
      return Status::error(Code::too_large, "a value of this index has at most 44 bits");
    return {};
  }
  IndexTable& table() const noexcept { return *table_; }

 private:
  // Bucket by bucket.
  class BucketCursor final : public Cursor {
   public:
    explicit BucketCursor(const Self& index) noexcept : index_(index) {}
    Status next(Item* item) override {
      while (items_.empty()) {
        if (place_.done()) return Code::done;
        // Kept only as a whole: without memory the same bucket comes again.
        std::vector<Item> items;
        STAVE_TRY(index_.table().visit_next(place_, [&](const Entry& entry, uint8_t tag) {
          items.push_back({Layout::value(entry), index_.key_bytes(entry, tag)});
        }));
        items_.swap(items);
      }
      *item = std::move(items_.back());
      items_.pop_back();
      return {};
    }

   private:
    const Self& index_;
    typename IndexTable::Cursor place_;
    std::vector<Item> items_;
  };

  template <typename Decide>
  Result<Previous> previous(const Key& key, Decide decide) {
    const auto updated = static_cast<Self&>(*this).update(key, decide);
    if (!updated.ok()) return updated.status();
    return updated->was_present ? Previous(updated->value()) : Previous();
  }

  Status if_expected(const Key& key, uint64_t expected, Decision decision, uint64_t* actual) {
    const auto updated = static_cast<Self&>(*this).update(key, [&](const uint64_t* present) {
      return present != nullptr && *present == expected ? decision : Decision{};
    });
    if (!updated.ok()) return updated.status();
    if (!updated->was_present) return Code::not_found;
    if (updated->value() == expected) return {};
    *actual = updated->value();
    return Code::mismatch;
  }

  const unsigned value_bits_;
  const std::unique_ptr<IndexTable> table_;
};

// ---- With a resolver ---------------------------------------------------------------------------

template <typename Layout>
class ResolvedIndex final : public IndexOf<ResolvedIndex<Layout>, Layout, ResolvedKeys> {
  using Base = IndexOf<ResolvedIndex<Layout>, Layout, ResolvedKeys>;
  using Key = Index::Key;
  using typename Base::Entry;
  using typename Base::IndexTable;

 public:
  using Base::Base;
  static Result<std::unique_ptr<Index>> create(const IndexOptions& options) {
    return Base::create(options, ResolvedKeys(*options.resolver));
  }

  using Index::get;
  Status get(const Key& key, uint64_t* value) const override {
    STAVE_TRY(this->check(key, 0));
    Status error;
    const auto found = this->table().find(key.hash, [&](uint64_t candidate) {
      return resolver().match(candidate, key.bytes, &error);
    });
    if (found.verdict == Verdict::error) return error;
    if (found.verdict != Verdict::equal) return Code::not_found;
    *value = found.value;
    return {};
  }

  template <typename Decide>
  Result<typename IndexTable::Updated> update(const Key& key, Decide&& decide) {
    Status error;
    auto updated = this->table().update(
        key.hash,
        [&](uint64_t candidate) { return resolver().match(candidate, key.bytes, &error); }, decide);
    if (updated.status().is(Code::internal)) return error;
    return updated;
  }

  std::vector<std::byte> key_bytes(const Entry&, uint8_t) const { return {}; }

 private:
  const Resolver& resolver() const noexcept { return this->table().keys().resolver(); }
  void prefetch_bucket(const Key& key) const noexcept override { this->table().prefetch(key.hash); }
  void prefetch_candidate(const Key& key) const noexcept override {
    this->table().with_candidate(key.hash, IndexTable::probe(key.hash), [this](const Entry& entry) {
      resolver().prefetch(Layout::value(entry));
    });
  }
};

// ---- With keys of its own ----------------------------------------------------------------------

class OwnedIndex final : public IndexOf<OwnedIndex, WideLayout<>, OwnedKeys> {
  using Base = IndexOf<OwnedIndex, WideLayout<>, OwnedKeys>;

 public:
  using Base::Base;
  static Result<std::unique_ptr<Index>> create(const IndexOptions& options) {
    return Base::create(options, OwnedKeys(options.seed));
  }

  using Index::get;
  Status get(const Key& key, uint64_t* value) const override {
    STAVE_TRY(check(key, 0));
    const Probe probe = this->probe(key);
    const auto found = table().find(key.hash, probe, [&](const Entry& entry) {
      return OwnedKeys::match(entry, probe, key.hash, key.bytes);
    });
    if (found.verdict != Verdict::equal) return Code::not_found;
    *value = found.value;
    return {};
  }

  template <typename Decide>
  Result<IndexTable::Updated> update(const Key& key, Decide&& decide) {
    // From making the record to seeing it published or not, the root with its arena stays.
    const sync::EpochPin pin;
    Probe probe = this->probe(key);
    NewRecord record;
    const auto updated = table().update(
        key.hash, probe,
        [&](const Entry& entry) { return OwnedKeys::match(entry, probe, key.hash, key.bytes); },
        [&](const uint64_t* present, KeyArena& arena) -> Decision {
          const Decision decision = decide(present);
          if (present != nullptr || decision.action != Decision::Action::set ||
              !OwnedKeys::has_record(probe)) {
            return decision;
          }
          if (!record.make(arena, key)) return {Decision::Action::out_of_memory, 0};
          OwnedKeys::set_record(probe, record.record);
          return decision;
        });
    if (updated.ok() && updated->inserted) record.record = nullptr;  // the entry's now
    return updated;
  }

  std::vector<std::byte> key_bytes(const Entry& entry, uint8_t tag) const {
    std::byte buffer[8];
    const Bytes key = OwnedKeys::key_of(entry, tag, buffer);
    return {key.begin(), key.end()};
  }

 private:
  // Made when the key turns out to be absent; freed unless an entry took it.
  struct NewRecord {
    KeyArena* arena = nullptr;
    KeyRecord* record = nullptr;
    ~NewRecord() { discard(); }
    bool make(KeyArena& wanted, const Key& key) noexcept {
      if (record != nullptr && arena == &wanted) return true;
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

  Probe probe(const Key& key) const noexcept {
    // The hash of a key kept in its entry is computed again later, so it has to be the index's own.
    const bool own_hash = key.own_hash || (key.bytes.size() <= 8 && key.hash == hash(key.bytes));
    return OwnedKeys::probe(key.hash, key.bytes, own_hash);
  }
  void prefetch_bucket(const Key& key) const noexcept override { table().prefetch(key.hash); }
  void prefetch_candidate(const Key& key) const noexcept override {
    if (key.own_hash && key.bytes.size() <= 8) return;
    table().with_candidate(key.hash, probe(key), [](const Entry& entry) {
      __builtin_prefetch(OwnedKeys::record_of(entry));
    });
  }
};

}  // namespace stave::index
