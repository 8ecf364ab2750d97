#include "core/store/keydir/collision_list.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <utility>

#include "core/base/hash.h"
#include "core/os/file_io.h"
#include "core/store/format/format_version.h"
#include "core/store/format/manifest.h"

namespace stave::store {

namespace {

constexpr std::string_view magic = "STAVECOL";

// offset  size  field
constexpr size_t version_at = 8;          // 4
constexpr size_t key_id_at = 12;          // 4, zero
constexpr size_t store_id_at = 16;        // 16
constexpr size_t list_version_at = 32;    // 8
constexpr size_t newest_lsn_at = 40;      // 8
constexpr size_t count_at = 48;           // 8
constexpr size_t cipher_at = 56;          // 4, zero, as is all that follows
constexpr size_t salt_at = 64;            // 32
constexpr size_t authentication_at = 96;  // 16
constexpr size_t header_size = 128;
constexpr size_t checksum_size = 8;  // after the entries
static_assert(magic.size() == version_at && version_at + 4 == key_id_at);
static_assert(key_id_at + 4 == store_id_at && store_id_at + sizeof(StoreId) == list_version_at);
static_assert(list_version_at + 8 == newest_lsn_at && newest_lsn_at + 8 == count_at);
static_assert(count_at + 8 == cipher_at && cipher_at + 8 == salt_at);
static_assert(salt_at + 32 == authentication_at && authentication_at + 32 == header_size);

// An entry: the location, the namespace's id, the key's size, the key.
constexpr size_t namespace_at = disk_index::location_size;  // 4
constexpr size_t key_size_at = namespace_at + 4;            // 2
constexpr size_t key_at = key_size_at + 2;
static_assert(key_at == 22);

constexpr uint64_t encoded_size(size_t key_size) noexcept {
  return key_at + key_size;
}

// Blocks are asked for in steps, not for every key anew.
constexpr uint64_t reserve_step = 4096;
constexpr uint64_t whole_steps(uint64_t bytes) noexcept {
  return (bytes + reserve_step - 1) / reserve_step * reserve_step;
}

void append(std::vector<std::byte>& to, Bytes bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

}  // namespace

CollisionList::Reservation CollisionList::reserve_memory(Bytes key) {
  Entries one;
  one.emplace(std::string(as_text(key)), Entry());
  Reservation reserved;
  reserved.node_ = one.extract(one.begin());
  reserved.list_ = this;
  encoded_bytes_.fetch_add(encoded_size(key.size()), std::memory_order_relaxed);
  return reserved;
}

void CollisionList::Reservation::forget() noexcept {
  if (list_ == nullptr) return;
  list_->encoded_bytes_.fetch_sub(encoded_size(node_.key().size()), std::memory_order_relaxed);
}

Result<CollisionList::Reservation> CollisionList::reserve_insertion(Bytes key) {
  Reservation reserved = reserve_memory(key);
  STAVE_TRY(reserve_space());
  return reserved;
}

std::optional<DiskLocation> CollisionList::find(Bytes key) const {
  if (size() == 0) [[likely]]
    return {};
  const std::shared_lock lock(mutex_);
  const auto found = entries_.find(as_text(key));
  if (found == entries_.end()) return {};
  return found->second.location;
}

std::vector<DiskLocation> CollisionList::locations() const {
  const std::shared_lock lock(mutex_);
  std::vector<DiskLocation> locations;
  locations.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) locations.push_back(entry.location);
  return locations;
}

std::optional<CollisionList::Listed> CollisionList::next(const std::string* after,
                                                         uint64_t version) const {
  const std::shared_lock lock(mutex_);
  auto found = after == nullptr ? entries_.begin() : entries_.upper_bound(*after);
  while (found != entries_.end() && found->second.since > version) ++found;
  if (found == entries_.end()) return {};
  return Listed{found->first, found->second.location};
}

void CollisionList::changed(uint64_t lsn) noexcept {
  version_++;
  newest_lsn_ = lsn;
  // Release: pairs with the acquire in size().
  size_.store(entries_.size(), std::memory_order_release);
}

void CollisionList::insert(Reservation reserved, const DiskLocation& location,
                           uint64_t lsn) noexcept {
  reserved.list_ = nullptr;  // its bytes are the entry's now
  const std::unique_lock lock(mutex_);
  reserved.node_.mapped() = {.location = location, .since = version_ + 1};
  entries_.insert(std::move(reserved.node_));
  changed(lsn);
}

bool CollisionList::replace(Bytes key, const DiskLocation& location, uint64_t lsn) noexcept {
  if (size() == 0) return false;
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(as_text(key));
  if (found == entries_.end()) return false;
  found->second.location = location;
  changed(lsn);
  return true;
}

bool CollisionList::erase(Bytes key, uint64_t lsn) noexcept {
  if (size() == 0) return false;
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(as_text(key));
  if (found == entries_.end()) return false;
  encoded_bytes_.fetch_sub(encoded_size(found->first.size()), std::memory_order_relaxed);
  entries_.erase(found);
  changed(lsn);
  return true;
}

uint64_t CollisionList::version() const {
  const std::shared_lock lock(mutex_);
  return version_;
}

uint64_t CollisionList::newest_lsn() const {
  const std::shared_lock lock(mutex_);
  return newest_lsn_;
}

std::vector<std::byte> CollisionList::encode() const {
  std::vector<std::byte> bytes(header_size);
  copy(bytes.data(), as_bytes(magic));
  store_le32(&bytes[version_at], format_version);
  copy(&bytes[store_id_at], store_id_);
  store_le64(&bytes[list_version_at], version_);
  store_le64(&bytes[newest_lsn_at], newest_lsn_);
  store_le64(&bytes[count_at], entries_.size());
  for (const auto& [key, entry] : entries_) {
    std::array<std::byte, key_at> fields{};  // namespace 0: the store itself
    copy(fields.data(), encode_location(entry.location));
    store_le16(&fields[key_size_at], static_cast<uint16_t>(key.size()));
    append(bytes, fields);
    append(bytes, as_bytes(key));
  }
  std::array<std::byte, checksum_size> checksum;
  store_le64(checksum.data(), hash64(bytes, 0));
  append(bytes, checksum);
  return bytes;
}

// ---- The file -----------------------------------------------------------------------------------

std::string CollisionList::new_path() const {
  return os::join_path(directory_, collisions_name).append(unfinished_suffix);
}

Status CollisionList::reserve_space() {
  const uint64_t entries = encoded_bytes_.load(std::memory_order_relaxed);
  if (entries == 0) [[likely]]
    return {};
  const uint64_t needed = header_size + entries + checksum_size;
  if (reserved_bytes_.load(std::memory_order_relaxed) >= needed) return {};
  const std::lock_guard lock(file_mutex_);
  if (reserved_bytes_.load(std::memory_order_relaxed) >= needed) return {};
  STAVE_TRY_ASSIGN(std::unique_ptr<os::File> file, open_new_file());
  // What is freed when it takes the file's place has to be enough for the one after.
  const uint64_t whole = whole_steps(needed);
  const uint64_t file_bytes = whole_steps(saved_bytes_);
  STAVE_TRY(file->allocate(whole + (whole > file_bytes ? whole - file_bytes : 0)));
  reserved_bytes_.store(whole, std::memory_order_relaxed);
  return {};
}

void CollisionList::release_space() noexcept {
  const std::lock_guard lock(file_mutex_);
  if (reserved_bytes_.exchange(0, std::memory_order_relaxed) == 0) return;
  try {
    static_cast<void>(files_.remove(new_path()));
  } catch (const std::bad_alloc&) {
    // Left behind, as after a failure: the next open removes it.
  }
}

// The reserve, or what a save has left that failed.
Result<std::unique_ptr<os::File>> CollisionList::open_new_file() {
  Result<std::unique_ptr<os::File>> file = files_.open(new_path(), os::OpenMode::read_write);
  if (file.status().is(Code::not_found)) file = files_.open(new_path(), os::OpenMode::create_new);
  return file;
}

// The outcome of a sync, noted when it is a failure.
Status CollisionList::synced(const Status& status) {
  if (status.ok()) return {};
  failure_ = Status::error(Code::io, status.message(), status.os_errno());
  // Release: pairs with the acquire in has_failed().
  has_failed_.store(true, std::memory_order_release);
  return failure_;
}

// As os::replace_file(), into the blocks that were reserved.
Status CollisionList::write(Bytes content) {
  const std::string path = new_path();
  {
    STAVE_TRY_ASSIGN(const std::unique_ptr<os::File> file, open_new_file());
    STAVE_TRY(os::write_all(*file, path, 0, content));
    reserved_bytes_.store(0, std::memory_order_relaxed);
    STAVE_TRY(file->truncate(content.size()));
    STAVE_TRY(synced(os::sync_file(*file, path)));
  }
  STAVE_TRY(files_.rename(path, os::join_path(directory_, collisions_name)));
  return synced(os::sync_directory(files_, directory_));
}

Result<uint64_t> CollisionList::save(FunctionRef<Status(uint64_t)> before_writing) {
  std::vector<std::byte> bytes;
  uint64_t version = 0;
  uint64_t lsn = 0;
  {
    const std::lock_guard file_lock(file_mutex_);
    const std::shared_lock lock(mutex_);
    version = version_;
    lsn = newest_lsn_;
    if (saved_version_ != version) bytes = encode();
  }
  STAVE_TRY(before_writing(lsn));
  if (bytes.empty()) return version;
  {
    const std::lock_guard file_lock(file_mutex_);
    STAVE_TRY(failure());
    STAVE_TRY(write(bytes));
    saved_version_ = version;
    saved_bytes_ = bytes.size();
  }
  // The file that was replaced has given its blocks back. Where they are gone all the same, the
  // next put is told; deletes go on.
  static_cast<void>(reserve_space());
  return version;
}

// Reads a file piece by piece up to `end`, and hashes it.
class CollisionList::HashedReader {
 public:
  HashedReader(os::File& file, const std::string& path, uint64_t end)
      : file_(file), path_(path), end_(end) {}

