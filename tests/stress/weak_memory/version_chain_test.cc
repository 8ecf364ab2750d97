#include "core/mvcc/version_chain.h"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <vector>

#include "core/mvcc/commit_clock.h"
#include "core/mvcc/snapshot_slot.h"
#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

// A payload that must have been published before it is read.
struct Number {
  using Source = uint64_t;
  static size_t tail_size(const Source&) noexcept { return 0; }
  Number(Source&& source, std::byte*) noexcept : value(source) {}
  void release(std::byte*) noexcept {}
  size_t tail_size() const noexcept { return 0; }
  size_t memory() const noexcept { return 0; }

  mutable NonAtomic<uint64_t> value;
};

using Chain = mvcc::VersionChain<Number, Atomic>;
using Version = Chain::Version;
using Record = Version::Record;
using Clock = mvcc::CommitClock<Atomic>;
using Slot = mvcc::SnapshotSlot<Atomic, FullBarrier>;
using Scan = mvcc::SnapshotScan<Atomic, FullBarrier>;

constexpr uint64_t kLatest = UINT64_MAX;

struct State {
  Chain chains[2];
  Clock clock;
  Slot slots[2];
  std::vector<Version*> versions;
  std::vector<std::unique_ptr<Record>> records;

  ~State() {
    for (Version* version : versions) Version::destroy(version);
  }
  Record& new_record(uint64_t identity) {
    return *records.emplace_back(std::make_unique<Record>(identity));
  }
  Version* new_version(unsigned height, const Record& record, uint64_t value) {
    versions.push_back(Version::create(height, record, uint64_t{value}));
    return versions.back();
  }
};

// What a transaction does to one key: true when it owns the key now.
bool write(State& state, Chain& chain, const Record& record, unsigned height) {
  Version* version = state.new_version(height, record, record.identity());
  const std::lock_guard lock(chain);
  if (chain.pending() != nullptr) {
    note("a writer meets another one");
    return false;
  }
  chain.set_pending(version);
  return true;
}

// The version that the calling transaction has pending.
Version* own_pending(const Chain& chain) {
  Version* version = chain.pending();
  check(version != nullptr, "a pending version is gone");
  return version;
}

void link(Chain& chain, uint64_t timestamp) {
  const std::lock_guard lock(chain);
  chain.link(own_pending(chain), timestamp);
}

void settle(Chain& chain, uint64_t timestamp) {
  const std::lock_guard lock(chain);
  own_pending(chain)->settle(timestamp);
  chain.set_pending(nullptr);
}

void withdraw(Chain& chain) {
  const std::lock_guard lock(chain);
  chain.set_pending(nullptr);
}

// Both keys or none.
void transact(State& state, uint64_t identity) {
  Record& record = state.new_record(identity);
  if (!write(state, state.chains[0], record, 1)) return;
  if (!write(state, state.chains[1], record, 1)) {
    withdraw(state.chains[0]);
    return;
  }
  for (Chain& chain : state.chains) link(chain, mvcc::timestamp_max);
  const uint64_t timestamp = state.clock.commit(record);
  for (Chain& chain : state.chains) settle(chain, timestamp);
}

// The value visible, 0 for none.
uint64_t read(const Chain& chain, uint64_t snapshot) {
  const Version* version = chain.find(snapshot);
  return version == nullptr ? 0 : version->payload().value.read();
}

// A snapshot is one moment, and stays that moment.
void read_at_snapshot(State& state) {
  const uint64_t snapshot = state.clock.next();
  const uint64_t first = read(state.chains[0], snapshot);
  const uint64_t second = read(state.chains[1], snapshot);
  check(first == second, "half of a transaction");
  check((first != 0) == (snapshot > 1), "a commit below the snapshot is missing");
  check(read(state.chains[0], snapshot) == first, "a snapshot has changed");
  note(first == 0 ? "a snapshot before the commit" : "a snapshot behind the commit");
}

// Who has seen one key of a commit sees the other, also without a snapshot of the clock.
void read_latest(State& state) {
  const uint64_t first = read(state.chains[0], kLatest);
  const uint64_t second = read(state.chains[1], kLatest);
  if (first == 0) return;
  check(second != 0, "half of a transaction");
  note("a commit is read");
}

// Another thread of the transaction reads its own write.
void read_own(State& state, uint64_t identity) {
  const Version* version = state.chains[1].pending();
  if (version == nullptr) return;
  const Record* record = version->record();
  if (record == nullptr || record->identity() != identity) return;
  check(version->payload().value.read() == identity, "not the own write");
  note("an own write is read");
}

