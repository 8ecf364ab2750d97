#include "core/store/recovery/segment_chain.h"

#include <algorithm>
#include <optional>

#include "core/os/file_io.h"

namespace stave::store {

namespace {

// Whether the store creates files of this name, and renames them when they are complete. Other
// files in the directory are not the store's.
bool is_unfinished(std::string_view name) noexcept {
  if (!name.ends_with(unfinished_suffix)) return false;
  name.remove_suffix(unfinished_suffix.size());
  return name == manifest_name || name == keys_name || name == collisions_name ||
         parse_segment_name(name).has_value();
}

// Whether a recovery has written down that the log ends before this segment, which a crash has
// brought back. Segments that were created since have other generations.
bool was_cut_away(uint64_t generation, const Manifest& manifest) noexcept {
  return manifest.sealed && generation > manifest.durable_end.generation &&
         generation < manifest.next_generation;
}

}  // namespace

Status newer_than_manifest(const std::string& directory, const Manifest& manifest) {
  return Status::error(Code::corruption,
                       "the log in '" + directory + "' goes on after commit " +
                           std::to_string(manifest.durable_end.lsn) +
                           ", where MANIFEST says that the store was closed; do these files come "
                           "from different backups?");
}

// The segments of the log are those that the newest one names as its predecessors. The others are
// remains of an earlier recovery whose removals a crash has undone.
Result<SegmentChain> open_chain(os::FileSystem& files, const std::string& directory,
                                const Manifest& manifest, bool read_only) {
  STAVE_TRY_ASSIGN(const std::vector<std::string> names, files.list(directory));
  SegmentChain chain;
  std::vector<uint64_t> generations;
  for (const std::string& name : names) {
    if (const auto generation = parse_segment_name(name)) generations.push_back(*generation);
    if (is_unfinished(name)) chain.leftovers.push_back(name);
  }
  std::sort(generations.rbegin(), generations.rend());
  if (!generations.empty()) chain.newest_generation = generations.front();

  // A clean log ends in a known segment.
  std::optional<uint64_t> expected;
  if (manifest.clean) expected = manifest.durable_end.generation;
  for (const uint64_t generation : generations) {
    if (manifest.clean && generation >= manifest.next_generation)
      return newer_than_manifest(directory, manifest);
    if (was_cut_away(generation, manifest)) {
      chain.leftovers.push_back(segment_name(generation));
      continue;
    }
    STAVE_TRY_ASSIGN(std::shared_ptr<Segment> segment,
                     open_segment(files, directory, generation, manifest.store_id, !read_only));
    if (expected && generation != *expected) {
      chain.leftovers.push_back(segment_name(generation));
      continue;
    }
    expected = segment->previous_generation();
    chain.segments.push_back(std::move(segment));
  }
  if (expected.value_or(0) != 0)
    return Status::error(Code::corruption, "segment '" +
                                               os::join_path(directory, segment_name(*expected)) +
                                               "' is missing; restore it from a backup");
  std::reverse(chain.segments.begin(), chain.segments.end());
  return chain;
}

}  // namespace stave::store