  uint64_t left() const noexcept { return end_ - at_ + ahead_.size(); }
  // No more than are left.
  Status read(MutableBytes into) {
    while (!into.empty()) {
      if (ahead_.empty()) STAVE_TRY(read_ahead());
      const size_t size = std::min(into.size(), ahead_.size());
      copy(into.data(), ahead_.first(size));
      into = into.subspan(size);
      ahead_ = ahead_.subspan(size);
    }
    return {};
  }
  Status read_rest() {
    while (at_ < end_) STAVE_TRY(read_ahead());
    ahead_ = {};
    return {};
  }
  // Whether the checksum behind the end is that of what was read.
  Result<bool> is_right() {
    std::array<std::byte, checksum_size> checksum;
    STAVE_TRY(os::read_exactly(file_, path_, end_, checksum));
    return load_le64(checksum.data()) == checksum_.digest();
  }

 private:
  Status read_ahead() {
    const MutableBytes piece =
        MutableBytes(buffer_).first(std::min<uint64_t>(end_ - at_, buffer_.size()));
    STAVE_TRY(os::read_exactly(file_, path_, at_, piece));
    at_ += piece.size();
    checksum_.update(piece);
    ahead_ = piece;
    return {};
  }

  os::File& file_;
  const std::string& path_;
  const uint64_t end_;
  uint64_t at_ = 0;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(size_t{64} << 10);
  Bytes ahead_;  // of the buffer: what comes next
  Hash64Stream checksum_{0};
};

namespace {

Status damaged(const std::string& path, const char* what) {
  return Status::error(Code::corruption, "'" + path + "' is damaged (" + what +
                                             "); remove the file KEYS beside it, and the next "
                                             "open makes both from the log");
}

}  // namespace

Status CollisionList::load() {
  const std::string path = os::join_path(directory_, collisions_name);
  STAVE_TRY_ASSIGN(const std::unique_ptr<os::File> file,
                   files_.open(path, os::OpenMode::read_only));
  STAVE_TRY_ASSIGN(const uint64_t size, file->size());
  STAVE_TRY(decode(*file, size, path));
  const std::lock_guard lock(file_mutex_);
  saved_version_ = version_;
  saved_bytes_ = size;
  return {};
}

// Into an empty list. An entry at a time: a size says nothing about what is in a file with holes,
// which all memory could not hold. False at a key of a namespace, which this library has no list
// for.
Result<bool> CollisionList::decode_entries(HashedReader& reader, uint64_t count,
                                           const std::string& path) {
  for (; count > 0; count--) {
    std::array<std::byte, key_at> entry;
    if (reader.left() < key_at) return damaged(path, "it ends too early");
    STAVE_TRY(reader.read(entry));
    if (load_le32(&entry[namespace_at]) != 0) return false;
    std::string key(load_le16(&entry[key_size_at]), '\0');
    if (reader.left() < key.size()) return damaged(path, "it ends too early");
    STAVE_TRY(reader.read({reinterpret_cast<std::byte*>(key.data()), key.size()}));
    if (!entries_.empty() && key <= entries_.rbegin()->first)
      return damaged(path, "its keys are not in order");
    encoded_bytes_.fetch_add(encoded_size(key.size()), std::memory_order_relaxed);
    entries_.emplace_hint(entries_.end(), std::move(key),
                          Entry{.location = decode_location(entry.data())});
  }
  return true;
}

Status CollisionList::decode(os::File& file, uint64_t size, const std::string& path) {
  if (size < header_size + checksum_size) return damaged(path, "it ends too early");
  HashedReader reader(file, path, size - checksum_size);
  std::array<std::byte, header_size> header;
  STAVE_TRY(reader.read(header));
  if (!equal(Bytes(header).first(magic.size()), as_bytes(magic)))
    return damaged(path, "it does not begin with STAVECOL");
  const uint32_t version = load_le32(&header[version_at]);
  bool is_supported = version == format_version && load_le32(&header[key_id_at]) == 0 &&
                      is_zero(Bytes(header).subspan(cipher_at));
  if (is_supported) {
    if (!equal(Bytes(header).subspan(store_id_at, store_id_.size()), store_id_))
      return damaged(path, "it belongs to another store");
    STAVE_TRY_ASSIGN(is_supported, decode_entries(reader, load_le64(&header[count_at]), path));
  }
  if (!is_supported) STAVE_TRY(reader.read_rest());
  if (reader.left() > 0) return damaged(path, "it ends too late");
  STAVE_TRY_ASSIGN(const bool right, reader.is_right());
  if (!right) return damaged(path, "checksum mismatch");
  if (!is_supported) return unsupported_file(path, version);
  version_ = load_le64(&header[list_version_at]);
  newest_lsn_ = load_le64(&header[newest_lsn_at]);
  size_.store(entries_.size(), std::memory_order_release);
  return {};
}

}  // namespace stave::store
