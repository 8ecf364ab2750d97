// stave_memtable, its transactions and snapshots, and how a call gets in.
//
// Unlike in other families, calls may come from inside a callback of the same table: read_with runs
// it while nothing is held. Only the close of a handle that the callback's call is inside of is
// refused there.
#pragma once

#include <stave/memtable.h>

#include <memory>
#include <optional>
#include <string_view>

#include "capi/error.h"
#include "capi/handle.h"
#include "core/base/status.h"
#include "core/mvcc/memtable.h"
#include "core/mvcc/transaction.h"

struct stave_memtable final : stave::capi::CoreHandle<std::unique_ptr<stave::mvcc::Memtable>> {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::memtable;
  static constexpr std::string_view name = "memtable";
  static constexpr stave::sync::Reentry reentry = stave::sync::Reentry::allowed;

  stave_memtable() noexcept : CoreHandle(kind) {}
};

struct stave_memtable_transaction final
    : stave::capi::CoreHandle<std::optional<stave::mvcc::Transaction>> {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::memtable_transaction;
  static constexpr std::string_view name = "transaction";
  static constexpr stave::sync::Reentry reentry = stave::sync::Reentry::allowed;

  explicit stave_memtable_transaction(stave_memtable& parent) noexcept
      : CoreHandle(kind, &parent), table(parent) {}

  stave_memtable& table;

 private:
  stave::Status close_core() override {
    return core->ended() ? stave::Status() : core->roll_back();
  }
};

struct stave_memtable_snapshot final
    : stave::capi::CoreHandle<std::optional<stave::mvcc::SnapshotHold>> {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::memtable_snapshot;
  static constexpr std::string_view name = "snapshot";
  static constexpr stave::sync::Reentry reentry = stave::sync::Reentry::allowed;

  explicit stave_memtable_snapshot(stave_memtable& parent) noexcept
      : CoreHandle(kind, &parent), table(parent) {}

  stave_memtable& table;
};

namespace stave::capi {

enum class Timestamps : uint8_t { any, managed, explicit_ones };

// One call of a function that takes a memtable.
class MemtableCall : public Call<stave_memtable> {
 public:
  // invalid_argument unless the table's timestamps are of that kind.
  Status enter(stave_memtable* handle, Timestamps timestamps = Timestamps::any);
  mvcc::Memtable& table() noexcept { return core(); }
};

// One call of a function that takes a transaction or a snapshot.
template <typename HandleType>
class ChildCall : public Call<HandleType> {
 public:
  Status enter(HandleType* handle) { return Call<HandleType>::enter(handle, sync::Pinned::yes); }
  mvcc::Memtable& table() noexcept { return *this->handle().table.core; }
};
using TransactionCall = ChildCall<stave_memtable_transaction>;
using SnapshotCall = ChildCall<stave_memtable_snapshot>;

}  // namespace stave::capi
