#include <stave/cow_map.h>

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "capi/barrier.h"
#include "capi/cow_map_handle.h"
#include "capi/error.h"
#include "core/cow_map/diff.h"
#include "core/sync/gate.h"

using stave::Bytes;
using stave::Code;
using stave::Status;
using stave::cow_map::Change;
using stave::cow_map::Diff;
using namespace stave::capi;

// A child of two maps, of which it needs nothing but to know whether they are closed.
struct stave_cow_map_diff final : Handle {
  static constexpr HandleKind kind = HandleKind::cow_map_diff;
  static constexpr std::string_view name = "diff";

  stave_cow_map_diff() noexcept : Handle(kind) {}

  stave::sync::Gate gate;
  std::array<std::shared_ptr<const ClosedFlag>, 2> maps_closed;
  std::optional<Diff> diff;  // nothing once closed
  bool on_key = false;
};

namespace {

class DiffCall {
 public:
  Status enter(stave_cow_map_diff* diff) {
    STAVE_TRY(check(diff));
    STAVE_TRY(inside_.enter(diff->gate));
    for (const auto& closed : diff->maps_closed)
      if (closed->load(std::memory_order_relaxed)) return Code::closed;
    return {};
  }

 private:
  Inside inside_;
};

uint32_t number(Change change) noexcept {
  switch (change) {
    case Change::added:
      return STAVE_CHANGE_ADDED;
    case Change::changed:
      return STAVE_CHANGE_CHANGED;
    case Change::removed:
      break;
  }
  return STAVE_CHANGE_REMOVED;
}

// One of the two values; `absent` is the change that has none.
Status value(stave_cow_map_diff* diff, Bytes (Diff::*get)() const noexcept, Change absent,
             const void** data, size_t* size) {
  STAVE_TRY(require(data, "data"));
  STAVE_TRY(require(size, "size"));
  *data = nullptr;
  *size = 0;
  DiffCall call;
  STAVE_TRY(call.enter(diff));
  if (!diff->on_key) return invalid_argument("the diff does not stand on a key");
  if (diff->diff->change() == absent) return Code::not_found;
  const Bytes bytes = (*diff->diff.*get)();
  *data = non_null(bytes);
  *size = bytes.size();
  return {};
}

void close_diff(stave_cow_map_diff& diff) {
  if (diff.gate.close_and_wait()) diff.diff.reset();
}

}  // namespace

stave_status stave_cow_map_diff_open(stave_cow_map* before, stave_cow_map* after,
                                     stave_cow_map_diff** diff, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(diff, "diff"));
    *diff = nullptr;
    STAVE_TRY(check(before));
    STAVE_TRY(check(after));
    auto handle = std::make_unique<stave_cow_map_diff>();
    handle->maps_closed = {before->closed_flag(), after->closed_flag()};
    auto first = before->map.snapshot();
    if (!first) return first.status();
    auto second = after->map.snapshot();
    if (!second) return second.status();
    handle->diff.emplace(*std::move(first), *std::move(second));
    *diff = handle.release();
    return {};
  });
}

stave_status stave_cow_map_diff_next(stave_cow_map_diff* diff, uint32_t* change, int64_t* key,
                                     stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(change, "change"));
    STAVE_TRY(require(key, "key"));
    *change = 0;
    *key = 0;
    DiffCall call;
    STAVE_TRY(call.enter(diff));
    diff->on_key = false;
    STAVE_TRY(diff->diff->next());
    diff->on_key = true;
    *change = number(diff->diff->change());
    *key = diff->diff->key();
    return {};
  });
}

stave_status stave_cow_map_diff_before(stave_cow_map_diff* diff, const void** data, size_t* size,
                                       stave_error* error) {
  return guarded(error, [&] { return value(diff, &Diff::before, Change::added, data, size); });
}

stave_status stave_cow_map_diff_after(stave_cow_map_diff* diff, const void** data, size_t* size,
                                      stave_error* error) {
  return guarded(error, [&] { return value(diff, &Diff::after, Change::removed, data, size); });
}

stave_status stave_cow_map_diff_close(stave_cow_map_diff* diff, stave_error* error) {
  return guarded(error, [&]() -> Status {
    if (diff == nullptr) return {};
    STAVE_TRY(check(diff));
    close_diff(*diff);
    return {};
  });
}

void stave_cow_map_diff_free(stave_cow_map_diff* diff) {
  if (!begin_free(diff)) return;
  close_diff(*diff);
  delete diff;
}
