// A multi-version table in memory: keys with all their versions that some reader may still see.
//
// Managed, the table keeps the time: transactions (transaction.h) read at a snapshot and commit in
// one order, and versions that no open snapshot can see are freed. Explicit, the caller brings the
// timestamps: transactions are numbers, and only prune() frees.
//
// Thread safety: everything may be called from any thread.
//
// How it works. A key table finds a key's row, and a row holds the chain of the key's versions
// (version_chain.h). A transaction installs pending versions, one writer per key; its commit links
// them into their chains, publishes its record, which makes all of them visible at once, and then
// settles them one by one. Readers take no lock: they are pinned for one call.
//   1. A row is in the key table from its first write until it is dead; a dead row has no version.
//   2. Only the transaction that holds the pending version adds to that chain.
//   3. Managed: a version that has a successor is parked at a snapshot that needs it
//      (snapshot_registry.h), or is an orphan in a list of `orphans_`, or is unlinked.
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
#include "core/mvcc/commit_clock.h"
#include "core/mvcc/key_table.h"
#include "core/mvcc/retired_list.h"
#include "core/mvcc/row.h"
#include "core/mvcc/snapshot_registry.h"
#include "core/mvcc/write_set.h"
#include "core/sync/adaptive_mutex.h"
#include "core/sync/background.h"
#include "core/sync/striped_counter.h"

namespace stave::mvcc {

// No memory holds more keys than this.
inline constexpr uint64_t capacity_max = uint64_t{1} << 40;

struct MemtableOptions {
  bool managed = true;
  uint64_t capacity = 0;   // keys for which memory is allocated at once
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
  uint64_t timestamp = 0;     // of a snapshot taken now; explicit: 0
};

// What a read sees of a key.
enum class Visible : uint8_t { absent, value, deleted };

// What a read may see: commits below `snapshot`, and the pending versions of the transaction
// `reader` (0: none).
struct ReadView {
  uint64_t snapshot = 0;
  uint64_t reader = 0;
};

struct KeyWrite {
  Bytes key;
  Bytes value = {};
  bool tombstone = false;  // removes the key; the value is ignored
};

class SnapshotHold;

class Memtable final : private sync::Background::Task {
 public:
  // Is called with a value, while the caller is pinned.
  using Visit = FunctionRef<void(const ValueRef&)>;
  // Is called for each key with its position; the value is empty unless `visible` is value. A
  // status other than ok ends the read.
  using VisitMany = FunctionRef<Status(size_t position, Visible visible, const ValueRef& value)>;

  static Result<std::unique_ptr<Memtable>> create(const MemtableOptions& options) noexcept;
  ~Memtable();
  Memtable(const Memtable&) = delete;
  Memtable& operator=(const Memtable&) = delete;

  const MemtableOptions& options() const noexcept { return options_; }

  // ---- Both kinds ------------------------------------------------------------------------------

  // `too_old` when prune() may have freed what was visible, like all reads.
  Result<Visible> read(Bytes key, ReadView view, Visit visit) const;
  // Reads keys in order; their cache misses overlap.
  Status multi_read(std::span<const Bytes> keys, ReadView view, VisitMany visit) const;
  // Reads a row of keys(). REQUIRES a pin, and check_horizon() afterwards.
  Visible read_row(const Row& row, ReadView view, Visit visit) const;
  const KeyTable& keys() const noexcept { return keys_; }
  Status check_horizon(uint64_t snapshot) const noexcept;

  // These are exact while no thread writes. `size` counts keys whose newest committed version is a
  // value.
  uint64_t size() const noexcept { return keys_count_.sum(); }
  uint64_t size_bytes() const noexcept { return bytes_.sum(); }
  // True when there is no version of any kind.
  bool is_empty() const noexcept { return versions_.sum() == 0; }
  MemtableStats stats();
  // Removes everything at one moment. `busy` while a transaction or snapshot is open (explicit: a
  // transaction that has written).
  Status clear();

  // ---- Explicit timestamps ---------------------------------------------------------------------

  Status write(const KeyWrite& write, uint64_t transaction);
  // Writes in order until one fails; `written` becomes the number of writes made.
  Status multi_write(std::span<const KeyWrite> writes, uint64_t transaction, size_t& written);
  Status commit(uint64_t transaction, uint64_t timestamp, std::span<const Bytes> keys);
  // Takes back the transaction's writes to these keys.
  Status abort(uint64_t transaction, std::span<const Bytes> keys);
  bool has_write_conflict(Bytes key, uint64_t transaction) const;
  // Frees what no snapshot from `oldest` on can see; returns the number of versions.
  Result<uint64_t> prune(uint64_t oldest);

  // ---- Managed ---------------------------------------------------------------------------------

  // Frees what can be freed now; returns the number of versions.
  uint64_t prune_now() noexcept;

 private:
  friend class SnapshotHold;
  friend class Transaction;

  Memtable(const MemtableOptions& options, KeyTable keys) noexcept;

  // What a call has changed under the locks of rows, and finishes when it holds none.
  struct DeferredCleanup {
    // Changes of the counters.
    int64_t keys = 0;
    int64_t rows = 0;
    int64_t versions = 0;
    int64_t bytes = 0;
    RetiredList dead_rows;  // to be erased from the key table by finish()
    RetiredList needed;     // superseded versions that a snapshot needs: orphans after finish()
    RetiredList unlinked;   // to be retired by retire(): versions, rows, records
  };
  // Versions that will be examined again. Each thread adds to one of the lists.
  struct alignas(64) Orphans {
    sync::AdaptiveMutex mutex;  // guards the list
    RetiredList list;
    std::atomic<uint64_t> count{0};  // the list's, as a hint
  };
  // A superseded version that a snapshot needs.
  struct Needed {
    ValueVersion* version = nullptr;  // null: there is none
    SnapshotView::Blocker blocker = {};
  };
  struct NumberedTransaction;
  struct alignas(64) TransactionShard {
    std::mutex mutex;  // guards what follows
    std::unordered_map<uint64_t, std::shared_ptr<NumberedTransaction>> transactions;
    uint64_t made = 0;  // transactions, ever
  };
  enum class Claim : uint8_t { claimed, conflict, retry, no_memory };

