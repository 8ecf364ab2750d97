#include <utility>

#include "core/base/planted_bug.h"
#include "core/store/keydir/disk_key_directory.h"

namespace stave::store {

// First the index, then the list: of that only the keys that have been there since before the walk
// began. They were in the list all the time, so the index did not have them. A key that has come
// since is one that was not there when it came: the index may have shown it before.
DiskKeyDirectory::Cursor::Cursor(const DiskKeyDirectory& directory)
    : directory_(directory), list_version_(directory.collisions_.version()) {
  for (const auto& [hash, stored] : directory.overlay_)
    if (stored) overlaid_.push_back(*stored);
  if (directory.index_) entries_ = directory.index_->open_cursor();
}

Result<std::optional<DiskLocation>> DiskKeyDirectory::Cursor::next_entry() {
  while (entries_) {
    const Status moved = entries_->next();
    if (moved.is(Code::done)) {
      entries_.reset();
    } else if (!moved.ok()) {
      return moved;
    } else if (!directory_.overlay_.contains(entries_->key())) {
      return std::optional<DiskLocation>(decode_location(entries_->record().data()));
    }
  }
  if (overlaid_.empty()) return std::optional<DiskLocation>();
  const DiskLocation last = overlaid_.back();
  overlaid_.pop_back();
  return std::optional<DiskLocation>(last);
}

std::optional<DiskLocation> DiskKeyDirectory::Cursor::next_listed() {
  const uint64_t since = STAVE_PLANTED_BUG(keydir_cursor_twice) ? UINT64_MAX : list_version_;
  std::optional<CollisionList::Listed> listed =
      directory_.collisions_.next(listed_ ? &*listed_ : nullptr, since);
  if (!listed) return {};
  listed_ = std::move(listed->key);
  return listed->location;
}

Result<std::optional<Location>> DiskKeyDirectory::Cursor::next() {
  STAVE_TRY_ASSIGN(std::optional<DiskLocation> stored, next_entry());
  if (!stored) stored = next_listed();
  if (!stored) return std::optional<Location>();
  STAVE_TRY_ASSIGN(const Location location, directory_.locate(*stored));
  return std::optional<Location>(location);
}

}  // namespace stave::store
