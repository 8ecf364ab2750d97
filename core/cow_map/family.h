// What a map, its clones, theirs, and all their cursors have in common.
#pragma once

#include <atomic>
#include <cstdint>
#include <new>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/cow_map/key_hash.h"
#include "core/cow_map/node.h"
#include "core/cow_map/value_block.h"

namespace stave::cow_map {

inline constexpr uint32_t value_size_max = (uint32_t{1} << 31) - 1;
inline constexpr uint64_t capacity_max = uint64_t{1} << 32;

struct Options {
  bool fixed_values = false;  // all values have value_size bytes
  uint32_t value_size = 0;
  uint64_t capacity = 0;  // entries to prepare for
};

class Family {
 public:
  Family(const Options& options, uint64_t seed) noexcept
      : options_(options),
        inside_size_(form() == ValueForm::inside ? options.value_size : no_inside),
        hash_(seed) {}

  const Options& options() const noexcept { return options_; }
  const KeyHash& hash() const noexcept { return hash_; }
  ValueForm form() const noexcept {
    return options_.fixed_values && options_.value_size <= sizeof(uint64_t) ? ValueForm::inside
                                                                            : ValueForm::block;
  }
  // The bytes of values that lie in their slots; nothing when they are blocks.
  std::optional<uint32_t> inside_size() const noexcept {
    return inside_size_ == no_inside ? std::nullopt : std::optional(inside_size_);
  }
  // The bytes behind a slot's value, which may lie in `value` itself.
  Bytes bytes_of(const uint64_t& value) const noexcept {
    if (inside_size_ != no_inside)
      return {reinterpret_cast<const std::byte*>(&value), inside_size_};
    if (value == 0) return {};
    return reinterpret_cast<const ValueBlock*>(value)->bytes();
  }

  // `count` tokens that no map of this family has had, the first of them.
  uint64_t take_tokens(uint64_t count) noexcept {
    // Relaxed: the number is all that is passed on.
    return next_token_.fetch_add(count, std::memory_order_relaxed);
  }
  // Whether only one map or cursor is left, as a statistic.
  bool has_one_member() const noexcept { return members_.load(std::memory_order_relaxed) == 1; }

  // How much memory may come back with the roots of this family is what its maps have made. A map
  // says so whenever that is no longer its own.
  void note_made(uint64_t bytes) noexcept {
    // Relaxed, as in released_root(): an estimate.
    if (bytes != 0) made_.fetch_add(bytes, std::memory_order_relaxed);
  }
  // Somebody has let go of a root. It may be the last one of a large map, or of one that differs
  // from all others, and is retired as one object, of which a thread may hold back dozens: so that
  // is decided upon the sooner, once for some megabytes made.
  void released_root() noexcept {
    if (made_.load(std::memory_order_relaxed) >= worth_of_object) [[unlikely]]
      hasten_reclaiming();
  }

 private:
  friend class FamilyReference;
  ~Family() = default;
  // Of a membership that ends; the last one ends the family.
  void leave() noexcept;
  void hasten_reclaiming() noexcept;

  static constexpr uint64_t worth_of_object = 64 << 10;
  static constexpr uint32_t no_inside = UINT32_MAX;

  const Options options_;
  const uint32_t inside_size_;  // of values that lie in their slots
  const KeyHash hash_;
  std::atomic<uint64_t> next_token_{1};
  std::atomic<uint64_t> members_{1};
  std::atomic<uint64_t> made_{0};  // bytes, since a root was released last
};

// A membership.
class FamilyReference {
 public:
  FamilyReference() noexcept = default;
  // A new family; empty without memory.
  FamilyReference(const Options& options, uint64_t seed) noexcept
      : family_(new (std::nothrow) Family(options, seed)) {}
  FamilyReference(const FamilyReference& other) noexcept : family_(other.family_) {
    // Relaxed: the other membership keeps it alive.
    if (family_ != nullptr) family_->members_.fetch_add(1, std::memory_order_relaxed);
  }
  FamilyReference(FamilyReference&& other) noexcept
      : family_(std::exchange(other.family_, nullptr)) {}
  FamilyReference& operator=(FamilyReference other) noexcept {
    std::swap(family_, other.family_);
    return *this;
  }
  ~FamilyReference() {
    if (family_ != nullptr) family_->leave();
  }

  explicit operator bool() const noexcept { return family_ != nullptr; }
  Family* operator->() const noexcept { return family_; }
  friend bool operator==(const FamilyReference&, const FamilyReference&) = default;

 private:
  Family* family_ = nullptr;
};

// A root that does not change: a reference to it and a membership.
class Snapshot {
 public:
  // Takes over one reference to the root.
  Snapshot(FamilyReference family, Word root) noexcept : family_(std::move(family)), root_(root) {}
  Snapshot(Snapshot&& other) noexcept
      : family_(std::move(other.family_)), root_(std::exchange(other.root_, 0)) {}
  Snapshot& operator=(Snapshot&& other) noexcept {
    std::swap(family_, other.family_);
    std::swap(root_, other.root_);
    return *this;
  }
  ~Snapshot() {
    if (root_ == 0) return;
    release(root_, family_->form());
    family_->released_root();
  }

  Snapshot copy() const noexcept {
    acquire(root_);
    return Snapshot(family_, root_);
  }
  Word root() const noexcept { return root_; }
  const FamilyReference& family() const noexcept { return family_; }

 private:
  FamilyReference family_;
  Word root_;
};

}  // namespace stave::cow_map
