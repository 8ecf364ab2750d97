// What stands behind stave_memtable and its children: parts that outlive close and parts that do
// not.
//
// stave_memtable (the handle) -> MemtableState (gate, shared with the children) -> mvcc::Memtable
// (the core's). Transactions and snapshots have states of their own, shared with their cursors.
// Closing lets go of the core's object; each child keeps the core's table alive until it is closed
// itself, and each state its parent's, since a refused call touches the gates.
//
// Unlike other families, calls may come from inside a callback of the same table: read_with runs it
// while nothing is held. Only the table's close is refused there.
#pragma once

#include <stave/memtable.h>

#include <memory>
#include <mutex>
#include <string_view>

#include "capi/error.h"
#include "capi/handle.h"
#include "core/base/status.h"
#include "core/mvcc/memtable.h"
#include "core/mvcc/transaction.h"
#include "core/sync/gate.h"

namespace stave::capi {

// A gate and what is let go of when it is shut.
template <typename Core>
class SharedState {
 public:
  explicit SharedState(std::shared_ptr<Core> core) noexcept : core_(std::move(core)) {}

  sync::Gate& gate() noexcept { return gate_; }
  // Only inside the gate.
  const std::shared_ptr<Core>& core() const noexcept { return core_; }

  // A call at the same time or later waits and is ok.
  Status close() noexcept {
    if (gate_.entered_by_this_thread()) return Code::busy;
    gate_.close_and_wait();
    const std::lock_guard lock(mutex_);
    core_.reset();
    return {};
  }

 private:
  sync::Gate gate_;
  std::mutex mutex_;  // held while the core's object ends
  std::shared_ptr<Core> core_;
};

using MemtableState = SharedState<mvcc::Memtable>;

template <typename Core>
struct ChildState : SharedState<Core> {
  ChildState(std::shared_ptr<MemtableState> table, std::shared_ptr<Core> core) noexcept
      : SharedState<Core>(std::move(core)), parent(std::move(table)) {}
  const std::shared_ptr<MemtableState> parent;
};
using TransactionState = ChildState<mvcc::Transaction>;
using SnapshotState = ChildState<mvcc::SnapshotLease>;

}  // namespace stave::capi

struct stave_memtable final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::memtable;
  static constexpr std::string_view name = "memtable";

  stave_memtable() noexcept : Handle(kind) {}

  std::shared_ptr<stave::capi::MemtableState> state;
};

struct stave_memtable_transaction final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::memtable_transaction;
  static constexpr std::string_view name = "transaction";

  stave_memtable_transaction() noexcept : Handle(kind) {}

  std::shared_ptr<stave::capi::TransactionState> state;
};

struct stave_memtable_snapshot final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::memtable_snapshot;
  static constexpr std::string_view name = "snapshot";

  stave_memtable_snapshot() noexcept : Handle(kind) {}

  std::shared_ptr<stave::capi::SnapshotState> state;
};

namespace stave::capi {

enum class Timestamps : uint8_t { any, managed, explicit_ones };

// One call of a function that takes a memtable.
class MemtableCall {
 public:
  // invalid_argument unless the table's timestamps are of that kind.
  Status enter(stave_memtable* handle, Timestamps timestamps = Timestamps::any);
  mvcc::Memtable& table() noexcept { return *state_->core(); }

 private:
  Inside inside_;
  MemtableState* state_ = nullptr;  // the handle's
};

// One call of a function that takes a transaction or a snapshot.
template <typename HandleType, typename Core>
class ChildCall {
 public:
  Status enter(HandleType* handle) {
    STAVE_TRY(check(handle));
    STAVE_TRY(inside_.enter_nested(handle->state->gate()));
    STAVE_TRY(inside_table_.enter_nested(handle->state->parent->gate()));
    state_ = handle->state.get();
    return {};
  }
  Core& core() noexcept { return *state_->core(); }
  mvcc::Memtable& table() noexcept { return *state_->parent->core(); }

 private:
  Inside inside_;
  Inside inside_table_;
  ChildState<Core>* state_ = nullptr;
};
using TransactionCall = ChildCall<stave_memtable_transaction, mvcc::Transaction>;
using SnapshotCall = ChildCall<stave_memtable_snapshot, mvcc::SnapshotLease>;

}  // namespace stave::capi
