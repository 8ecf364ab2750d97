#include "tests/corruption/examiner.h"

#include "core/store/format/manifest.h"

namespace stave::test {
namespace {

using store::Store;

bool tells_of_damage(const Status& status) {
  return status.is(Code::corruption) || status.is(Code::unsupported_version) ||
         status.is(Code::wrong_family);
}

}  // namespace

Status Examiner::open(os::FileSystem& disk, std::unique_ptr<Store>& store) {
  store::Options options = base_options();
  options.segment_size = 4096;
  options.io = random_.one_in(2) ? store::ReadIo::mmap : store::ReadIo::buffered;
  options.read_only = random_.one_in(3);
  options.create_if_missing = false;
  Result<std::unique_ptr<Store>> opened = Store::open(disk, specimen_store, options);
  if (!opened.ok()) return opened.status();
  store = *std::move(opened);
  return {};
}

std::string Examiner::examine(const Specimen& specimen, os::FileSystem& damaged) {
  figures_.cases++;
  const uint64_t newest = specimen.states.size() - 1;
  // A clean end is recorded in the manifest alone: with that and the log damaged, nobody can know
  // it.
  bool manifest_changed = false;
  bool log_changed = false;
  for (const std::string& path : specimen.files())
    if (read_file(damaged, path) != read_file(*specimen.disk, path))
      (path.ends_with(store::manifest_name) ? manifest_changed : log_changed) = true;
  const bool end_is_known = specimen.clean && !(manifest_changed && log_changed);
  const uint64_t low = end_is_known ? newest : recorded_durable_lsn(damaged);
  std::unique_ptr<Store> store;
  if (const Status opened = open(damaged, store); !opened.ok()) {
    figures_.refused++;
    // Without its manifest and segments there is no store to be damaged.
    if (opened.is(Code::not_found) &&
        read_file(damaged, std::string(specimen_store) + "/MANIFEST").empty())
      return {};
    return tells_of_damage(opened) ? "" : "open: " + describe(opened);
  }
  const uint64_t shown = store->stats().version;
  if (shown < low || shown > newest)
    return "commits up to " + std::to_string(low) + " were recorded durable, and " +
           std::to_string(shown) + " are shown without an error";
  if (shown < newest) figures_.cut++;
  return use(*store, specimen.states[shown]);
}

std::string Examiner::use(Store& store, const Contents& expected) {
  bool reported = false;
  for (const auto& [key, value] : expected) {
    const Result<std::string> got =
        random_.one_in(2) ? get(store, key) : get_through_pin(store, key);
    if (got.ok() && *got != value) return "wrong value of " + quoted(key);
    if (got.ok()) continue;
    if (!tells_of_damage(got.status())) return "get: " + describe(got.status());
    reported = true;
  }
  const Result<Contents> found = read_all(store);
  if (found.ok()) {
    if (std::string problem = difference(expected, *found); !problem.empty())
      return "scan: " + problem;
  } else if (!tells_of_damage(found.status())) {
    return "scan: " + describe(found.status());
  }
  reported |= !found.ok();
  const Status verified = verify(store);
  if (!verified.ok() && !tells_of_damage(verified)) return "verify: " + describe(verified);
  if (reported && verified.ok()) return "verify does not see what a read stumbles over";
  if (!verified.ok()) reported = true;
  (reported ? figures_.reported : figures_.harmless)++;
  return {};
}

}  // namespace stave::test
