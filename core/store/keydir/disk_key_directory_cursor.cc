#include <array>
#include <utility>

#include "core/base/endian.h"
#include "core/base/hash.h"
#include "core/base/planted_bug.h"
#include "core/store/keydir/disk_key_directory.h"

namespace stave::store {

namespace {

constexpr uint32_t index_part = 0;
constexpr uint32_t overlay_part = 1;
constexpr uint32_t list_part = 2;

}  // namespace

uint64_t DiskKeyDirectory::order() const noexcept {
  std::array<std::byte, 8> seed;
  store_le64(seed.data(), index_ ? index_->hash_seed() : 0);
  return hash64(seed, hash_seed_);
}

// First the index, then the list: of that only the keys that have been there since before the walk
// began. They were in the list all the time, so the index did not have them. A key that has come
// since is one that was not there when it came: the index may have shown it before.
DiskKeyDirectory::Cursor::Cursor(const DiskKeyDirectory& directory)
    : directory_(directory), list_version_(directory.collisions_.version()) {
  for (const auto& [hash, stored] : directory.overlay_)
    if (stored) overlaid_.push_back(*stored);
  if (directory.index_) entries_ = directory.index_->open_cursor();
}

Status DiskKeyDirectory::Cursor::seek(const DirectoryPosition& position) {
  if (position.part > list_part)
    return Status::error(Code::invalid_argument, "the token has a position that does not exist");
  position_ = position;
  if (position.part > index_part) entries_.reset();
  if (position.part > overlay_part) overlaid_.clear();
  if (entries_) entries_->seek(position.at);
  return {};
}

Result<std::optional<DiskLocation>> DiskKeyDirectory::Cursor::next_entry() {
  while (entries_) {
    const Status moved = entries_->next();
    if (moved.is(Code::done)) {
      entries_.reset();
    } else if (!moved.ok()) {
      return moved;
    } else if (!directory_.overlay_.contains(entries_->key())) {
      position_ = {index_part, entries_->hash()};
      return std::optional<DiskLocation>(decode_location(entries_->record().data()));
    }
  }
  if (overlaid_.empty()) return std::optional<DiskLocation>();
  position_ = {overlay_part, 0};
  const DiskLocation last = overlaid_.back();
  overlaid_.pop_back();
  return std::optional<DiskLocation>(last);
}

std::optional<DiskLocation> DiskKeyDirectory::Cursor::next_listed() {
  const uint64_t since = STAVE_PLANTED_BUG(keydir_cursor_twice) ? UINT64_MAX : list_version_;
  std::optional<CollisionList::Listed> listed =
      directory_.collisions_.next(listed_ ? &*listed_ : nullptr, since);
  if (!listed) return {};
  position_ = {list_part, 0};
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
