// What stands behind stave_index and its cursors: a part that outlives close and one that does not.
//
// stave_index (the handle) -> IndexState (gate, shared with cursors) -> index::Index (the core's).
// Closing destroys the core's cursors and then the core's index, which gives the memory back at
// once; the state lives until the handle and all cursors are freed, since a refused call touches
// the gate.
#pragma once

#include <stave/index.h>

#include <memory>
#include <mutex>
#include <string_view>

#include "capi/cursor_steps.h"
#include "capi/handle.h"
#include "capi/index_resolver.h"
#include "core/base/status.h"
#include "core/index/index.h"
#include "core/index/owned_index.h"
#include "core/sync/gate.h"

struct stave_index_cursor;

namespace stave::capi {

class IndexState {
 public:
  // The context of `resolver` stays the caller's until own_context().
  IndexState(const stave_index_resolver& resolver, const stave_index_options& options) noexcept
      : resolver_(resolver), options_(options) {}

  // Makes the core's index. Once, before the first call.
  Status create();
  void own_context() noexcept { resolver_.own_context(); }

  sync::Gate& gate() noexcept { return gate_; }
  // Only inside the gate.
  index::Index& index() noexcept { return *index_; }
  // As they were asked for, but the seed as it was chosen.
  const stave_index_options& options() const noexcept { return options_; }
  bool is_resolved() const noexcept { return options_.key_mode == STAVE_KEYS_RESOLVED; }
  // The core's index by its type; null when it is of another one. Only inside the gate.
  index::OwnedIndex* owned() noexcept {
    return options_.key_mode == STAVE_KEYS_OWNED ? &index::OwnedIndex::of(*index_) : nullptr;
  }
  index::OwnedIndex16* owned16() noexcept {
    return options_.key_mode == STAVE_KEYS_OWNED16 ? &index::OwnedIndex16::of(*index_) : nullptr;
  }

  // See stave_index_close. A call at the same time or later waits and is ok.
  Status close();

  // Only inside the gate: the cursor's part of the core will be destroyed by close().
  void add_cursor(stave_index_cursor& cursor) noexcept;
  // Destroys it now. From any thread, repeatedly, but not inside the cursor's gate.
  void remove_cursor(stave_index_cursor& cursor) noexcept;

 private:
  sync::Gate gate_;
  CallerResolver resolver_;
  stave_index_options options_;
  std::unique_ptr<index::Index> index_;  // null once closed; changes only behind the shut gate
  std::mutex mutex_;                     // guards the list, and destroying what is on it
  stave_index_cursor* cursors_ = nullptr;
};

}  // namespace stave::capi

struct stave_index final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::index;
  static constexpr std::string_view name = "index";

  stave_index() noexcept : Handle(kind) {}

  std::shared_ptr<stave::capi::IndexState> state;
};

struct stave_index_cursor final : stave::capi::Handle {
  static constexpr stave::capi::HandleKind kind = stave::capi::HandleKind::index_cursor;
  static constexpr std::string_view name = "cursor";

  stave_index_cursor() noexcept : Handle(kind) {}

  stave::sync::Gate gate;
  std::shared_ptr<stave::capi::IndexState> parent;
  // Null once the cursor or the index is closed.
  std::unique_ptr<stave::index::Index::Cursor> cursor;
  // The other open cursors of the index, guarded by its state's mutex.
  stave_index_cursor* previous = nullptr;
  stave_index_cursor* next = nullptr;

  // The entry that it stands on, or that a call could not deliver and the next one begins with.
  stave::index::Index::Item item;
  stave::capi::CursorPlace place;
};

namespace stave::capi {

// One call of a function that takes an index.
class IndexCall {
 public:
  // A function that only reads, which the resolver may call.
  Status enter_to_read(stave_index* handle) {
    STAVE_TRY(check(handle));
    state_ = handle->state.get();
    return inside_.enter_nested(state_->gate());
  }
  Status enter_to_write(stave_index* handle) {
    STAVE_TRY(check(handle));
    state_ = handle->state.get();
    return inside_.enter(state_->gate());
  }
  index::Index& index() noexcept { return state_->index(); }
  IndexState& state() noexcept { return *state_; }

 private:
  Inside inside_;
  IndexState* state_ = nullptr;
};

}  // namespace stave::capi
