#include <stave/cow_map.h>

#include <memory>
#include <optional>
#include <string_view>

#include "capi/barrier.h"
#include "capi/cow_map_handle.h"
#include "capi/error.h"
#include "core/cow_map/diff.h"

using stave::Bytes;
using stave::Code;
using stave::Status;
using stave::cow_map::Change;
using stave::cow_map::Diff;
using namespace stave::capi;

// A child of the map that was before; a call is inside the one after, too.
struct stave_cow_map_diff final : CoreHandle<std::optional<Diff>> {
  static constexpr HandleKind kind = HandleKind::cow_map_diff;
  static constexpr std::string_view name = "diff";
  static constexpr stave::sync::Reentry reentry = stave::sync::Reentry::allowed;

  stave_cow_map_diff(stave_cow_map& first, stave_cow_map& second) noexcept
      : CoreHandle(kind, &first), after(&second) {}

  Hold after;
  bool on_key = false;

 private:
  void destroy_core() noexcept override {
    core.reset();
    after.reset();
  }
};

namespace {

class DiffCall : public Call<stave_cow_map_diff> {
 public:
  Status enter(stave_cow_map_diff* diff) {
    STAVE_TRY(Call::enter(diff));
    return inside_after_.enter(diff->after->gate(), diff->reentry, stave::sync::Pinned::no);
  }

 private:
  stave::sync::Gate::Entry inside_after_;
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
  if (diff->core->change() == absent) return Code::not_found;
  const Bytes bytes = (*diff->core.*get)();
  *data = non_null(bytes);
  *size = bytes.size();
  return {};
}

}  // namespace

stave_status stave_cow_map_diff_open(stave_cow_map* before, stave_cow_map* after,
                                     stave_cow_map_diff** diff, stave_error* error) {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(diff, "diff"));
    *diff = nullptr;
    Call<stave_cow_map> call;
    STAVE_TRY(call.enter(before));
    Call<stave_cow_map> call_after;
    STAVE_TRY(call_after.enter(after));
    auto handle = std::make_unique<stave_cow_map_diff>(*before, *after);
    STAVE_TRY_ASSIGN(auto first, call.core().snapshot());
    STAVE_TRY_ASSIGN(auto second, call_after.core().snapshot());
    handle->core.emplace(std::move(first), std::move(second));
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
    STAVE_TRY(diff->core->next());
    diff->on_key = true;
    *change = number(diff->core->change());
    *key = diff->core->key();
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
  return guarded(error, [&] { return close_handle(diff); });
}

void stave_cow_map_diff_free(stave_cow_map_diff* diff) {
  free_handle(diff);
}
