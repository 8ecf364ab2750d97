// Calls that go through all records: visiting, changing and removing them.
#include <algorithm>
#include <deque>
#include <utility>

#include "core/os/file_io.h"
#include "core/store/store.h"

namespace stave::store {

namespace {

// What one commit of such a call has at most, roughly.
constexpr size_t commit_records_max = 256;
constexpr uint64_t commit_bytes_max = uint64_t{1} << 20;

}  // namespace

// Changes that are made together, with memory of their own.
class OwnedChanges {
 public:
  // May throw bad_alloc, as the calls may.
  explicit OwnedChanges(Store& store) : store_(store) {}

  // With `expected` the change is made only if that is the key's newest record.
  void remove(Bytes key, std::optional<Location> expected) {
    owned_.push_back({{key.begin(), key.end()}, {}});
    changes_.push_back(store_.make_remove(owned_.back().key));
    changes_.back().expected = expected;
  }
  void put(Bytes key, std::vector<std::byte> value, uint64_t expires_at, Location expected) {
    owned_.push_back({{key.begin(), key.end()}, std::move(value)});
    changes_.push_back(store_.make_change(owned_.back().key, owned_.back().value, expires_at));
    changes_.back().expected = expected;
  }

  // One commit, after which there are none. `*changed` grows by the keys that are changed, also
  // when a hook has failed.
  Status commit(Durability durability, CallTime& time, bool calls_hooks, uint64_t* changed) {
    Store::ManyChanges many;
    many.changes = std::move(changes_);
    many.calls_hooks = calls_hooks;
    Store::ManyChanged made;
    const Status committed = store_.write_many(std::move(many), durability, time, &made);
    *changed += made.changed;
    changes_.clear();
    owned_.clear();
    return committed;
  }

 private:
  struct Owned {
    std::vector<std::byte> key;
    std::vector<std::byte> value;
  };

  Store& store_;
  std::deque<Owned> owned_;  // does not move what is in it
  std::vector<Change> changes_;
};

Result<std::unique_ptr<Cursor>> Store::open_cursor(Bytes prefix, bool keys_only, Bytes token) {
  auto cursor = std::make_unique<Cursor>(segments_, *keys_, files_, prefix, keys_only);
  if (token.empty()) return cursor;
  STAVE_TRY_ASSIGN(CursorToken decoded, CursorToken::decode(token));
  STAVE_TRY(cursor->seek(std::move(decoded)));
  return cursor;
}

// ---- Hooks --------------------------------------------------------------------------------------

Status Store::add_hook(Hook hook, bool wants_old_value) {
  STAVE_TRY(check_writable());
  const ShardLocks locks = lock_all_shards();
  hooks_.add(std::move(hook), wants_old_value, log_->end().lsn);
  return {};
}

Status Store::visit_all(const Hook& visit) {
  STAVE_TRY_ASSIGN(const std::unique_ptr<Cursor> cursor, open_cursor({}, false));
  while (true) {
    const Status moved = cursor->next();
    if (moved.is(Code::done)) return {};
    STAVE_TRY(moved);
    const Code visited = visit({.key = cursor->key(),
                                .is_remove = false,
                                .value = cursor->value(),
                                .old_value = {},
                                .expires_at = cursor->expires_at(),
                                .version = cursor->version()});
    if (visited != Code::ok) return Code::hook_failed;
  }
}

// ---- Changing many records ----------------------------------------------------------------------

Status Store::migrate(Migrate migrate, MigrateProgress progress, Bytes token,
                      const WriteOptions& options, uint64_t* changed) {
  *changed = 0;
  STAVE_TRY(check_writable());
  STAVE_TRY_ASSIGN(const std::unique_ptr<Cursor> cursor, open_cursor({}, false, token));
  // A token says which records there were when the migration began.
  if (token.empty()) cursor->set_newest_version(pipeline_->settled_visible());
  OwnedChanges changes(*this);
  Status hooked;
  uint64_t visited = 0;
  for (bool ended = false; !ended;) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < commit_records_max && bytes < commit_bytes_max; i++) {
      const Status moved = cursor->next();
      ended = moved.is(Code::done);
      if (ended) break;
      STAVE_TRY(moved);
      std::vector<std::byte> value(cursor->value().begin(), cursor->value().end());
      STAVE_TRY_ASSIGN(const Migrated answer, migrate(cursor->key(), value));
      visited++;
      bytes += cursor->key().size() + value.size();
      if (answer == Migrated::removed) {
        changes.remove(cursor->key(), cursor->location());
      } else if (answer == Migrated::updated) {
        STAVE_TRY(check_record_limits(cursor->key(), value));
        changes.put(cursor->key(), std::move(value), cursor->expires_at(), cursor->location());
      }
    }
    CallTime time(files_);
    const Status committed = changes.commit(options.durability, time, true, changed);
    if (!stands(committed)) return committed;
    if (hooked.ok()) hooked = committed;
    STAVE_TRY(progress(visited, std::max(size(), visited), cursor->token().encode()));
  }
  return hooked;
}

Status Store::clear(const WriteOptions& options, uint64_t* removed) {
  *removed = 0;
  STAVE_TRY(check_writable());
  STAVE_TRY_ASSIGN(const std::unique_ptr<Cursor> cursor, open_cursor({}, true));
  OwnedChanges changes(*this);
  Status hooked;
  for (bool ended = false; !ended;) {
    for (size_t i = 0; i < commit_records_max; i++) {
      const Status moved = cursor->next();
      ended = moved.is(Code::done);
      if (ended) break;
      STAVE_TRY(moved);
      changes.remove(cursor->key(), {});
    }
    CallTime time(files_);
    // The sync at the end covers all commits.
    const Status committed =
        changes.commit(std::min(options.durability, Durability::os), time, true, removed);
    if (!stands(committed)) return committed;
    if (hooked.ok()) hooked = committed;
  }
  if (options.durability == Durability::device) STAVE_TRY(sync());
  return hooked;
}

Status Store::remove_expired(uint64_t* removed, uint64_t* next_expiry,
                             FunctionRef<Status()> pause) {
  *removed = 0;
  *next_expiry = never_expires;
  STAVE_TRY(check_writable());
  KeyDirectory::Cursor locations(*keys_);
  RecordReader reader(segments_);
  OwnedChanges changes(*this);
  Status first_damage;
  for (bool ended = false; !ended;) {
    CallTime time(files_);
    for (size_t i = 0; i < commit_records_max; i++) {
      STAVE_TRY_ASSIGN(const std::optional<Location> location, locations.next());
      ended = !location;
      if (ended) break;
      const auto look = [&]() -> Status {
        STAVE_TRY(reader.open(*location));
        STAVE_TRY_ASSIGN(const Bytes key, reader.key());
        const uint64_t expires_at = reader.expires_at();
        if (expires_at == 0) return {};
        if (!time.has_expired(expires_at)) {
          *next_expiry = std::min(*next_expiry, expires_at);
          return {};
        }
        // A damaged expiry must not cost a key.
        STAVE_TRY(reader.check());
        changes.remove(key, *location);
        return {};
      };
      Status looked = look();
      if (looked.is(Code::corruption)) {
        if (first_damage.ok()) first_damage = std::move(looked);
      } else {
        STAVE_TRY(looked);
      }
    }
    STAVE_TRY(changes.commit(Durability::os, time, false, removed));
    STAVE_TRY(pause());
  }
  return first_damage;
}

}  // namespace stave::store
