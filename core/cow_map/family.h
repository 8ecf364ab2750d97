// What a map, its clones, their clones, and the cursors of all of them have in common.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/cow_map/key_hash.h"
#include "core/cow_map/node.h"
#include "core/cow_map/value_block.h"
#include "core/sync/epoch.h"

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
  // The bytes of values that are kept in their slots; nothing when they are blocks.
  std::optional<uint32_t> inside_size() const noexcept {
    return inside_size_ == no_inside ? std::nullopt : std::optional(inside_size_);
  }
  // The bytes of a value as it is in its slot; they may be those of `value` itself.
  Bytes bytes_of(const uint64_t& value) const noexcept {
    if (inside_size_ != no_inside)
      return {reinterpret_cast<const std::byte*>(&value), inside_size_};
    if (value == 0) return {};
    return reinterpret_cast<const ValueBlock*>(value)->bytes();
  }

  // Returns the first of `count` successive tokens that no map of this family has had.
  uint64_t take_tokens(uint64_t count) noexcept {
    // Relaxed: the number is all that is passed on.
    return next_token_.fetch_add(count, std::memory_order_relaxed);
  }

  // A map reports the nodes and values that it has made whenever they cease to be its own: so much
  // memory may come back when a root of this family is released.
  void note_made(uint64_t bytes) noexcept {
    // Relaxed, as in released_root(): an estimate.
    if (bytes != 0) made_.fetch_add(bytes, std::memory_order_relaxed);
  }
  // A root has been released. It may be that of a large map with no other reference, but is retired
  // as one object, of which a thread may hold back dozens: its reclamation is brought forward by
  // what the family has made.
  void released_root() noexcept {
    uint64_t made = made_.load(std::memory_order_relaxed);
    // If another thread changes it at the same time, that thread does this for both.
    if (made < worth_of_object ||
        !made_.compare_exchange_strong(made, made % worth_of_object, std::memory_order_relaxed))
      return;
    sync::EpochRegistry::add_reclaim_pressure(static_cast<uint32_t>(
        std::min<uint64_t>(made / worth_of_object, sync::EpochRegistry::kDecideEvery)));
  }

 private:
  static constexpr uint64_t worth_of_object = 64 << 10;
  static constexpr uint32_t no_inside = UINT32_MAX;

  const Options options_;
  const uint32_t inside_size_;  // of values that are kept in their slots
  const KeyHash hash_;
  std::atomic<uint64_t> next_token_{1};
  std::atomic<uint64_t> made_{0};  // bytes, since a root was released last
};

// A reference to a root that does not change.
class Snapshot {
 public:
  // Takes over one reference to the root.
  Snapshot(std::shared_ptr<Family> family, Word root) noexcept
      : family_(std::move(family)), root_(root) {}
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

  Word root() const noexcept { return root_; }
  const std::shared_ptr<Family>& family() const noexcept { return family_; }

 private:
  std::shared_ptr<Family> family_;
  Word root_;
};

}  // namespace stave::cow_map
