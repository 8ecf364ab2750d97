// One version of one key, and the record of the transaction that wrote it.
//
// The first word of a version says since when it is valid: either its commit timestamp or, until it
// is settled, the address of its transaction's record. The record's status word is 0 until the
// transaction commits and its commit timestamp from then on. So one store to one word makes any
// number of versions visible at once; afterwards each version gets its timestamp and the record is
// retired. docs/internals/mvcc.md argues each memory order.
//
// The payload is what the version holds: the value's bytes in a memtable (inline_value.h), a
// Location in the log in a store. It may have a tail: bytes of any number after it in the version's
// own allocation, whose address it is given in each call. A payload type has
//   Payload::Source                  what it is made from; moved from
//   Payload::tail_size(source)       bytes of the tail
//   Payload(source&&, tail)
//   payload.release(tail)            before the version is freed
//   payload.tail_size()              what tail_size(source) was
//   payload.memory()                 bytes of memory besides sizeof(Payload)
// Readers see a version as immutable except for its first word and its links.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "core/cow_map/node_pool.h"
#include "core/sync/epoch.h"

namespace stave::mvcc {

// Commit timestamps lie in [1, timestamp_max]; a snapshot's may be any number.
inline constexpr uint64_t timestamp_max = INT64_MAX;

template <template <typename> class Atomic = std::atomic>
class TransactionRecord : public sync::Retired {
 public:
  // `identity` is the caller's number of the transaction, 0 if it has none.
  explicit TransactionRecord(uint64_t identity) noexcept : identity_(identity) {}

  uint64_t identity() const noexcept { return identity_; }
  // The commit timestamp, 0 before the commit.
  uint64_t committed() const noexcept {
    // Acquire: pairs with the release in publish(). A thread that sees one version of the
    // transaction as committed finds all others linked into their chains.
    return status_.load(std::memory_order_acquire);
  }
  // Makes all versions of the transaction visible. REQUIRES: they are linked.
  void publish(uint64_t timestamp) noexcept {
    status_.store(timestamp, std::memory_order_release);  // pairs with committed()
  }

 private:
  Atomic<uint64_t> status_{0};
  uint64_t identity_;
};

template <typename Payload, template <typename> class Atomic = std::atomic>
class Version : public sync::Retired {
 public:
  using Record = TransactionRecord<Atomic>;
  using Source = typename Payload::Source;

  // Levels of links: enough for a search among 4^8 versions in logarithmic time.
  static constexpr unsigned height_max = 8;

  // A version that `record` has written. Null without memory; then `source` is untouched.
  static Version* create(unsigned height, const Record& record, Source&& source) noexcept {
    void* const memory =
        cow_map::NodePool::allocate_bytes(size_for(height, Payload::tail_size(source)));
    return memory == nullptr ? nullptr : new (memory) Version(height, record, std::move(source));
  }
  static void destroy(Version* version) noexcept {
    const size_t size = size_for(version->height_, version->payload_.tail_size());
    version->payload_.release(version->tail());
    version->~Version();
    cow_map::NodePool::free_bytes(version, size);
  }
  // For EpochRegistry::retire().
  static void destroy_retired(Retired* retired) noexcept {
    destroy(static_cast<Version*>(retired));
  }

  size_t memory() const noexcept {
    return sizeof(Version) + height_ * sizeof(Link) + payload_.memory();
  }

  // The commit timestamp, 0 while the transaction runs.
  uint64_t begin() const noexcept {
    // Acquire: pairs with the release in settle(). Like the record's status, a timestamp that is
    // seen here makes the transaction's other versions visible to this thread.
    const uint64_t word = begin_.load(std::memory_order_acquire);
    if ((word & record_bit) == 0) [[likely]]
      return word;
    return record_in(word)->committed();
  }
  // The record of the transaction that wrote the version, null once it is settled. Valid while the
  // caller is pinned.
  const Record* record() const noexcept {
    // Relaxed: the record was complete before the version was published, and the caller has found
    // the version.
    const uint64_t word = begin_.load(std::memory_order_relaxed);
    return (word & record_bit) == 0 ? nullptr : record_in(word);
  }
  // After the record's publish(): the version no longer needs the record.
  void settle(uint64_t timestamp) noexcept {
    begin_.store(timestamp, std::memory_order_release);  // pairs with begin()
  }

  const Payload& payload() const noexcept { return payload_; }
  const std::byte* tail() const noexcept {
    return reinterpret_cast<const std::byte*>(links() + height_);
  }

  unsigned height() const noexcept { return height_; }
  // The next older version that is linked at this level.
  Version* next(unsigned level) const noexcept {
    // Acquire: pairs with the release in set_next() and VersionChain: the version is complete.
    return links()[level].load(std::memory_order_acquire);
  }
  void set_next(unsigned level, Version* version) noexcept {
    links()[level].store(version, std::memory_order_release);  // pairs with next()
  }

  // A mark for the owner of the chain. REQUIRES its lock.
  bool marked() const noexcept { return marked_; }
  void set_marked(bool marked) noexcept { marked_ = marked; }

 private:
  using Link = Atomic<Version*>;
  // Tells a record's address from a timestamp.
  static constexpr uint64_t record_bit = uint64_t{1} << 63;

  Version(unsigned height, const Record& record, Source&& source) noexcept
      : begin_(reinterpret_cast<uintptr_t>(&record) | record_bit),
        height_(static_cast<uint8_t>(height)),
        payload_(std::move(source), tail()) {
    for (unsigned level = 0; level < height; level++) new (links() + level) Link(nullptr);
  }
  ~Version() {
    for (unsigned level = 0; level < height_; level++) links()[level].~Link();
  }

  static size_t size_for(unsigned height, size_t tail_size) noexcept {
    return sizeof(Version) + height * sizeof(Link) + tail_size;
  }
  std::byte* tail() noexcept { return reinterpret_cast<std::byte*>(links() + height_); }

  static const Record* record_in(uint64_t word) noexcept {
    return reinterpret_cast<const Record*>(static_cast<uintptr_t>(word & ~record_bit));
  }
  Link* links() noexcept { return reinterpret_cast<Link*>(this + 1); }
  const Link* links() const noexcept { return reinterpret_cast<const Link*>(this + 1); }

  Atomic<uint64_t> begin_;
  uint8_t height_;
  bool marked_ = false;
  Payload payload_;
};

}  // namespace stave::mvcc
