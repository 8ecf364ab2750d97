// A multi-version table in memory: keys with all their versions that somebody may still read.
//
// Managed, the table keeps the time: transactions (transaction.h) read at a snapshot, commit in one
// order, and what no live snapshot can see is freed. Explicit, the caller brings the timestamps:
// transactions are numbers, and only prune() frees.
//
// Thread safety: everything may be called from any thread.
//
// How it is made. A key table finds a key's row, and a row holds the chain of the key's versions
// (version_chain.h). A transaction installs pending versions, one writer per key; its commit links
// them into their chains, publishes its record, by which all become visible at once, and then
// settles them one by one. Readers take no lock: they hold an epoch for one call.
//   1. A row is in the key table from its first write to its death; a dead row has no version.
//   2. Whoever holds a pending version is the only one who adds to that chain.
//   3. Managed: a version that has a successor is either parked (snapshot_registry.h), or waits in
//      a list of `orphans_`, or is needed by nobody and gone.
// docs/internals/mvcc.md has the argument.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/mvcc/block_pool.h"
#include "core/mvcc/commit_clock.h"
#include "core/mvcc/key_table.h"
#include "core/mvcc/row.h"
#include "core/mvcc/snapshot_registry.h"
#include "core/mvcc/write_set.h"
#include "core/sync/adaptive_mutex.h"
#include "core/sync/background.h"

namespace stave::mvcc {

// More keys than that have no room in any memory.
inline constexpr uint64_t capacity_max = uint64_t{1} << 40;

struct MemtableOptions {
  bool managed = true;
  uint64_t capacity = 0;   // keys for which there is room from the start
  bool background = true;  // may use the background thread
  uint64_t seed = 0;       // of the keys' hash
};

struct MemtableStats {
  uint64_t keys = 0;          // keys whose newest committed version is a value
  uint64_t rows = 0;          // keys that have any version, pending ones included
  uint64_t versions = 0;      // of all keys, pending ones included
  uint64_t size_bytes = 0;    // of rows and versions
  uint64_t snapshots = 0;     // open ones, those of transactions included
  uint64_t transactions = 0;  // explicit ones that have written
  uint64_t timestamp = 0;     // what a snapshot taken now reads at; explicit: 0
};

class SnapshotHold;

// What is visible of a key.
enum class Visible : uint8_t { absent, value, deleted };

class Memtable final : private sync::Background::Task {
 public:
  using Visit = FunctionRef<void(const InlineValue&, const std::byte* room)>;

  static Result<std::shared_ptr<Memtable>> create(const MemtableOptions& options) noexcept;
  Memtable(const MemtableOptions& options, std::unique_ptr<KeyTable> keys,
           BlockPool* pool) noexcept;
  ~Memtable();
  Memtable(const Memtable&) = delete;
  Memtable& operator=(const Memtable&) = delete;

  const MemtableOptions& options() const noexcept { return options_; }

  // ---- Both ------------------------------------------------------------------------------------

  // What is visible at `snapshot`, or pending of the transaction `reader` (0: none). Calls `visit`
  // with a value, under a pin. `too_old` when prune() has been there.
  Result<Visible> read(Bytes key, uint64_t snapshot, uint64_t reader, Visit visit) const;
  // Begins to bring near what read() needs of some keys, at most prefetch_max, waiting for all of
  // them at once.
  static constexpr size_t prefetch_max = KeyTable::prefetch_max;
  void prefetch(std::span<const Bytes> keys) const noexcept;
  // The same as read() for a row, under the caller's pin.
  Visible read_row(const Row& row, uint64_t snapshot, uint64_t reader, Visit visit) const;
  const KeyTable& keys() const noexcept { return *keys_; }
  Status check_horizon(uint64_t snapshot) const noexcept;

  // These are exact when nobody writes. Values only:
  uint64_t size() const noexcept { return totals().keys; }
  uint64_t size_bytes() const noexcept { return totals().bytes; }
  // No version of any kind.
  bool is_empty() const noexcept { return totals().versions == 0; }
  MemtableStats stats();
  // Removes everything at one moment. `busy` while a transaction or snapshot is open (explicit: a
  // transaction that has written).
  Status clear();

