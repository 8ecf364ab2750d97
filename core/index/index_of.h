// An index over the table that suits its keys: OwnedKeys (owned_keys.h) or ResolvedKeys
// (resolved_keys.h).
#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/base/limits.h"
#include "core/index/index.h"
#include "core/index/table.h"

namespace stave::index {

// What an update does to a key that has the value `*present`, or is absent (null), and its code.
struct Judgement {
  Decision decision;
  Code code;
};
inline Judgement judge(const Index::Change& change, const uint64_t* present) noexcept {
  const Decision set = {Decision::Action::set, change.value};
  const Decision remove = {Decision::Action::remove, 0};
  switch (change.action) {
    case Index::Action::put:
      return {set, Code::ok};
    case Index::Action::insert:
      return present == nullptr ? Judgement{set, Code::ok} : Judgement{{}, Code::exists};
    case Index::Action::remove:
      return present != nullptr ? Judgement{remove, Code::ok} : Judgement{{}, Code::not_found};
    case Index::Action::compare_and_swap:
    case Index::Action::remove_if:
      if (present == nullptr) return {{}, Code::not_found};
      if (*present != change.expected) return {{}, Code::mismatch};
      return {change.action == Index::Action::remove_if ? remove : set, Code::ok};
  }
  return {{}, Code::internal};
}

template <typename Layout, typename Keys>
class IndexOf final : public Index {
 public:
  static Result<std::unique_ptr<Index>> create(const IndexOptions& options, Keys keys) {
    auto table = IndexTable::create({.capacity = options.capacity, .shards = options.shards}, keys);
    if (!table.ok()) return table.status();
    std::unique_ptr<Index> index(new (std::nothrow) IndexOf(options, *std::move(table)));
    if (index == nullptr) return Code::no_memory;
    return index;
  }

  Code find(const Key& key, uint64_t* value, Status* error) const noexcept override {
    if (key.bytes.size() > key_size_max) return Code::not_found;
    const Sought sought = keys().sought(key.bytes, key.hash);
    const auto found = table_->find(sought.probe, matcher(sought, error));
    if (found.verdict == Verdict::equal) [[likely]] {
      *value = found.value;
      return Code::ok;
    }
    return found.verdict == Verdict::error ? error->code() : Code::not_found;
  }

  Outcome update(const Key& key, const Change& change, Status* error) noexcept override {
    const Code code = check(key.bytes.size(), change.value, error);
    if (code != Code::ok) [[unlikely]]
      return {code};
    Sought sought = keys().sought(key.bytes, key.hash);
    return update(sought, change, error);
  }

  Status multi_get(const FlatKeys& keys, uint64_t* values, uint8_t* found) const override {
    std::array<Sought, kGroup> group;
    FlatKeys rest = keys;
    for (size_t begin = 0; !rest.sizes.empty(); begin += kGroup) {
      const sync::EpochPin pin;
      const auto sizes = begin_group(rest, group);
      for (size_t i = 0; i < sizes.size(); i++) {
        Status error;
        const auto one = table_->find(group[i].probe, matcher(group[i], &error));
        if (one.verdict == Verdict::error) [[unlikely]]
          return error;
        const bool is_found = one.verdict == Verdict::equal && sizes[i] <= key_size_max;
        found[begin + i] = is_found ? 1 : 0;
        values[begin + i] = is_found ? one.value : 0;
      }
    }
    return {};
  }

  Status multi_put(const FlatKeys& keys, const uint64_t* values, uint64_t* previous,
                   uint8_t* existed, size_t* done) override {
    std::array<Sought, kGroup> group;
    FlatKeys rest = keys;
    *done = 0;
    while (!rest.sizes.empty()) {
      const sync::EpochPin pin;
      const auto sizes = begin_group(rest, group);
      for (size_t i = 0; i < sizes.size(); i++) {
        const uint64_t value = values[*done];
        Status error;
        Outcome outcome = {check(sizes[i], value, &error)};
        if (outcome.code == Code::ok) outcome = update(group[i], {Action::put, value}, &error);
        if (outcome.code != Code::ok) return error.ok() ? outcome.code : error;
        if (previous != nullptr) previous[*done] = outcome.previous;
        if (existed != nullptr) existed[*done] = outcome.was_present ? 1 : 0;
        ++*done;
      }
    }
    return {};
  }

  uint64_t size() const noexcept override { return table_->size(); }
  uint64_t capacity() const noexcept override { return table_->capacity(); }
  IndexStats stats() const override { return table_->stats(); }
  Status clear() override { return table_->clear(); }
  Status reserve(uint64_t entries) override { return table_->reserve(entries); }
  Status shrink_to_fit() override { return table_->shrink_to_fit(); }

