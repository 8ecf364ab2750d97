#include "tests/crash/image_checker.h"

#include <utility>

#include "core/store/store.h"

namespace stave::test {
namespace {

using store::Store;

// Opens, reads everything and verifies; `store` and `contents` are filled in.
std::string open_and_read(os::FileSystem& disk, const store::Options& options,
                          std::unique_ptr<Store>& store, Contents& contents) {
  Result<std::unique_ptr<Store>> opened = Store::open(disk, crash_store, options);
  if (!opened.ok()) return "open: " + describe(opened.status());
  store = *std::move(opened);
  Result<Contents> found = read_all(*store);
  if (!found.ok()) return "scan: " + describe(found.status());
  contents = *std::move(found);
  if (store->size() != contents.size()) return "size differs from what the cursor shows";
  if (const Status status = verify(*store); !status.ok()) return "verify: " + describe(status);
  return {};
}

}  // namespace

std::string ImageChecker::check(std::unique_ptr<Disk> image, bool killed, const Judge& judge,
                                const Judge& judge_power_loss) {
  figures_.images++;
  // A killed process leaves more than its contents: what is not on the device yet.
  const uint64_t digest = image->digest().low ^ (killed ? 1 : 0);
  if (const auto known = seen_.find(digest); known != seen_.end()) return judge(known->second);
  count_if_distinct(digest);
  Contents contents;
  std::string problem = check_new(*image, killed, judge, judge_power_loss, &contents);
  seen_.emplace(digest, std::move(contents));
  if (problem.empty() && !image->violations().empty())
    problem = "a store into bytes that no disk keeps: " + image->violations().front();
  return problem;
}

void ImageChecker::count_if_distinct(uint64_t digest) {
  if (digests_.insert(digest).second) figures_.distinct++;
}

std::string ImageChecker::check_new(Disk& image, bool killed, const Judge& judge,
                                    const Judge& judge_power_loss, Contents* contents) {
  if (random_.one_in(8))
    if (std::string problem = open_read_only(image, judge); !problem.empty()) return problem;
  Opened opened;
  if (std::string problem = open_crashing(image, &opened); !problem.empty()) return problem;
  *contents = opened.contents;
  if (std::string problem = judge(opened.contents); !problem.empty()) return problem;

  // What the second crash leaves must be what the first had left, since all of it was on the
  // device; but a killed process leaves more than that.
  const Judge same = [&](const Contents& found) { return difference(opened.contents, found); };
  for (std::unique_ptr<Disk>& crash : opened.crashes) {
    figures_.images++;
    const uint64_t digest = crash->digest().low;
    if (seen_.contains(digest)) continue;
    count_if_distinct(digest);
    figures_.double_crashes++;
    std::unique_ptr<Store> store;
    Contents found;
    std::string problem = open_and_read(*crash, random_options(), store, found);
    if (problem.empty()) problem = killed ? judge_power_loss(found) : same(found);
    if (!problem.empty()) return "after a crash inside recovery: " + problem;
    seen_.emplace(digest, std::move(found));
  }
  if (std::string problem = check_again(image, opened.contents); !problem.empty()) return problem;
  return random_.one_in(2) ? write_and_reopen(image, std::move(opened.contents)) : "";
}

std::string ImageChecker::open_read_only(Disk& image, const Judge& judge) {
  figures_.read_only++;
  store::Options options = random_options();
  options.read_only = true;
  const Hash128 before = image.digest();
  std::unique_ptr<Store> store;
  Contents contents;
  Result<std::unique_ptr<Store>> opened = Store::open(image, crash_store, options);
  if (opened.status().is(Code::not_found)) return judge(contents);  // it was not made yet
  opened = Status(Code::locked);
  std::string problem = open_and_read(image, options, store, contents);
  if (problem.empty()) problem = judge(contents);
  store.reset();
  if (problem.empty() && image.digest() != before) problem = "it changed the files";
  return problem.empty() ? "" : "opened read-only: " + problem;
}

std::string ImageChecker::open_crashing(Disk& image, Opened* opened) {
  const size_t crashes_max = random_.one_in(3) ? 4 : 0;
  image.set_hook([&](const Disk::Event&) {
    if (opened->crashes.size() < crashes_max && random_.one_in(4))
      opened->crashes.push_back(
          image.crash_image(os::CrashPlan::draw(random_.next()), random_.next()));
  });
  std::unique_ptr<Store> store;
  std::string problem = open_and_read(image, random_options(), store, opened->contents);
  image.set_hook(nullptr);
  if (!problem.empty()) return problem;
  figures_.recoveries += store->stats().recovered ? 1 : 0;
  figures_.cuts += store->stats().recovered_cut_bytes > 0 ? 1 : 0;
  return {};
}

// What was shown once must be shown again, also after a power loss.
std::string ImageChecker::check_again(Disk& image, const Contents& contents) {
  const std::unique_ptr<Disk> crash =
      image.crash_image(os::CrashPlan::draw(random_.next()), random_.next());
  for (Disk* disk : {&image, crash.get()}) {
    std::unique_ptr<Store> store;
    Contents found;
    std::string problem = open_and_read(*disk, random_options(), store, found);
    if (problem.empty()) problem = difference(contents, found);
    if (!problem.empty())
      return std::string(disk == &image ? "opened again: " : "power loss after recovery: ") +
             problem;
  }
  return {};
}

std::string ImageChecker::write_and_reopen(Disk& image, Contents contents) {
  Result<std::unique_ptr<Store>> opened = Store::open(image, crash_store, random_options());
  if (!opened.ok()) return "open: " + describe(opened.status());
  for (uint64_t i = 0; i < 3; i++) {
    const std::string key = "after/" + std::to_string(i);
    contents[key] = test_value(i, random_.below(3000));
    const Status status = put(**opened, key, contents[key], store::Durability::device);
    if (!status.ok()) return "put after recovery: " + describe(status);
  }
  std::unique_ptr<Disk> crash;
  if (random_.one_in(2)) {
    if (const Status status = (*opened)->close(); !status.ok())
      return "close after recovery: " + describe(status);
  } else {
    crash = image.crash_image(os::CrashPlan::draw(random_.next()), random_.next());
  }
  opened = Status(Code::locked);
  std::unique_ptr<Store> store;
  Contents found;
  std::string problem = open_and_read(crash ? *crash : image, random_options(), store, found);
  if (problem.empty()) problem = difference(contents, found);
  return problem.empty() ? "" : "after writing to the recovered store: " + problem;
}

store::Options ImageChecker::random_options() {
  store::Options options = base_options();
  options.io = random_.one_in(2) ? store::ReadIo::mmap : store::ReadIo::buffered;
  options.segment_size = uint64_t{4096} << random_.below(2);
  return options;
}

}  // namespace stave::test