  // ---- Explicit timestamps ---------------------------------------------------------------------

  Status write(Bytes key, InlineValue::Source source, uint64_t transaction);
  Status commit(uint64_t transaction, uint64_t timestamp, std::span<const Bytes> keys);
  // Takes back the transaction's writes to these keys.
  Status abort(uint64_t transaction, std::span<const Bytes> keys);
  bool has_write_conflict(Bytes key, uint64_t transaction) const;
  // Frees what no snapshot from `oldest` on can see; returns the number of versions.
  Result<uint64_t> prune(uint64_t oldest);

  // ---- Managed ---------------------------------------------------------------------------------

  // Prunes all that can be pruned now; returns the number of versions.
  uint64_t prune_now() noexcept;

 private:
  friend class SnapshotHold;
  friend class Transaction;

  // What is left to do when a row's lock is free again.
  struct Aftermath {
    ParkedList dropped;              // versions to retire
    bool died = false;               // the row
    ValueVersion* marked = nullptr;  // to park at `blocker`, or an orphan without one
    SnapshotView::Blocker blocker = {};
  };
  // Changes of the totals, gathered over a call.
  struct Totals {
    uint64_t keys = 0;  // wrap around below 0, like the others
    uint64_t rows = 0;
    uint64_t versions = 0;
    uint64_t bytes = 0;
  };
  // Each thread adds to one: the first kOwnTotals threads to one of their own, without a locked
  // instruction, the others to one that they share.
  struct alignas(64) TotalsShard {
    std::atomic<uint64_t> keys{0};
    std::atomic<uint64_t> rows{0};
    std::atomic<uint64_t> versions{0};
    std::atomic<uint64_t> bytes{0};
    std::atomic<uint64_t> begun{0};  // transactions
  };
  // Versions to be looked at again, of some threads.
  struct alignas(64) Orphans {
    sync::AdaptiveMutex mutex;  // guards the list
    ParkedList list;
    std::atomic<uint64_t> count{0};       // a hint
    std::atomic<uint64_t> last_added{0};  // the time then: a hint
  };
  struct NumberedTransaction;
  struct alignas(64) TransactionShard {
    std::mutex mutex;
    std::unordered_map<uint64_t, std::shared_ptr<NumberedTransaction>> transactions;
  };
  enum class Claim : uint8_t { done, conflict, again, no_memory };

  // ---- memtable.cc

  Status collect_rows(ParkedList& rows) const noexcept;
  Status clear_rows() noexcept;

  // ---- memtable_write.cc: the steps of a transaction

  // Makes a pending version. `conflict` when another transaction has one, or when a version was
  // committed at `snapshot` or later.
  Status install(WriteSet& writes, Bytes key, InlineValue::Source&& source, uint64_t snapshot);
  // One attempt. Makes `version` when it is null; it is the row's on `done`.
  Claim try_install(WriteSet& writes, Bytes key, InlineValue::Source& source, uint64_t snapshot,
                    ValueVersion*& version, Totals& change);
  // The key's row, found or made. Null without memory.
  Row* row_for(const KeyTable::Place& place, Bytes key, Totals& change);
  // Under the row's lock.
  Claim claim(Row& row, ValueVersion* version, WriteSet& writes, uint64_t snapshot,
              Aftermath& after, Totals& change) noexcept;
  uint64_t commit_managed(WriteSet& writes, SnapshotHold& hold) noexcept;
  void take_back(Row& row, ValueVersion* version, Totals& change) noexcept;
  void roll_back(WriteSet& writes) noexcept;
  // The version gets its timestamp and is no longer pending. Under the row's lock.
  static void settle(Row& row, ValueVersion* version, uint64_t timestamp, Totals& change) noexcept;
  // A version that is out of its row. Under the row's lock.
  static void drop(ValueVersion* version, Aftermath& after, Totals& change) noexcept;
  static void mark_if_dead(Row& row, Aftermath& after) noexcept;
  // After a row's lock is released. Versions to retire join `dropped`, if there is one: retiring
  // may mean freeing many others, which is not for a moment when a snapshot is open.
  void finish(Row& row, Aftermath& after, Totals& change, ParkedList* dropped = nullptr) noexcept;
  void retire_versions(ParkedList& dropped) noexcept;
  void retire_record(WriteSet& writes) noexcept;
  TotalsShard& own_totals(bool& alone) noexcept;
  void add(const Totals& change) noexcept;
  // A number that no other call gets.
  uint64_t new_identity() noexcept;
  Totals totals() const noexcept;

