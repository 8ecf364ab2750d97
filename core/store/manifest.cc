#include "core/store/manifest.h"

#include <algorithm>
#include <array>

#include "core/base/endian.h"
#include "core/base/hash.h"
#include "core/os/file_io.h"
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
constexpr size_t checksum_at = 120;
constexpr size_t manifest_size = 128;
static_assert(checksum_at + 8 == manifest_size);

constexpr std::string_view magic = "STAVEMAN";
constexpr uint32_t manifest_version = 1;
constexpr uint32_t family_store = 1;
constexpr uint32_t flag_clean = 1;
constexpr uint32_t flag_sealed = 2;

using ManifestBytes = std::array<std::byte, manifest_size>;

uint64_t checksum_of(const std::byte* bytes) noexcept {
  return hash64({bytes, checksum_at}, 0);
}

bool plausible(const Manifest& manifest, uint32_t flags) noexcept {
  const LogEnd& end = manifest.durable_end;
  const bool shards_fit = manifest.shards > 0 && manifest.shards <= shards_max &&
                          (manifest.shards & (manifest.shards - 1)) == 0;
  const bool end_fits = end.generation == 0
                            ? end.offset == 0 && end.lsn == 0
                            : end.offset >= segment_header_size && end.offset % 16 == 0;
  return shards_fit && end_fits && (flags & ~(flag_clean | flag_sealed)) == 0 &&
         manifest.next_generation > end.generation;
}

}  // namespace

Result<Manifest> read_manifest(os::FileSystem& files, const std::string& directory) {
  const std::string path = os::join_path(directory, manifest_name);
  Result<std::string> content = os::read_small_file(files, path, 4096);
  if (!content) return content.status();
  const auto damaged = [&path](std::string_view what) {
    return Status::error(Code::corruption, "the manifest '" + path + "' is damaged (" +
                                               std::string(what) +
                                               "); restore it from a backup of the directory");
  };
  const std::byte* bytes = as_bytes(*content).data();
  if (content->size() != manifest_size) return damaged("its size is wrong");
  if (std::string_view(*content).substr(magic_at, magic.size()) != magic)
    return damaged("it is not a Stave manifest");
  if (load_le64(bytes + checksum_at) != checksum_of(bytes)) return damaged("checksum mismatch");
  if (load_le32(bytes + version_at) != manifest_version)
    return Status::error(Code::unsupported_version, "'" + path + "' was written by a newer Stave");
  if (load_le32(bytes + family_at) != family_store)
    return Status::error(Code::wrong_family,
                         "'" + directory + "' is not a store; open it with its own family");
  Manifest manifest;
  const uint32_t flags = load_le32(bytes + flags_at);
  std::copy_n(bytes + store_id_at, manifest.store_id.size(), manifest.store_id.begin());
  manifest.hash_seed = load_le64(bytes + hash_seed_at);
  manifest.shards = load_le32(bytes + shards_at);
  manifest.clean = (flags & flag_clean) != 0;
  manifest.sealed = (flags & flag_sealed) != 0;
  manifest.durable_end = {.generation = load_le64(bytes + end_generation_at),
                          .offset = load_le64(bytes + end_offset_at),
                          .lsn = load_le64(bytes + end_lsn_at)};
  manifest.next_generation = load_le64(bytes + next_generation_at);
  if (!plausible(manifest, flags)) return damaged("a field is out of range");
  return manifest;
}

Status write_manifest(os::FileSystem& files, const std::string& directory,
                      const Manifest& manifest) {
  ManifestBytes bytes{};
  copy(&bytes[magic_at], as_bytes(magic));
  store_le32(&bytes[version_at], manifest_version);
  store_le32(&bytes[family_at], family_store);
  copy(&bytes[store_id_at], manifest.store_id);
  store_le64(&bytes[hash_seed_at], manifest.hash_seed);
  store_le32(&bytes[shards_at], manifest.shards);
  store_le32(&bytes[flags_at],
             (manifest.clean ? flag_clean : 0) | (manifest.sealed ? flag_sealed : 0));
  store_le64(&bytes[end_generation_at], manifest.durable_end.generation);
  store_le64(&bytes[end_offset_at], manifest.durable_end.offset);
  store_le64(&bytes[end_lsn_at], manifest.durable_end.lsn);
  store_le64(&bytes[next_generation_at], manifest.next_generation);
  store_le64(&bytes[checksum_at], checksum_of(bytes.data()));
  return os::replace_file(files, directory, manifest_name, bytes);
}

}  // namespace stave::store
