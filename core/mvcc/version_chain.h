// The versions of one key, newest first: a list that readers walk without a lock while one writer
// at a time changes it.
//
// Thread safety: find(), newest() and pending() may be called by any number of threads, each under
// an EpochPin that lasts as long as it uses the result. Everything else REQUIRES the chain's lock.
// A version that is removed is retired, never freed at once.
//
// Invariants
//   1. The list is sorted by begin(), newest first, without equals. A version whose transaction
//      still runs (begin() is 0) is in it only while its transaction commits: from link() to the
//      record's publish().
//   2. At most one version is pending: written, and not yet settled or taken back. Its transaction
//      owns the key: no other may install one. It is the only one in the list whose begin() can be
//      0.
//   3. A version linked at level l is linked at every level below. The links of a removed version
//      stay as they were: a reader that stands on it goes on to older versions.
//
// Search. The list is a skip list (Pugh 1990) without a head: a search starts at the newest version
// and climbs over ever taller ones, as in a finger search. So a chain of one version, the common
// case, needs one link, and a chain of n versions is searched in O(log n).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/mvcc/spin_lock.h"
#include "core/mvcc/version.h"

namespace stave::mvcc {

template <typename Payload, template <typename> class Atomic = std::atomic>
class VersionChain {
 public:
  using Version = mvcc::Version<Payload, Atomic>;

  // ---- For readers -----------------------------------------------------------------------------

  // The version that is visible at `snapshot`: the newest with 0 < begin() < snapshot. Null when
  // there is none.
  Version* find(uint64_t snapshot) const noexcept {
    Version* version = newest();
    while (version != nullptr) {
      const uint64_t begin = version->begin();
      if (begin != 0 && begin < snapshot) break;
      version = towards(version, snapshot);
    }
    return version;
  }
  Version* newest() const noexcept {
    // Acquire: pairs with the release in link() and remove(): the version is complete.
    return newest_.load(std::memory_order_acquire);
  }
  Version* pending() const noexcept {
    // Acquire: pairs with the release in set_pending(): the version is complete.
    return pending_.load(std::memory_order_acquire);
  }

  // ---- Under the lock --------------------------------------------------------------------------

  void lock() noexcept { lock_.lock(); }
  void unlock() noexcept { lock_.unlock(); }

  void set_pending(Version* version) noexcept {
    pending_.store(version, std::memory_order_release);  // pairs with pending()
  }

  // Puts the pending version into the list at the position of its commit timestamp. It becomes
  // visible when its record is published. A chain whose commits come in order may pass
  // timestamp_max.
  void link(Version* version, uint64_t timestamp) noexcept {
    Version* const front = newest();
    if (front == nullptr || (timestamp == timestamp_max && version->height() == 1)) {
      // In front of everything, in one store.
      version->set_next(0, front);
      newest_.store(version, std::memory_order_release);  // pairs with the acquire in newest()
      return;
    }
    const Path path = path_to(timestamp);
    Version* next = path.at[0] == nullptr ? newest() : path.at[0]->next(0);
    for (unsigned level = 0; level < version->height(); level++) {
      if (path.at[level] != nullptr) {
        next = path.at[level]->next(level);
      } else {
        // Nothing before the position is as tall: link to the first version after it that is.
        while (next != nullptr && next->height() <= level) next = next->next(next->height() - 1);
      }
      version->set_next(level, next);
    }
    for (unsigned level = 0; level < version->height(); level++) {
      point_past(path, level, version);
    }
  }

  // Removes a version from the list. The caller retires it.
  void remove(Version* version) noexcept {
    Version* const front = newest();
    if (front->next(0) == version) {
      // The second one, superseded by the first: only the first links to it.
      const unsigned shared = std::min(version->height(), front->height());
      for (unsigned level = shared; level-- != 0;) front->set_next(level, version->next(level));
      return;
    }
    const Path path = path_to(version->begin());
    for (unsigned level = version->height(); level-- != 0;) {
      point_past(path, level, version->next(level));
    }
  }

  // Removes everything older than `version`: the versions from what next(0) was before the call.
  void cut_after(Version* version) noexcept {
    const Path path = path_to(version->begin() - 1);
    for (unsigned level = 0; level < Version::height_max; level++) {
      if (path.at[level] != nullptr) path.at[level]->set_next(level, nullptr);
    }
  }

  // The next newer version in the list, null when `version` is the newest.
  Version* newer_than(const Version* version) const noexcept {
    return path_to(version->begin()).at[0];
  }

  // The version with exactly this commit timestamp.
  Version* find_equal(uint64_t timestamp) const noexcept {
    Version* version = find(timestamp + 1);
    return version != nullptr && version->begin() == timestamp ? version : nullptr;
  }

 private:
  // For each level the last version before some position that is linked there.
  struct Path {
    std::array<Version*, Version::height_max> at{};
  };

  // From a version that is too new for `snapshot`: the farthest linked one that is also too new, or
  // else the next. No version that is skipped is visible: all are newer than the target (invariant
  // 1), except one whose transaction runs, which no snapshot sees.
  static Version* towards(const Version* version, uint64_t snapshot) noexcept {
    for (unsigned level = version->height() - 1; level != 0; level--) {
      Version* next = version->next(level);
      if (next != nullptr && next->begin() >= snapshot) return next;
    }
    return version->next(0);
  }

  // The path to the position after all versions that are newer than `timestamp`.
  Path path_to(uint64_t timestamp) const noexcept {
    Path path;
    Version* version = newest();
    while (version != nullptr && is_newer(version, timestamp)) {
      for (unsigned level = 0; level < version->height(); level++) path.at[level] = version;
      Version* next = version->next(0);
      for (unsigned level = version->height() - 1; level != 0; level--) {
        Version* farther = version->next(level);
        if (farther != nullptr && is_newer(farther, timestamp)) {
          next = farther;
          break;
        }
      }
      version = next;
    }
    return path;
  }
  // A version whose transaction runs is at the front: a chain whose commits come out of order is
  // changed only while it has none (Memtable::lock_settled).
  static bool is_newer(const Version* version, uint64_t timestamp) noexcept {
    const uint64_t begin = version->begin();
    return begin == 0 || begin > timestamp;
  }

  // Makes the link at the end of the path, at this level, lead to `version`.
  void point_past(const Path& path, unsigned level, Version* version) noexcept {
    if (path.at[level] != nullptr) {
      path.at[level]->set_next(level, version);
    } else if (level == 0) {
      // Release: pairs with the acquire in newest(). Also when a version is removed: a reader may
      // learn of the next one from this store alone.
      newest_.store(version, std::memory_order_release);
    }
  }

  Atomic<Version*> newest_{nullptr};
  Atomic<Version*> pending_{nullptr};
  SpinLock<Atomic> lock_;
};

}  // namespace stave::mvcc