Scenario commit_of_two_keys() {
  return {.name = "commit of two keys",
          .set_up =
              [](Program& program) {
                auto state = std::make_shared<State>();
                program.thread([=] { transact(*state, 1); });
                program.thread([=] { read_at_snapshot(*state); });
                program.thread([=] { read_latest(*state); });
                program.thread([=] { read_own(*state, 1); });
              },
          .expected_notes = {"a snapshot before the commit", "a snapshot behind the commit",
                             "a commit is read", "an own write is read"}};
}

Scenario two_writers() {
  return {.name = "two writers",
          .set_up =
              [](Program& program) {
                auto state = std::make_shared<State>();
                program.thread([=] { transact(*state, 1); });
                program.thread([=] { transact(*state, 2); });
                program.thread([=] { read_at_snapshot(*state); });
                program.at_end([=] {
                  const uint64_t first = read(state->chains[0], kLatest);
                  check(first != 0 && first == read(state->chains[1], kLatest), "not one winner");
                });
              },
          .expected_notes = {"a writer meets another one"}};
}

// Commits `count` versions of one key, whose values are their timestamps.
void commit_some(State& state, uint64_t count) {
  for (uint64_t i = 1; i <= count; i++) {
    Record& record = state.new_record(i);
    check(write(state, state.chains[0], record, i == 2 ? 1 : 2), "a conflict with nobody");
    link(state.chains[0], mvcc::timestamp_max);
    const uint64_t timestamp = state.clock.commit(record);
    check(timestamp == i, "a commit is lost");
    settle(state.chains[0], timestamp);
  }
}

// The keep rule, as Memtable and SnapshotView apply it.
void prune(State& state) {
  Scan scan(state.clock);
  uint64_t live[2];
  for (size_t i = 0; i < 2; i++) live[i] = scan.look_at(state.slots[i]);
  Chain& chain = state.chains[0];
  const std::lock_guard lock(chain);
  Version* successor = chain.newest();
  if (successor == nullptr || successor == chain.pending()) return;
  for (Version* version = successor->next(0); version != nullptr; version = version->next(0)) {
    const uint64_t begin = version->begin();
    const uint64_t end = successor->begin();
    bool needed = end >= scan.floor();
    for (const uint64_t timestamp : live) needed |= begin < timestamp && timestamp <= end;
    if (needed) {
      note("a version is kept");
      successor = version;
    } else {
      note("a version is pruned");
      chain.remove(version);
    }
  }
}

void read_registered(State& state, Slot& slot) {
  for (int i = 0; i < 2; i++) {
    const uint64_t snapshot = slot.announce(state.clock);
    check(read(state.chains[0], snapshot) == snapshot - 1, "a needed version is gone");
    check(read(state.chains[0], snapshot) == snapshot - 1, "a needed version is gone later");
    slot.withdraw();
  }
}

Scenario pruning() {
  return {.name = "pruning beside snapshots",
          .set_up =
              [](Program& program) {
                auto state = std::make_shared<State>();
                program.thread([=] { commit_some(*state, 3); });
                program.thread([=] { read_registered(*state, state->slots[0]); });
                program.thread([=] { read_registered(*state, state->slots[1]); });
                program.thread([=] {
                  prune(*state);
                  prune(*state);
                });
              },
          .expected_notes = {"a version is kept", "a version is pruned"}};
}

// Commits of one key in descending order of timestamps, read through links of both levels.
Scenario out_of_order() {
  return {.name = "commits out of order",
          .set_up =
              [](Program& program) {
                auto state = std::make_shared<State>();
                program.thread([=] {
                  for (const uint64_t timestamp : {4U, 3U, 2U}) {
                    Record& record = state->new_record(timestamp);
                    write(*state, state->chains[0], record, 2);
                    link(state->chains[0], timestamp);
                    record.publish(timestamp);
                    settle(state->chains[0], timestamp);
                  }
                });
                for (int i = 0; i < 2; i++) {
                  program.thread([=] {
                    const uint64_t seen = read(state->chains[0], 3);
                    check(seen == 0 || seen == 2, "not the version at the snapshot");
                    note(seen == 0 ? "before the insertion" : "behind the insertion");
                  });
                }
              },
          .expected_notes = {"before the insertion", "behind the insertion"}};
}

TEST(WeakMemory, VersionChain) {
  check_kernel({.scenarios = {commit_of_two_keys(), two_writers(), pruning(), out_of_order()},
                .redundant = {}});
}

}  // namespace
}  // namespace stave::weak_memory
