// stave_memtable, its transactions and snapshots, and what their options mean to the core.
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
#include "core/mvcc/memtable_cursor.h"
#include "core/mvcc/transaction.h"

struct stave_memtable final : stave::capi::CoreHandle<std::unique_ptr<stave::mvcc::Memtable>> {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::memtable;
  static constexpr std::string_view name = "memtable";
  static constexpr stave::sync::Reentry reentry = stave::sync::Reentry::allowed;

  stave_memtable() noexcept : CoreHandle(kind) {}

  stave_memtable_options options{};  // as they were asked for
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

// invalid_argument unless the table's timestamps are of that kind.
inline Status require_managed(const mvcc::Memtable& table) {
  if (table.options().managed) [[likely]]
    return {};
  return invalid_argument("the memtable's timestamps are explicit");
}
inline Status require_explicit(const mvcc::Memtable& table) {
  if (!table.options().managed) [[likely]]
    return {};
  return invalid_argument("the memtable's timestamps are managed: use transactions");
}

// `options` may be null; the answer is a whole, valid struct of this version.
Result<stave_memtable_options> memtable_options(const stave_memtable_options* options);
// `options` may be null: the defaults. The prefix points to the caller's bytes.
Result<mvcc::CursorOptions> memtable_cursor_options(const stave_memtable_cursor_options* options,
                                                    bool managed);

}  // namespace stave::capi
