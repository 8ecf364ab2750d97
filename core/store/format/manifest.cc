#include "core/store/format/manifest.h"

#include <algorithm>
#include <array>

#include "core/base/endian.h"
#include "core/base/hash.h"
#include "core/os/file_io.h"
#include "core/store/format/format_version.h"
#include "core/store/options.h"

namespace stave::store {

namespace {

// Offsets of docs/formats/manifest.md.
constexpr size_t magic_at = 0;
constexpr size_t version_at = 8;
constexpr size_t family_at = 12;
constexpr size_t store_id_at = 16;
constexpr size_t hash_seed_at = 32;
constexpr size_t shards_at = 40;
constexpr size_t flags_at = 44;
constexpr size_t end_generation_at = 48;
constexpr size_t end_offset_at = 56;
constexpr size_t end_lsn_at = 64;
constexpr size_t next_generation_at = 72;
constexpr size_t sequence_at = 80;
constexpr size_t timeline_at = 88;
constexpr size_t shard_prefix_bits_at = 96;
// Zero, as long as this library has no use for them.
constexpr size_t namespaces_at = 100;
constexpr size_t checkpoint_at = 104;
constexpr size_t segment_list_at = 112;
constexpr size_t reserved_at = 120;
constexpr size_t checksum_at = 248;
constexpr size_t state_size = 256;
static_assert(magic_at + 8 == version_at && version_at + 4 == family_at);
static_assert(family_at + 4 == store_id_at && store_id_at + sizeof(StoreId) == hash_seed_at);
static_assert(hash_seed_at + 8 == shards_at && shards_at + 4 == flags_at);
static_assert(flags_at + 4 == end_generation_at && end_generation_at + 8 == end_offset_at);
static_assert(end_offset_at + 8 == end_lsn_at && end_lsn_at + 8 == next_generation_at);
static_assert(next_generation_at + 8 == sequence_at && sequence_at + 8 == timeline_at);
static_assert(timeline_at + 8 == shard_prefix_bits_at);
static_assert(shard_prefix_bits_at + 4 == namespaces_at && namespaces_at + 4 == checkpoint_at);
static_assert(checkpoint_at + 8 == segment_list_at && segment_list_at + 8 == reserved_at);
static_assert(reserved_at + 128 == checksum_at && checksum_at + 8 == state_size);
// Of format 1, which had states of 128 bytes.
constexpr size_t checksum_of_format_1_at = 120;
// The two states lie on pages of their own: a torn write of one cannot touch the other.
constexpr size_t state_distance = 4096;
constexpr size_t manifest_size = 2 * state_distance;

constexpr std::string_view magic = "STAVEMAN";
constexpr uint32_t family_store = 1;
constexpr uint32_t flag_clean = 1;
constexpr uint32_t flag_sealed = 2;
constexpr uint32_t flag_keys_on_disk = 4;
constexpr uint32_t flag_has_expiry = 8;
constexpr uint32_t flags_known = flag_clean | flag_sealed | flag_keys_on_disk | flag_has_expiry;

using StateBytes = std::array<std::byte, state_size>;

bool plausible(const Manifest& manifest) noexcept {
  const LogEnd& end = manifest.durable_end;
  const bool shards_fit = manifest.shards > 0 && manifest.shards <= shards_max &&
                          (manifest.shards & (manifest.shards - 1)) == 0;
  const bool end_fits = end.generation == 0
                            ? end.offset == 0 && end.lsn == 0
                            : end.offset >= segment_header_size && end.offset % 16 == 0;
  return shards_fit && end_fits && manifest.shard_prefix_bits <= shard_prefix_bits_max &&
         manifest.next_generation > end.generation;
}

StateBytes encode(const Manifest& manifest) noexcept {
  StateBytes bytes{};
  copy(&bytes[magic_at], as_bytes(magic));
  store_le32(&bytes[version_at], format_version);
  store_le32(&bytes[family_at], family_store);
  copy(&bytes[store_id_at], manifest.store_id);
  store_le64(&bytes[hash_seed_at], manifest.hash_seed);
  store_le32(&bytes[shards_at], manifest.shards);
  store_le32(&bytes[flags_at], (manifest.clean ? flag_clean : 0) |
                                   (manifest.sealed ? flag_sealed : 0) |
                                   (manifest.keys_on_disk ? flag_keys_on_disk : 0) |
                                   (manifest.has_expiry ? flag_has_expiry : 0));
  store_le64(&bytes[end_generation_at], manifest.durable_end.generation);
  store_le64(&bytes[end_offset_at], manifest.durable_end.offset);
  store_le64(&bytes[end_lsn_at], manifest.durable_end.lsn);
  store_le64(&bytes[next_generation_at], manifest.next_generation);
  store_le64(&bytes[sequence_at], manifest.sequence);
  store_le64(&bytes[timeline_at], manifest.timeline);
  store_le32(&bytes[shard_prefix_bits_at], manifest.shard_prefix_bits);
  store_le64(&bytes[checksum_at], hash64(Bytes(bytes).first(checksum_at), 0));
  return bytes;
}

bool has_magic_and_checksum(const std::byte* bytes, size_t at) noexcept {
  return as_text({bytes + magic_at, magic.size()}) == magic &&
         load_le64(bytes + at) == hash64({bytes, at}, 0);
}

// Of a state of this version or a later one, of any family.
bool has_right_checksum(const std::byte* bytes) noexcept {
  return has_magic_and_checksum(bytes, checksum_at);
}

bool is_of_format_1(const std::byte* bytes) noexcept {
  return load_le32(bytes + version_at) == 1 &&
         has_magic_and_checksum(bytes, checksum_of_format_1_at);
}

bool is_unwritten(const std::byte* bytes) noexcept {
  return is_zero({bytes, state_size});
}

Result<Manifest> decode(const std::byte* bytes, const std::string& path) {
  const uint32_t version = load_le32(bytes + version_at);
  if (version != format_version) return unsupported_file(path, version);
  if (load_le32(bytes + family_at) != family_store)
    return Status::error(Code::wrong_family,
                         "'" + path + "' belongs to another family than the store");
  const uint32_t flags = load_le32(bytes + flags_at);
  if ((flags & ~flags_known) != 0 || !is_zero({bytes + namespaces_at, checksum_at - namespaces_at}))
    return unsupported_file(path, version);
  Manifest manifest;
  std::copy_n(bytes + store_id_at, manifest.store_id.size(), manifest.store_id.begin());
  manifest.hash_seed = load_le64(bytes + hash_seed_at);
  manifest.shards = load_le32(bytes + shards_at);
  manifest.clean = (flags & flag_clean) != 0;
  manifest.sealed = (flags & flag_sealed) != 0;
  manifest.keys_on_disk = (flags & flag_keys_on_disk) != 0;
  manifest.has_expiry = (flags & flag_has_expiry) != 0;
  manifest.durable_end = {.generation = load_le64(bytes + end_generation_at),
                          .offset = load_le64(bytes + end_offset_at),
                          .lsn = load_le64(bytes + end_lsn_at)};
  manifest.next_generation = load_le64(bytes + next_generation_at);
  manifest.sequence = load_le64(bytes + sequence_at);
  manifest.timeline = load_le64(bytes + timeline_at);
  manifest.shard_prefix_bits = load_le32(bytes + shard_prefix_bits_at);
  if (!plausible(manifest))
    return Status::error(Code::corruption,
                         "the manifest '" + path + "' is damaged: a field is out of range");
  return manifest;
}

}  // namespace

Result<Manifest> read_manifest(os::FileSystem& files, const std::string& directory) {
  const std::string path = os::join_path(directory, manifest_name);
  STAVE_TRY_ASSIGN(const std::string content, os::read_small_file(files, path, manifest_size));
  const auto damaged = [&path](std::string_view what) {
    return Status::error(Code::corruption, "the manifest '" + path + "' is damaged (" +
                                               std::string(what) +
                                               "); restore it from a backup of the directory");
  };
  if (content.size() != manifest_size) return damaged("its size is wrong");
  const std::byte* first = as_bytes(content).data();
  const std::byte* second = first + state_distance;
  const bool first_right = has_right_checksum(first);
  const bool second_right = has_right_checksum(second);
  if (!first_right && !second_right && (is_of_format_1(first) || is_of_format_1(second)))
    return unsupported_file(path, 1);
  if (!first_right && !second_right) return damaged("neither of its states has a right checksum");
  const bool take_second = second_right && (!first_right || load_le64(second + sequence_at) >
                                                                load_le64(first + sequence_at));
  Result<Manifest> manifest = decode(take_second ? second : first, path);
  // The other state may have been the newer one. Recovery finds out.
  const bool other_right = take_second ? first_right : second_right;
  if (manifest && !other_right && !is_unwritten(take_second ? first : second))
    manifest->clean = false;
  return manifest;
}

Status create_manifest(os::FileSystem& files, const std::string& directory,
                       const Manifest& manifest) {
  std::string content(manifest_size, '\0');
  const StateBytes state = encode(manifest);
  const size_t at = (manifest.sequence & 1) * state_distance;
  content.replace(at, state_size, as_text(state));
  return os::replace_file(files, directory, manifest_name, as_bytes(content));
}

Result<std::unique_ptr<os::File>> put_manifest(os::FileSystem& files, const std::string& directory,
                                               Manifest& manifest) {
  const std::string path = os::join_path(directory, manifest_name);
  Result<std::unique_ptr<os::File>> file = files.open(path, os::OpenMode::read_write);
  if (!file) return file;
  Manifest next = manifest;
  next.sequence++;
  const uint64_t at = (next.sequence & 1) * state_distance;
  STAVE_TRY(os::write_all(**file, path, at, encode(next)));
  manifest = next;
  return file;
}

Status write_manifest(os::FileSystem& files, const std::string& directory, Manifest& manifest) {
  STAVE_TRY_ASSIGN(const std::unique_ptr<os::File> file, put_manifest(files, directory, manifest));
  return os::sync_file(*file, os::join_path(directory, manifest_name));
}

}  // namespace stave::store