  // ---- memtable_explicit.cc: transactions by number

  std::shared_ptr<NumberedTransaction> find_transaction(uint64_t number);
  std::shared_ptr<NumberedTransaction> make_transaction(uint64_t number);
  void end_if_empty(NumberedTransaction& transaction) noexcept;
  Status check_commit(NumberedTransaction& transaction, uint64_t timestamp,
                      std::span<const Bytes> keys) const;
  void commit_checked(WriteSet& writes, uint64_t timestamp) noexcept;
  // The row's lock at a moment when no version is linked and not settled.
  static void settled_lock(Row& row) noexcept;
  void prune_row(Row& row, uint64_t oldest, Totals& change) noexcept;

  // ---- memtable_prune.cc: managed pruning

  bool run() noexcept override;
  // The version behind a settled one, and the settled one if it is a tombstone. Under the row's
  // lock, like the next three.
  static void drop_superseded(Row& row, ValueVersion* version, const SnapshotView& view,
                              Aftermath& after, Totals& change) noexcept;
  static void consider(Row& row, ValueVersion* version, uint64_t end, const SnapshotView& view,
                       Aftermath& after, Totals& change) noexcept;
  static void consider_tombstone(Row& row, const SnapshotView& view, Aftermath& after,
                                 Totals& change) noexcept;
  static void mark(Row& row, ValueVersion* version, const SnapshotView::Blocker& blocker,
                   Aftermath& after) noexcept;
  void park(ValueVersion* version, const SnapshotView::Blocker& blocker) noexcept;
  void examine(ValueVersion* version, const SnapshotView& view, Totals& change,
               ParkedList& dropped) noexcept;
  Orphans& own_orphans() noexcept;
  // What a commit of so many writes looks at: a few of its thread's when they are many, or all that
  // it may of a list that is idle and whose turn it is.
  struct Portion {
    Orphans& orphans;
    uint64_t count;
  };
  Portion orphans_in_turn(uint64_t timestamp, uint64_t writes) noexcept;
  void add_orphans(ParkedList& list) noexcept;
  // Looks at up to `count` of them and returns how many there were. The caller keeps clear() away:
  // by a snapshot that is open or by prune_mutex_.
  uint64_t examine_orphans(Orphans& orphans, uint64_t count, const SnapshotView& view,
                           Totals& change, ParkedList& dropped) noexcept;
  uint64_t count_orphans() noexcept;
  // A slice of all, under prune_mutex_.
  struct Slice {
    uint64_t examined;
    uint64_t pruned;  // of these, versions that nobody needs
  };
  Slice prune_slice(uint64_t count) noexcept;
  void end_snapshot(SnapshotRegistry::Place* place) noexcept;
  void wake_background() noexcept {
    if (options_.background) sync::Background::wake();
  }

  static constexpr size_t kShards = 16;  // of numbered transactions
  static constexpr size_t kOwnTotals = 16;
  static constexpr size_t kSharedTotals = 8;
  static constexpr size_t kOrphanLists = 8;

  const MemtableOptions options_;
  const std::unique_ptr<KeyTable> keys_;
  BlockPool* const pool_;  // of rows and versions
  std::array<TotalsShard, kOwnTotals + kSharedTotals> totals_;

  SnapshotRegistry::Clock clock_;
  SnapshotRegistry snapshots_;
  std::mutex prune_mutex_;  // held by the one thread that prunes or clears, not by commits
  std::array<Orphans, kOrphanLists> orphans_;
  uint64_t left_in_round_ = 0;  // of the background thread: orphans that it found and has not seen

  std::array<TransactionShard, kShards> transactions_;
  std::atomic<uint64_t> horizon_{0};  // the largest `oldest` of prune()
};

}  // namespace stave::mvcc
