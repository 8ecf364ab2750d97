#include "tests/corruption/specimen.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/os/file_io.h"
#include "core/store/format/manifest.h"
#include "core/store/format/record_format.h"
#include "core/store/format/segment_format.h"
#include "core/store/store.h"

namespace stave::test {
namespace {

using os::CrashPlan;
using store::Durability;
using store::Store;
using Disk = os::SimulatedFileSystem;

std::unique_ptr<Store> open_store(Disk& disk) {
  store::Options options = base_options();
  options.segment_size = 4096;
  auto opened = Store::open(disk, specimen_store, options);
  EXPECT_TRUE(opened.ok()) << describe(opened.status());
  return opened.ok() ? *std::move(opened) : nullptr;
}

// One commit that changes something, so that commits and LSNs count alike.
void commit(Store& store, Random& random, std::vector<Contents>& states, Durability durability) {
  Contents next = states.back();
  const auto key = [&] { return "key" + std::to_string(random.below(24)); };
  const auto value = [&] { return test_value(random.next(), random.below(300)); };
  Status status;
  if (random.one_in(5) && !next.empty()) {
    const std::string erased = next.begin()->first;
    next.erase(erased);
    status = erase(store, erased, durability);
  } else if (random.one_in(4)) {
    store::Batch batch;
    for (uint64_t i = 0; i < 4; i++) {
      const std::string batch_key = key();
      next[batch_key] = value();
      EXPECT_TRUE(
          batch.add(store::Batch::Kind::put, as_bytes(batch_key), as_bytes(next[batch_key])).ok());
    }
    status = store.write(batch, durability, nullptr, nullptr);
  } else {
    const std::string put_key = key();
    next[put_key] = value();
    status = put(store, put_key, next[put_key], durability);
  }
  EXPECT_TRUE(status.ok()) << describe(status);
  states.push_back(std::move(next));
}

struct Plan {
  const char* name;
  uint64_t commits;
  uint64_t device_percent;
  enum class End { closed, killed, power_lost, recovered } end;
};

constexpr std::array plans = {
    Plan{"closed", 60, 50, Plan::End::closed},
    Plan{"closed, one segment", 12, 50, Plan::End::closed},
    Plan{"killed", 60, 40, Plan::End::killed},
    Plan{"killed, all for the device", 50, 100, Plan::End::killed},
    Plan{"power lost", 60, 30, Plan::End::power_lost},
    Plan{"recovered and closed", 50, 30, Plan::End::recovered},
};

Specimen make_specimen(const Plan& plan, uint64_t seed) {
  Random random(seed);
  Specimen specimen;
  specimen.name = plan.name;
  specimen.disk = std::make_unique<Disk>(random.next());
  specimen.states.resize(1);
  const auto work = [&](uint64_t commits) {
    std::unique_ptr<Store> store = open_store(*specimen.disk);
    for (uint64_t i = 0; i < commits; i++)
      commit(*store, random, specimen.states,
             random.below(100) < plan.device_percent ? Durability::device : Durability::os);
    return store;
  };
  const auto crash = [&](const CrashPlan& crash_plan) {
    return specimen.disk->crash_image(crash_plan, random.next());
  };
  std::unique_ptr<Store> store = work(plan.commits);
  std::unique_ptr<Disk> image;
  if (plan.end == Plan::End::recovered) {
    store.reset();
    store = work(plan.commits / 3);
  }
  if (plan.end == Plan::End::closed || plan.end == Plan::End::recovered) {
    EXPECT_TRUE(store->close().ok());
    specimen.clean = true;
  }
  if (plan.end == Plan::End::power_lost) {
    CrashPlan torn = CrashPlan::everything_survives();
    torn.mapped = CrashPlan::Keep::random;
    torn.tear = CrashPlan::Tear::sector;
    image = crash(torn);
  } else {
    image = crash(CrashPlan::everything_survives());
  }
  store.reset();
  specimen.disk = std::move(image);
  if (plan.end == Plan::End::power_lost) {
    const std::unique_ptr<Disk> copy = specimen.copy();
    specimen.states.resize(open_store(*copy)->stats().version + 1);
  }
  return specimen;
}

// Raises `durable` by what the frames of one segment claim.
void collect_claims(std::string_view name, const std::string& bytes, uint64_t& durable) {
  const auto generation = store::parse_segment_name(name);
  if (!generation || bytes.size() < store::segment_header_size) return;
  store::StoreId id{};
  std::copy_n(as_bytes(bytes).data() + 16, id.size(), id.begin());
  const uint64_t seed = store::segment_seed(id, *generation);
  for (uint64_t at = store::segment_header_size; at + store::record_header_size <= bytes.size();
       at += location_unit) {
    const Bytes rest = as_bytes(bytes).subspan(at);
    const auto header = store::RecordHeader::decode(rest.data());
    if (header.durable_claim() <= durable || !header.plausible() || header.size() > rest.size())
      continue;
    if (store::checksum_matches(rest.first(header.size()), seed + at))
      durable = header.durable_claim();
  }
}

}  // namespace

std::unique_ptr<Disk> Specimen::copy() const {
  return disk->crash_image(CrashPlan::everything_survives(), 1);
}

std::vector<std::string> Specimen::files() const {
  std::vector<std::string> paths;
  Result<std::vector<std::string>> names = disk->list(specimen_store);
  for (const std::string& file : *names)
    if (file != store::lock_name) paths.push_back(os::join_path(specimen_store, file));
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<Specimen> make_specimens(uint64_t seed) {
  Random random(seed);
  std::vector<Specimen> specimens;
  for (const Plan& plan : plans) specimens.push_back(make_specimen(plan, random.next()));
  return specimens;
}

uint64_t recorded_durable_lsn(os::FileSystem& disk) {
  uint64_t durable = 0;
  const Result<store::Manifest> manifest = store::read_manifest(disk, specimen_store);
  if (manifest.ok()) durable = manifest->durable_end.lsn;
  const Result<std::vector<std::string>> names = disk.list(specimen_store);
  if (!names.ok()) return durable;
  for (const std::string& name : *names)
    collect_claims(name, read_file(disk, os::join_path(specimen_store, name)), durable);
  return durable;
}

std::string read_file(os::FileSystem& disk, const std::string& path) {
  Result<std::string> content = os::read_small_file(disk, path, size_t{1} << 30);
  return content.ok() ? *std::move(content) : std::string();
}

void overwrite(os::FileSystem& disk, const std::string& path, uint64_t offset,
               std::string_view bytes) {
  const auto file = disk.open(path, os::OpenMode::read_write);
  ASSERT_TRUE(file.ok()) << describe(file.status());
  ASSERT_TRUE(os::write_all(**file, path, offset, as_bytes(bytes)).ok());
  ASSERT_TRUE((*file)->sync_data().ok());
}

void replace_file(os::FileSystem& disk, const std::string& path, std::string_view content) {
  set_size(disk, path, 0);
  overwrite(disk, path, 0, content);
}

void set_size(os::FileSystem& disk, const std::string& path, uint64_t size) {
  const auto file = disk.open(path, os::OpenMode::read_write);
  ASSERT_TRUE(file.ok()) << describe(file.status());
  ASSERT_TRUE((*file)->truncate(size).ok());
  ASSERT_TRUE((*file)->sync_data().ok());
}

}  // namespace stave::test
