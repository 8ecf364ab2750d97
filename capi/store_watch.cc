// The store family: hooks, and what visits or changes all records.
#include <stave/store_watch.h>

#include <vector>

#include "capi/abi_struct.h"
#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/calls.h"
#include "capi/edit.h"
#include "capi/error.h"
#include "capi/output.h"
#include "capi/store_handle.h"

using stave::as_bytes;
using stave::Bytes;
using stave::Code;
using stave::Result;
using stave::Status;
using namespace stave::capi;
using stave::store::Event;
using stave::store::Hook;
using stave::store::Store;
using stave::store::WriteOptions;

namespace {

Hook core_hook(stave_hook hook, void* context) {
  return [hook, context](const Event& event) noexcept -> Code {
    const Bytes old_value = event.old_value.value_or(Bytes());
    stave_change change;
    init_struct(&change);
    change.removed = event.is_remove ? 1 : 0;
    change.has_old_value = event.old_value ? 1 : 0;
    change.key = non_null(event.key);
    change.key_size = event.key.size();
    change.value = non_null(event.value);
    change.value_size = event.value.size();
    change.old_value = non_null(old_value);
    change.old_value_size = old_value.size();
    change.expires_at = event.expires_at;
    change.version = event.version;
    return caught([&]() -> Status { return static_cast<Code>(hook(context, &change)); }).code();
  };
}

// Runs a stave_migration on a private copy of each value.
class Migration {
 public:
  Migration(stave_migration migration, void* context) noexcept
      : migration_(migration), context_(context) {}
  ~Migration() { stave_buffer_free(&copy_); }
  Migration(const Migration&) = delete;
  Migration& operator=(const Migration&) = delete;

  Result<Store::Migrated> run(Bytes key, std::vector<std::byte>& value) {
    if (!resize_for_overwrite(copy_, value.size())) return Code::no_memory;
    stave::copy(static_cast<std::byte*>(copy_.data), value);
    uint32_t action = STAVE_MIGRATE_KEEP;
    const stave_status answer = migration_(context_, non_null(key), key.size(), &copy_, &action);
    if (answer != STAVE_OK)
      return Status::error(static_cast<Code>(answer), "stopped by the callback");
    switch (action) {
      case STAVE_MIGRATE_KEEP:
        return Store::Migrated::kept;
      case STAVE_MIGRATE_REMOVE:
        return Store::Migrated::removed;
      case STAVE_MIGRATE_UPDATE: {
        STAVE_TRY(check_buffer(&copy_, "the callback's buffer"));
        const Bytes updated = content(copy_);
        value.assign(updated.begin(), updated.end());
        return Store::Migrated::updated;
      }
      default:
        return invalid_argument("the callback's action is not one of STAVE_MIGRATE_*");
    }
  }

 private:
  stave_migration migration_;
  void* context_;
  stave_buffer copy_ = {nullptr, 0, 0};
};

}  // namespace

stave_status stave_store_on_write(stave_store* store, uint32_t flags, stave_hook hook,
                                  void* context, stave_error* error) {
  return guarded_call(error, store, [&](Store& core) -> Status {
    if (hook == nullptr) return null_argument("hook");
    if ((flags & ~uint32_t{STAVE_HOOK_OLD_VALUE}) != 0)
      return invalid_argument("flags has bits other than STAVE_HOOK_*");
    return core.add_hook(core_hook(hook, context), (flags & STAVE_HOOK_OLD_VALUE) != 0);
  });
}

stave_status stave_store_on_open(stave_store* store, stave_hook hook, void* context,
                                 stave_error* error) {
  return guarded_call(error, store, [&](Store& core) -> Status {
    if (hook == nullptr) return null_argument("hook");
    return core.visit_all(core_hook(hook, context));
  });
}

stave_status stave_store_migrate(stave_store* store, stave_migration migration,
                                 stave_migrate_progress progress, void* context, const void* token,
                                 size_t token_size, uint64_t* changed,
                                 const stave_write_options* options, stave_error* error) {
  Output output(changed);
  return guarded_write(error, store, options, [&](Store& core, const WriteOptions& checked) {
    uint64_t count = 0;
    Status status = caught([&]() -> Status {
      if (migration == nullptr) return null_argument("migration");
      STAVE_TRY(require_bytes(token, token_size, "token"));
      Migration decisions(migration, context);
      const auto decide = [&](Bytes key, std::vector<std::byte>& value) {
        return decisions.run(key, value);
      };
      const auto report_progress = [&](uint64_t done, uint64_t total, Bytes at) -> Status {
        if (progress == nullptr) return {};
        const stave_status answer = progress(context, done, total, non_null(at), at.size());
        if (answer == STAVE_OK) return {};
        return Status::error(static_cast<Code>(answer),
                             "the progress callback stopped the operation");
      };
      return core.migrate(decide, report_progress, as_bytes(token, token_size), checked, &count);
    });
    output.set(count);
    return status;
  });
}
