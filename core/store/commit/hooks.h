// Hooks: functions of the caller that see every change of a key, in the order of the commits.
//
// A hook runs in the thread that made the change, after the change is visible and before the write
// returns, without a lock. Commits take turns by LSN. No commit waits for one that will never have
// its turn: what is visible comes after visible commits only, and each of those has a thread that
// is on its way here.
//
// Thread safety: as each member says.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/function_ref.h"
#include "core/base/status.h"
#include "core/store/commit/change.h"

namespace stave::store {

// One key's part in a commit, as hooks see it. The bytes are valid during the call.
struct Event {
  Bytes key;
  bool is_remove = false;
  Bytes value;
  std::optional<Bytes> old_value;  // of a key that was present, for hooks that want it
  uint64_t expires_at = 0;         // Unix time in milliseconds; 0: never
  uint64_t version = 0;            // of the commit
};
// Must not throw. Any code but ok is a failure.
using Hook = std::function<Code(const Event&)>;

class Hooks {
 public:
  struct List;
  // What one commit owes to the hooks.
  struct Due {
    std::shared_ptr<const List> list;  // in force when the commit was logged; null: no hooks
    bool is_silent = false;            // it takes its turn, and calls none
    // The values that its changes replace; nothing for an absent key. Empty when no hook wants
    // them.
    std::vector<std::optional<std::vector<std::byte>>> old_values;

    bool wants_old_values() const noexcept;
  };

  // REQUIRES: the calling thread holds all write mutexes; `last_lsn` is the newest LSN that a
  // commit has. The hook lives as long as this object.
  void add(Hook hook, bool wants_old_value, uint64_t last_lsn);
  // For a commit that is about to be logged. REQUIRES: the calling thread holds a write mutex until
  // the commit has its LSN.
  Due due(bool is_silent) const { return {list_, is_silent, {}}; }

  // Calls the hooks for a visible commit, when all earlier ones that owe it have done so. All are
  // called, also after one has failed; then `hook_failed`. Allocates nothing: the commit stands.
  // From any thread, once for each commit.
  Status call(const Due& due, std::span<const Change> changes) noexcept;

 private:
  struct Entry;
  class Turn;

  std::shared_ptr<const List> list_;  // guarded by the write mutexes: any to read, all to change
  std::mutex mutex_;                  // guards what follows
  std::condition_variable changed_;
  uint64_t last_called_ = 0;  // commits up to this LSN have had their turn
};

}  // namespace stave::store
