#include "core/store/collision_list.h"

#include <mutex>
#include <utility>

#include "core/base/hash.h"
#include "core/os/file_io.h"

namespace stave::store {

namespace {

constexpr std::string_view magic = "STAVECOL";
constexpr uint32_t format_version = 1;
// No more than what a length says can be believed.
constexpr size_t file_size_max = size_t{1} << 40;

// offset  size  field
constexpr size_t version_at = 8;        // 4; 4 zero
constexpr size_t store_id_at = 16;      // 16
constexpr size_t list_version_at = 32;  // 8
constexpr size_t newest_lsn_at = 40;    // 8
constexpr size_t count_at = 48;         // 8; 8 zero
constexpr size_t header_size = 64;
constexpr size_t checksum_size = 8;  // behind the entries

// An entry: the place, the key's size, the key.
constexpr size_t key_size_at = disk_index::place_size;  // 2
constexpr size_t key_at = key_size_at + 2;

void append(std::vector<std::byte>& to, Bytes bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

}  // namespace

CollisionList::Node CollisionList::make_node(Bytes key) {
  Entries one;
  one.emplace(std::string(as_text(key)), Entry());
  return one.extract(one.begin());
}

std::optional<Place> CollisionList::find(Bytes key) const {
  if (size() == 0) [[likely]]
    return {};
  const std::shared_lock lock(mutex_);
  const auto found = entries_.find(as_text(key));
  if (found == entries_.end()) return {};
  return found->second.place;
}

std::vector<Place> CollisionList::places() const {
  const std::shared_lock lock(mutex_);
  std::vector<Place> places;
  places.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) places.push_back(entry.place);
  return places;
}

std::optional<CollisionList::Listed> CollisionList::next(const std::string* after,
                                                         uint64_t version) const {
  const std::shared_lock lock(mutex_);
  auto found = after == nullptr ? entries_.begin() : entries_.upper_bound(*after);
  while (found != entries_.end() && found->second.since > version) ++found;
  if (found == entries_.end()) return {};
  return Listed{found->first, found->second.place};
}

void CollisionList::changed(uint64_t lsn) noexcept {
  version_++;
  newest_lsn_ = lsn;
  // Release: pairs with the acquire in size().
  size_.store(entries_.size(), std::memory_order_release);
}

void CollisionList::insert(Node node, const Place& place, uint64_t lsn) noexcept {
  const std::unique_lock lock(mutex_);
  node.mapped() = {.place = place, .since = version_ + 1};
  entries_.insert(std::move(node));
  changed(lsn);
}

bool CollisionList::replace(Bytes key, const Place& place, uint64_t lsn) noexcept {
  if (size() == 0) return false;
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(as_text(key));
  if (found == entries_.end()) return false;
  found->second.place = place;
  changed(lsn);
  return true;
}

bool CollisionList::erase(Bytes key, uint64_t lsn) noexcept {
  if (size() == 0) return false;
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(as_text(key));
  if (found == entries_.end()) return false;
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

std::vector<std::byte> CollisionList::encode(const StoreId& store_id) const {
  std::vector<std::byte> bytes(header_size);
  copy(bytes.data(), as_bytes(magic));
  store_le32(&bytes[version_at], format_version);
  copy(&bytes[store_id_at], store_id);
  store_le64(&bytes[list_version_at], version_);
  store_le64(&bytes[newest_lsn_at], newest_lsn_);
  store_le64(&bytes[count_at], entries_.size());
  for (const auto& [key, entry] : entries_) {
    append(bytes, encode_place(entry.place));
    std::array<std::byte, 2> size;
    store_le16(size.data(), static_cast<uint16_t>(key.size()));
    append(bytes, size);
    append(bytes, as_bytes(key));
  }
  std::array<std::byte, checksum_size> checksum;
  store_le64(checksum.data(), hash64(bytes, 0));
  append(bytes, checksum);
  return bytes;
}

Result<uint64_t> CollisionList::save(os::FileSystem& files, const std::string& directory,
                                     const StoreId& store_id,
                                     FunctionRef<Status(uint64_t)> before_writing) {
  std::vector<std::byte> bytes;
  uint64_t version = 0;
  uint64_t lsn = 0;
  {
    const std::shared_lock lock(mutex_);
    version = version_;
    lsn = newest_lsn_;
    if (saved_version_ != version) bytes = encode(store_id);
  }
  STAVE_TRY(before_writing(lsn));
  if (bytes.empty()) return version;
  STAVE_TRY(os::replace_file(files, directory, collisions_name, bytes));
  saved_version_ = version;
  return version;
}

Status CollisionList::load(os::FileSystem& files, const std::string& directory,
                           const StoreId& store_id) {
  const std::string path = os::join_path(directory, collisions_name);
  const Result<std::string> content = os::read_small_file(files, path, file_size_max);
  if (!content) return content.status();
  STAVE_TRY(decode(as_bytes(*content), path, store_id));
  saved_version_ = version_;
  return {};
}

// Into an empty list.
Status CollisionList::decode(Bytes bytes, const std::string& path, const StoreId& store_id) {
  const auto damaged = [&path](const char* what) {
    return Status::error(Code::corruption, "'" + path + "' is damaged (" + what +
                                               "); remove the file KEYS beside it, and the next "
                                               "open makes both from the log");
  };
  if (bytes.size() < header_size + checksum_size ||
      !equal(bytes.first(magic.size()), as_bytes(magic)))
    return damaged("it does not begin with STAVECOL");
  const Bytes content = bytes.first(bytes.size() - checksum_size);
  if (load_le64(content.data() + content.size()) != hash64(content, 0))
    return damaged("checksum mismatch");
  if (load_le32(&bytes[version_at]) != format_version)
    return Status::error(Code::unsupported_version, "'" + path + "' was written by a newer Stave");
  if (!equal(bytes.subspan(store_id_at, store_id.size()), store_id))
    return damaged("it belongs to another store");
  Bytes rest = content.subspan(header_size);
  for (uint64_t count = load_le64(&bytes[count_at]); count > 0; count--) {
    if (rest.size() < key_at) return damaged("it ends too early");
    const Place place = decode_place(rest.data());
    const size_t key_size = load_le16(&rest[key_size_at]);
    if (rest.size() - key_at < key_size) return damaged("it ends too early");
    entries_.emplace(std::string(as_text(rest.subspan(key_at, key_size))), Entry{.place = place});
    rest = rest.subspan(key_at + key_size);
  }
  if (!rest.empty()) return damaged("it ends too late");
  version_ = load_le64(&bytes[list_version_at]);
  newest_lsn_ = load_le64(&bytes[newest_lsn_at]);
  size_.store(entries_.size(), std::memory_order_release);
  return {};
}

}  // namespace stave::store
