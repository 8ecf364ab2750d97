#include "tests/faults/fault_run.h"

#include <utility>

namespace stave::test {
namespace {

using os::Fault;
using store::Durability;
using store::Store;

constexpr const char* path = "/store";

bool allowed(Fault::Kind kind, Code code) {
  switch (kind) {
    case Fault::Kind::io_error:
      return code == Code::io;
    case Fault::Kind::no_space:
      return code == Code::no_space || code == Code::io;
    case Fault::Kind::short_count:
    case Fault::Kind::interrupted:
      return false;
  }
  return false;
}

}  // namespace

FaultRun::FaultRun(std::unique_ptr<Disk> disk, LegalStates legal, const store::Options& options,
                   uint64_t next_commit)
    : disk_(std::move(disk)),
      legal_(std::move(legal)),
      options_(options),
      workload_(1, "k/", 3000),
      next_commit_(next_commit) {}

void FaultRun::begin_faults(const Fault& fault) {
  fault_ = fault;
  faulty_ = true;
  disk_->add_fault(fault);
}

bool FaultRun::end_faults() {
  faulty_ = false;
  disk_->clear_faults();
  return disk_->fired(fault_.kind) > 0;
}

bool FaultRun::succeeded(const char* step, const Status& status) {
  if (!status.is_error()) return true;
  errors_++;
  // A failed sync, also one of a recovery, may lose what only the kernel held.
  if (status.is(Code::io) || !store_) only_device_counts_ = true;
  if (!faulty_ || !allowed(fault_.kind, status.code()))
    note(std::string(step) + ": " + describe(status));
  return false;
}

void FaultRun::open() {
  if (!problem_.empty()) return;
  Result<std::unique_ptr<Store>> opened = Store::open(*disk_, path, options_);
  if (!succeeded("open", opened.status())) return;
  store_ = *std::move(opened);
  const Result<Contents> found = read_all(*store_);
  if (!succeeded("scan", found.status())) return store_.reset();
  note(legal_.judge_reopened(*found, only_device_counts_));
}

void FaultRun::open_read_only() {
  options_.read_only = true;
  Result<std::unique_ptr<Store>> opened = Store::open(*disk_, path, options_);
  options_.read_only = false;
  if (!succeeded("open read-only", opened.status())) return;
  store_ = *std::move(opened);
  const Result<Contents> found = read_all(*store_);
  if (!succeeded("scan", found.status())) return store_.reset();
  behind_reader_ = legal_;
  note(legal_.judge_reopened(*found, only_device_counts_));
}

void FaultRun::forget_reader() {
  if (behind_reader_) legal_ = *std::move(behind_reader_);
  behind_reader_.reset();
}

void FaultRun::commit(Durability durability) {
  if (!ready()) return;
  const uint64_t number = next_commit_++;
  const bool refusing = store_->stats().writes_refused;
  finish_write(workload_.commit(number), durability, refusing,
               workload_.apply(*store_, number, durability));
}

void FaultRun::commits(uint64_t count, Durability durability) {
  for (uint64_t i = 0; i < count; i++) commit(durability);
}

void FaultRun::erase_key(Durability durability) {
  if (!ready() || legal_.visible().empty()) return;
  const std::string key = legal_.visible().begin()->first;
  const bool refusing = store_->stats().writes_refused;
  finish_write({{key, std::nullopt}}, durability, refusing, erase(*store_, key, durability));
}

void FaultRun::finish_write(const LegalStates::Changes& changes, Durability durability,
                            bool refusing, const Status& status) {
  if (status.is(Code::not_found)) return;
  if (refusing) {
    refusals_++;
    if (!status.is(Code::io)) note("a write after a failed sync: " + describe(status));
    return;
  }
  if (succeeded("write", status))
    legal_.acknowledged(changes, durability);
  else if (store_->stats().writes_refused)
    legal_.unknown(changes);  // else it failed before anything was written
}

void FaultRun::sync() {
  if (!ready()) return;
  if (succeeded("sync", store_->sync())) legal_.strengthen(Durability::device);
}

void FaultRun::flush() {
  if (!ready()) return;
  if (succeeded("flush", store_->flush())) legal_.strengthen(Durability::os);
}

void FaultRun::read_everything() {
  if (!ready()) return;
  for (const auto& [key, value] : legal_.visible()) {
    for (const Result<std::string>& got : {get(*store_, key), get_through_pin(*store_, key)}) {
      if (got.status().is(Code::not_found)) note("a read error became not_found");
      if (succeeded("get", got.status()) && got.ok() && *got != value)
        note("wrong value of " + quoted(key));
    }
    succeeded("contains", store_->contains(as_bytes(key)));
  }
  // With a directory on disk another key's record may be read to know that.
  const Result<std::string> absent = get(*store_, "absent");
  if (succeeded("get", absent.status()) && absent.ok()) note("an absent key was found");
  const Result<Contents> found = read_all(*store_);
  if (succeeded("scan", found.status()) && found.ok()) note(difference(legal_.visible(), *found));
}

void FaultRun::verify() {
  if (ready()) succeeded("verify", test::verify(*store_));
}

void FaultRun::close() {
  if (!ready()) return;
  const bool refusing = store_->stats().writes_refused;
  const Status closed = store_->close();
  if (refusing && closed.is(Code::io))
    refusals_++;
  else if (succeeded("close", closed) && !behind_reader_)
    legal_.strengthen(Durability::device);
  store_.reset();
  forget_reader();
}

void FaultRun::check_afterwards(bool power_loss) {
  if (ready()) check_live_handle();
  // A sync may have failed that no call waited for: one before a key directory on disk is saved.
  if (store_ && store_->stats().writes_refused) only_device_counts_ = true;
  if (power_loss) {
    std::unique_ptr<Disk> image = disk_->crash_image(os::CrashPlan::nothing_survives(), 1);
    store_.reset();
    disk_ = std::move(image);
  }
  store_.reset();
  Contents found;
  if (!reopen("after the faults", found)) return;
  // A failed sync leaves to the cache what the device does not have.
  note(legal_.judge_reopened(found, power_loss || only_device_counts_));
  check_power_loss_changes_nothing(found);
  commits(3, Durability::device);
  close();
  if (problem_.empty() && reopen("at last", found)) note(difference(legal_.visible(), found));
  if (problem_.empty() && !disk_->violations().empty())
    note("a store into bytes that no disk keeps: " + disk_->violations().front());
  store_.reset();
}

void FaultRun::check_live_handle() {
  read_everything();
  verify();
  if (behind_reader_) return forget_reader();
  commit(Durability::device);
  read_everything();
}

bool FaultRun::reopen(const char* when, Contents& found) {
  if (!problem_.empty()) return false;
  Result<std::unique_ptr<Store>> opened = Store::open(*disk_, path, options_);
  if (!opened.ok()) note(std::string("open ") + when + ": " + describe(opened.status()));
  if (!opened.ok()) return false;
  store_ = *std::move(opened);
  Result<Contents> contents = read_all(*store_);
  if (!contents.ok()) note(std::string("scan ") + when + ": " + describe(contents.status()));
  if (contents.ok()) found = *std::move(contents);
  verify();
  return problem_.empty();
}

void FaultRun::check_power_loss_changes_nothing(const Contents& shown) {
  if (!problem_.empty()) return;
  const std::unique_ptr<Disk> image = disk_->crash_image(os::CrashPlan::nothing_survives(), 1);
  const Result<std::unique_ptr<Store>> opened = Store::open(*image, path, options_);
  if (!opened.ok()) return note("open after a power loss: " + describe(opened.status()));
  const Result<Contents> found = read_all(**opened);
  if (!found.ok()) return note("scan after a power loss: " + describe(found.status()));
  if (*found != shown)
    note("what was shown is gone after a power loss: " + difference(shown, *found));
}

}  // namespace stave::test