  Result<std::unique_ptr<Cursor>> cursor() const override {
    std::unique_ptr<Cursor> cursor(new (std::nothrow) BucketCursor(*table_));
    if (cursor == nullptr) return Code::no_memory;
    return cursor;
  }

 private:
  using IndexTable = Table<Layout, Keys>;
  using Entry = typename Layout::Entry;
  using Sought = typename Keys::Sought;

  // Lookups begun together: what one processor core keeps under way, and a little more.
  static constexpr size_t kGroup = 32;

  IndexOf(const IndexOptions& options, std::unique_ptr<IndexTable> table) noexcept
      : Index(KeyHash(options.seed)), table_(std::move(table)) {
    if (options.value_bits < 64) value_max_ = (uint64_t{1} << options.value_bits) - 1;
  }

  const Keys& keys() const noexcept { return table_->keys(); }
  auto matcher(const Sought& sought, Status* error) const noexcept {
    return [this, &sought, error](const Entry& entry) {
      return keys().match(entry, Layout::value(entry), sought, error);
    };
  }

  Code check(size_t key_size, uint64_t value, Status* error) const noexcept {
    if (key_size > key_size_max) [[unlikely]]
      *error = Status::error(Code::too_large, "a key has at most 65,535 bytes");
    else if (value > value_max_) [[unlikely]]
      *error = Status::error(Code::too_large, "a value of this index has at most 44 bits");
    return error->code();
  }

  [[gnu::always_inline]] Outcome update(Sought& sought, const Change& change,
                                        Status* error) noexcept {
    // From making a record to publishing it, the shards with their arenas stay.
    const sync::EpochPin pin;
    typename Keys::NewRecord record;
    for (;;) {
      Code code = Code::ok;
      typename Keys::Storage* lacking = nullptr;  // where a record has to be made first
      const auto decide = [&](const uint64_t* present, typename Keys::Storage& storage) {
        const auto [decision, code_of_decision] = judge(change, present);
        code = code_of_decision;
        const bool inserts = present == nullptr && decision.action == Decision::Action::set;
        if (!inserts || record.is_ready(sought, storage)) [[likely]]
          return decision;
        lacking = &storage;
        return Decision{};
      };
      const auto updated = table_->update(sought.probe, matcher(sought, error), decide);
      if (updated.code != Code::ok) [[unlikely]]
        return {error->ok() ? updated.code : error->code()};
      if (lacking == nullptr) [[likely]] {
        if (updated.inserted) record.release();
        return {code, updated.was_present, updated.previous};
      }
      if (!record.make(sought, *lacking)) return {Code::no_memory};
    }
  }

  // Takes the next keys off `rest` and prefetches what their lookups need. A key that is too large
  // is replaced by an empty one. Returns the sizes of the keys. REQUIRES: a pin.
  std::span<const uint32_t> begin_group(FlatKeys& rest, std::array<Sought, kGroup>& group) const {
    const auto sizes = rest.sizes.first(std::min(kGroup, rest.sizes.size()));
    for (size_t i = 0; i < sizes.size(); i++) {
      const Bytes key(rest.bytes, sizes[i] <= key_size_max ? sizes[i] : 0);
      group[i] = keys().sought(key, std::nullopt);
      rest.bytes += sizes[i];
    }
    rest.sizes = rest.sizes.subspan(sizes.size());
    table_->prefetch(
        sizes.size(), [&group](size_t i) -> const Probe& { return group[i].probe; },
        [&](size_t i, const Entry& entry) {
          keys().prefetch(entry, Layout::value(entry), group[i]);
        });
    return sizes;
  }

  class BucketCursor final : public Cursor {
   public:
    explicit BucketCursor(const IndexTable& table) noexcept : table_(table) {}
    Status next(Item* item) override {
      while (items_.empty()) {
        if (position_.done()) return Code::done;
        // Kept only if complete: without memory the same bucket is visited again.
        std::vector<Item> items;
        STAVE_TRY(table_.visit_next(position_, [&](const Entry& entry, uint8_t tag) {
          items.push_back({Layout::value(entry), Keys::key_bytes(entry, tag)});
        }));
        items_.swap(items);
      }
      *item = std::move(items_.back());
      items_.pop_back();
      return {};
    }

   private:
    const IndexTable& table_;
    typename IndexTable::Cursor position_;
    std::vector<Item> items_;  // of one bucket, those not returned yet
  };

  uint64_t value_max_ = ~uint64_t{0};
  const std::unique_ptr<IndexTable> table_;
};

}  // namespace stave::index
