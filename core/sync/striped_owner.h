// The owner of an object that many threads take references to all the time.
//
// Each new reference of a std::shared_ptr changes its one count, and threads that do so in turn
// wait for each other's cache line: a transaction of a few hundred nanoseconds that takes two
// references and drops them again becomes slower on two processors than on one. Here the references
// that one thread takes share a count with few others'.
//
// Thread safety: as a std::shared_ptr's: share() and get() by any thread at the same time.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "core/sync/thread_number.h"

namespace stave::sync {

template <typename T>
class StripedOwner {
 public:
  StripedOwner() noexcept = default;
  // Throws bad_alloc.
  explicit StripedOwner(std::shared_ptr<T> object) : object_(std::move(object)) {
    for (std::shared_ptr<T>& stripe : stripes_) stripe = {object_.get(), Root{object_}};
  }

  T* get() const noexcept { return object_.get(); }
  T* operator->() const noexcept { return get(); }
  T& operator*() const noexcept { return *get(); }
  // The object lives as long as the owner and every copy of this.
  const std::shared_ptr<T>& share() const noexcept { return stripes_[thread_number() % kStripes]; }

  void reset() noexcept {
    for (std::shared_ptr<T>& stripe : stripes_) stripe.reset();
    object_.reset();
  }

 private:
  static constexpr size_t kStripes = 8;

  // What a stripe's count keeps. The alignment gives that count a cache line of its own.
  struct alignas(64) Root {
    std::shared_ptr<T> object;
    void operator()(T*) noexcept { object.reset(); }
  };

  std::shared_ptr<T> object_;
  std::array<std::shared_ptr<T>, kStripes> stripes_;
};

}  // namespace stave::sync
