// What stands behind stave_memtable and its children: parts that outlive close and parts that do
// not.
//
// stave_memtable (the handle) -> MemtableState (gate, shared with the children) -> mvcc::Memtable
// (the core's). Transactions and snapshots have states of their own, shared with their cursors.
// Closing lets go of the core's object; each child keeps the core's table alive until it is closed
// itself, and each state its parent's, since a refused call touches the gates.
//
// Transactions come and go by the million: theirs is a small gate, the core's transaction lies in
// the state, and the references to what they keep are counted thread by thread.
//
// Unlike other families, calls may come from inside a callback of the same table: read_with runs it
// while nothing is held. Only the table's close is refused there.
#pragma once

#include <stave/memtable.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "capi/error.h"
#include "capi/handle.h"
#include "core/base/status.h"
#include "core/mvcc/memtable.h"
#include "core/mvcc/transaction.h"
#include "core/sync/gate.h"
#include "core/sync/striped_owner.h"

namespace stave::capi {

class MemtableState {
 public:
  explicit MemtableState(std::shared_ptr<mvcc::Memtable> table) : table_(std::move(table)) {}

  sync::Gate& gate() noexcept { return gate_; }
  // Only inside the gate.
  const sync::StripedOwner<mvcc::Memtable>& table() const noexcept { return table_; }

  // A call at the same time or later waits and is ok.
  Status close() noexcept {
    if (gate_.entered_by_this_thread()) return Code::busy;
    gate_.close_and_wait();
    const std::lock_guard lock(mutex_);
    table_.reset();
    return {};
  }

 private:
  sync::Gate gate_;
  std::mutex mutex_;  // held while the core's object ends
  sync::StripedOwner<mvcc::Memtable> table_;
};

// As Inside, for a small gate.
class InsideSmall {
 public:
  Status enter_nested(sync::SmallGate& gate) noexcept {
    entry_.emplace(gate);
    return *entry_ ? Code::ok : Code::closed;
  }

 private:
  std::optional<sync::SmallGate::Entry> entry_;
};

// A gate of either size, how a call gets in, and what is let go of when it is shut. No callback
// runs inside.
template <typename GateType, typename InsideType, typename Core>
class ChildState {
 public:
  using Call = InsideType;

  template <typename... Arguments>
  explicit ChildState(std::shared_ptr<MemtableState> table, Arguments&&... arguments)
      : parent(std::move(table)), core_(std::in_place, std::forward<Arguments>(arguments)...) {}

  GateType& gate() noexcept { return gate_; }
  // Only inside the gate.
  Core& core() noexcept { return *core_; }

  // A call at the same time or later waits and is ok.
  Status close() noexcept {
    gate_.close_and_wait();
    const std::lock_guard lock(mutex_);
    core_.reset();
    return {};
  }

  const std::shared_ptr<MemtableState> parent;

 private:
  GateType gate_;
  std::mutex mutex_;  // held while the core's object ends
  std::optional<Core> core_;
};
using TransactionState = ChildState<sync::SmallGate, InsideSmall, mvcc::Transaction>;
using SnapshotState = ChildState<sync::Gate, Inside, std::shared_ptr<mvcc::SnapshotLease>>;

}  // namespace stave::capi

struct stave_memtable final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::memtable;
  static constexpr std::string_view name = "memtable";

  stave_memtable() noexcept : Handle(kind) {}

  stave::sync::StripedOwner<stave::capi::MemtableState> state;
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
  mvcc::Memtable& table() noexcept { return *state_->table(); }

 private:
  Inside inside_;
  MemtableState* state_ = nullptr;  // the handle's
};

// One call of a function that takes a transaction or a snapshot.
template <typename HandleType, typename State>
class ChildCall {
 public:
  Status enter(HandleType* handle) {
    STAVE_TRY(check(handle));
    state_ = handle->state.get();
    STAVE_TRY(inside_.enter_nested(state_->gate()));
    // Mostly: pins the thread as well, which every read and write needs.
    visit_table_.emplace(state_->parent->gate());
    if (*visit_table_) [[likely]]
      return {};
    return inside_table_.enter_nested(state_->parent->gate());
  }
  auto& core() noexcept { return state_->core(); }
  mvcc::Memtable& table() noexcept { return *state_->parent->table(); }

 private:
  typename State::Call inside_;
  std::optional<sync::Gate::Visit> visit_table_;
  Inside inside_table_;
  State* state_ = nullptr;
};
using TransactionCall = ChildCall<stave_memtable_transaction, TransactionState>;
using SnapshotCall = ChildCall<stave_memtable_snapshot, SnapshotState>;

}  // namespace stave::capi
