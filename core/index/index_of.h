// What the two kinds of index share, over the table that suits each: owned_index.h and
// resolved_index.h.
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

// `Self` has
//   Result<Update> update(const Key&, decide)       decide(const uint64_t* value) -> Decision
//   Result<Update> update_at_once(const Key&, decide)    the same, with a lock if it can be held
//   Probe probe(const Key&)
//   Found find_from(const Start&, const Probe&, const Key&, Status* error)
//   void prefetch_candidate(const Start&, const Probe&)    begins to load what it stands for
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
    return previous_at_once(key, [value](const uint64_t*) {
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
    return previous_at_once(key, [](const uint64_t*) {
      return Decision{Decision::Action::erase, 0};
    });
  }

  Status remove_if(const Key& key, uint64_t expected, uint64_t* actual) final {
    STAVE_TRY(check(key, 0));
    return if_expected(key, expected, {Decision::Action::erase, 0}, actual);
  }

  Status multi_get(std::span<const Bytes> keys, std::span<Slot> slots) const final {
    return get_all(keys, slots);
  }
  Status multi_get(std::span<const Key> keys, std::span<Slot> slots) const final {
    return get_all(keys, slots);
  }
  Status multi_put(std::span<const Bytes> keys, std::span<const uint64_t> values,
                   std::span<Slot> slots) final {
    return put_all(keys, values, slots);
  }
  Status multi_put(std::span<const Key> keys, std::span<const uint64_t> values,
                   std::span<Slot> slots) final {
    return put_all(keys, values, slots);
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

  [[gnu::cold]] static Status key_too_large() {
    return Status::error(Code::too_large, "a key has at most 65,535 bytes");
  }
  [[gnu::cold]] static Code too_large(Status* error) {
    *error = key_too_large();
    return Code::too_large;
  }
  Status check(const Key& key, uint64_t value) const {
    if (key.bytes.size() > key_size_max) return key_too_large();
    if (value_bits_ < 64 && value >> value_bits_ != 0)
      return Status::error(Code::too_large, "a value of this index has at most 44 bits");
    return {};
  }
  IndexTable& table() const noexcept { return *table_; }

  // Lookups begun together: what one processor core keeps under way, and a little more.
  static constexpr size_t kGroup = 32;

 private:
  using Start = typename IndexTable::Start;

  const Self& self() const noexcept { return static_cast<const Self&>(*this); }
  Key as_key(Bytes bytes) const noexcept { return this->key(bytes); }
  static const Key& as_key(const Key& key) noexcept { return key; }

  // A key on its way through the stages of multi_get() and multi_put().
  struct Staged {
    Key key;
    Probe probe;
    Start start;
  };
  // Asks for the buckets of the keys, and then for what their candidates stand for.
  template <typename KeyType>
  void begin_all(std::span<const KeyType> keys, std::array<Staged, kGroup>& group) const noexcept {
    for (size_t i = 0; i < keys.size(); i++) {
      const Key key = as_key(keys[i]);
      const Probe probe = self().probe(key);
      group[i].start = table_->start_one_of_many(probe);
      group[i].key = key;
      group[i].probe = probe;
    }
    for (size_t i = 0; i < keys.size(); i++)
      self().prefetch_candidate(group[i].start, group[i].probe);
  }

  template <typename KeyType>
  [[gnu::flatten]] Status get_all(std::span<const KeyType> keys, std::span<Slot> slots) const {
    std::array<Staged, kGroup> group;
    Status error;
    for (size_t done = 0; done < keys.size(); done += kGroup) {
      const size_t size = std::min(kGroup, keys.size() - done);
      const sync::EpochPin pin;
      begin_all(keys.subspan(done, size), group);
      for (size_t i = 0; i < size; i++) {
        const Staged& staged = group[i];
        Slot& slot = slots[done + i];
        if (staged.key.bytes.size() > key_size_max) [[unlikely]]
          return key_too_large();
        const auto found = self().find_from(staged.start, staged.probe, staged.key, &error);
        if (found.verdict == Verdict::error) [[unlikely]]
          return error;
        slot.code = found.verdict == Verdict::equal ? Code::ok : Code::not_found;
        slot.value = found.value;
      }
    }
    return {};
  }

  template <typename KeyType>
  Status put_all(std::span<const KeyType> keys, std::span<const uint64_t> values,
                 std::span<Slot> slots) {
    std::array<Staged, kGroup> group;
    for (size_t done = 0; done < keys.size(); done += kGroup) {
      const size_t size = std::min(kGroup, keys.size() - done);
      const sync::EpochPin pin;
      begin_all(keys.subspan(done, size), group);
      for (size_t i = 0; i < size; i++) {
        Slot& slot = slots[done + i];
        const Result<Previous> previous = put(group[i].key, values[done + i]);
        slot.code = previous.status().code();
        if (!previous.ok()) return previous.status();
        slot.code = previous->has_value() ? Code::ok : Code::not_found;
        slot.value = previous->value_or(0);
      }
    }
    return {};
  }

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

  static Result<Previous> previous_of(const Result<typename IndexTable::Updated>& updated) {
    if (!updated.ok()) return updated.status();
    return updated->was_present ? Previous(updated->value()) : Previous();
  }
  template <typename Decide>
  Result<Previous> previous(const Key& key, Decide decide) {
    return previous_of(static_cast<Self&>(*this).update(key, decide));
  }
  // For what nearly always changes the entry.
  template <typename Decide>
  Result<Previous> previous_at_once(const Key& key, Decide decide) {
    return previous_of(static_cast<Self&>(*this).update_at_once(key, decide));
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

}  // namespace stave::index
