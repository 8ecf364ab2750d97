#include "core/store/commit/hooks.h"

#include <utility>

#include "core/base/planted_bug.h"

namespace stave::store {

struct Hooks::Entry {
  Hook hook;
  bool wants_old_value;
};

struct Hooks::List {
  std::vector<Entry> entries;
  bool wants_old_values = false;
};

bool Hooks::Due::wants_old_values() const noexcept {
  return list && list->wants_old_values && !is_silent;
}

// From when all commits before have had their turn until the end of the scope.
class Hooks::Turn {
 public:
  Turn(Hooks& hooks, uint64_t lsn) : hooks_(hooks), lsn_(lsn) {
    std::unique_lock lock(hooks_.mutex_);
    if (STAVE_PLANTED_BUG(hooks_out_of_order)) return;
    hooks_.changed_.wait(lock, [this] { return hooks_.last_called_ == lsn_ - 1; });
  }
  ~Turn() {
    const std::lock_guard lock(hooks_.mutex_);
    hooks_.last_called_ = lsn_;
    hooks_.changed_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Hooks& hooks_;
  const uint64_t lsn_;
};

void Hooks::add(Hook hook, bool wants_old_value, uint64_t last_lsn) {
  auto list = list_ ? std::make_shared<List>(*list_) : std::make_shared<List>();
  list->entries.push_back({std::move(hook), wants_old_value});
  list->wants_old_values |= wants_old_value;
  if (!list_) {
    const std::lock_guard lock(mutex_);
    last_called_ = last_lsn;
  }
  list_ = std::move(list);
}

Status Hooks::call(const Due& due, std::span<const Change> changes) noexcept {
  if (!due.list) return {};
  const Turn turn(*this, changes.front().lsn);
  if (due.is_silent) return {};
  bool all_succeeded = true;
  for (size_t i = 0; i < changes.size(); i++) {
    const Change& change = changes[i];
    Event event{.key = change.key,
                .is_remove = change.is_remove,
                .value = change.value,
                .old_value = {},
                .expires_at = change.expires_at,
                .version = change.lsn};
    for (const Entry& entry : due.list->entries) {
      event.old_value.reset();
      if (entry.wants_old_value && due.old_values[i]) event.old_value = *due.old_values[i];
      all_succeeded &= entry.hook(event) == Code::ok;
    }
  }
  return all_succeeded ? Code::ok : Code::hook_failed;
}

}  // namespace stave::store