  // ---- memtable.cc

  Status collect_rows(RetiredList& rows) const noexcept;
  Status clear_rows() noexcept;
  uint64_t count_transactions() noexcept;

  // These three REQUIRE the row's lock, or that no other thread uses the row.
  static void drop(ValueVersion* version, DeferredCleanup& cleanup) noexcept;
  static void drop_if_dead(Row& row, DeferredCleanup& cleanup) noexcept;
  static void drop_row(Row& row, DeferredCleanup& cleanup) noexcept;
  // Ends the call's work on rows: erases dead ones, adds to the counters and to the orphans. While
  // that is not done, the call keeps clear() away: by a snapshot or a transaction that is open, or
  // by prune_mutex_.
  void finish(DeferredCleanup& cleanup) noexcept;
  // May free many objects, so it comes after the end of the call's snapshot.
  void retire(DeferredCleanup& cleanup) noexcept;

  // ---- memtable_write.cc: the steps of a transaction

  // Makes a pending version. `conflict` when another transaction has one, or when a version was
  // committed at `snapshot` or later.
  Status install(WriteSet& writes, const KeyWrite& write, uint64_t snapshot);
  Status install_many(WriteSet& writes, std::span<const KeyWrite> list, uint64_t snapshot,
                      size_t& written);
  Claim try_install(WriteSet& writes, Bytes key, ValueVersion* version, uint64_t snapshot);
  // The key's row, found or made. Null without memory.
  Row* row_for(Bytes key, DeferredCleanup& cleanup);
  // REQUIRES the row's lock.
  static Claim claim(Row& row, ValueVersion* version, WriteSet& writes, uint64_t snapshot,
                     DeferredCleanup& cleanup) noexcept;
  // The steps of a commit. Returns whether a version has superseded another, or is a tombstone.
  static bool link(WriteSet& writes, uint64_t timestamp) noexcept;
  static void settle(WriteSet& writes, uint64_t timestamp, const SnapshotView* view,
                     DeferredCleanup& cleanup) noexcept;
  uint64_t commit_managed(WriteSet& writes, SnapshotHold& hold) noexcept;
  static void take_back(Row& row, ValueVersion* version, DeferredCleanup& cleanup) noexcept;
  void roll_back(WriteSet& writes) noexcept;
  static void drop_record(WriteSet& writes, DeferredCleanup& cleanup) noexcept;

  // ---- memtable_explicit.cc: transactions by number

  std::shared_ptr<NumberedTransaction> find_transaction(uint64_t number);
  std::shared_ptr<NumberedTransaction> make_transaction(uint64_t number);
  void end_if_empty(NumberedTransaction& transaction) noexcept;
  Status check_commit(NumberedTransaction& transaction, uint64_t timestamp,
                      std::span<const Bytes> keys) const;
  static void lock_settled(Row& row) noexcept;
  static void prune_row(Row& row, uint64_t oldest, DeferredCleanup& cleanup) noexcept;

  // ---- memtable_prune.cc: managed pruning

  bool run() noexcept override;
  static Needed unlink_unneeded(Row& row, ValueVersion* version, uint64_t end,
                                const SnapshotView& view, DeferredCleanup& cleanup) noexcept;
  void park(const Needed& needed) noexcept;
  void examine(ValueVersion* version, const SnapshotView& view, DeferredCleanup& cleanup) noexcept;
  // What a commit at `timestamp` of so many writes examines.
  struct Due {
    Orphans& orphans;
    uint64_t count;
  };
  Due due_orphans(uint64_t timestamp, uint64_t writes) noexcept;
  void add_orphans(RetiredList& list) noexcept;
  // Examines up to `count` orphans and returns how many there were.
  uint64_t examine_orphans(Orphans& orphans, uint64_t count, const SnapshotView& view,
                           DeferredCleanup& cleanup) noexcept;
  uint64_t count_orphans() noexcept;
  // Examines up to `count` of all orphans. REQUIRES prune_mutex_.
  struct Slice {
    uint64_t examined;
    uint64_t pruned;  // versions
  };
  Slice prune_slice(uint64_t count) noexcept;
  void end_snapshot(SnapshotRegistry::OpenSnapshot* snapshot) noexcept;
  void wake_background() noexcept {
    if (options_.background) sync::Background::wake();
  }

  static constexpr size_t kShards = 16;  // of numbered transactions
  static constexpr size_t kOrphanLists = 8;

  const MemtableOptions options_;
  KeyTable keys_;
  // As in MemtableStats.
  sync::StripedCounter keys_count_;
  sync::StripedCounter rows_;
  sync::StripedCounter versions_;
  sync::StripedCounter bytes_;

  SnapshotRegistry::Clock clock_;
  SnapshotRegistry snapshots_;
  std::mutex prune_mutex_;  // held by the one thread that prunes or clears, not by commits
  std::array<Orphans, kOrphanLists> orphans_;
  uint64_t left_in_round_ = 0;  // of the background thread: orphans that it has yet to examine

  std::array<TransactionShard, kShards> transactions_;
  std::atomic<uint64_t> horizon_{0};  // the largest `oldest` of prune()
};

}  // namespace stave::mvcc
