#include "core/os/testing/simulated_file_system.h"

#include <unistd.h>

#include <utility>

#include "core/base/endian.h"
#include "core/os/testing/simulated_state.h"

namespace stave::os {

namespace {

Status status_of(int failure, std::string_view action, const std::string& path) {
  return failure == 0 ? Status() : path_error(failure, action, path);
}

}  // namespace

SimulatedFileSystem::SimulatedFileSystem(uint64_t seed)
    : state_(std::make_unique<SimulatedState>(seed)) {}

SimulatedFileSystem::SimulatedFileSystem(std::unique_ptr<SimulatedState> state)
    : state_(std::move(state)) {}

SimulatedFileSystem::~SimulatedFileSystem() = default;

Result<std::unique_ptr<File>> SimulatedFileSystem::open(const std::string& path, OpenMode mode) {
  const bool create = mode == OpenMode::create_new;
  const SimulatedCall call(*state_, create ? CallKind::create : CallKind::open, path);
  int failure = call.failure();
  std::shared_ptr<SimulatedNode> node;
  if (failure == 0) {
    if (create)
      failure = state_->tree->create_file(path, node);
    else if (!(node = state_->tree->find(path)))
      failure = ENOENT;
    else if (node->is_directory())
      failure = EISDIR;
  }
  if (failure != 0) return path_error(failure, create ? "create" : "open", path);
  return make_simulated_file(*state_, std::move(node), path, mode != OpenMode::read_only);
}

Status SimulatedFileSystem::rename(const std::string& from, const std::string& to) {
  const SimulatedCall call(*state_, CallKind::rename, from);
  int failure = call.failure();
  if (failure == 0) failure = state_->tree->rename(from, to);
  return status_of(failure, "rename to '" + to + "'", from);
}

Status SimulatedFileSystem::remove(const std::string& path) {
  const SimulatedCall call(*state_, CallKind::remove, path);
  int failure = call.failure();
  if (failure == 0) failure = state_->tree->remove(path);
  return status_of(failure, "remove", path);
}

Status SimulatedFileSystem::make_directory(const std::string& path) {
  const SimulatedCall call(*state_, CallKind::make_directory, path);
  int failure = call.failure();
  if (failure == 0) failure = state_->tree->make_directory(path);
  return status_of(failure, "make directory", path);
}

Status SimulatedFileSystem::sync_directory(const std::string& path) {
  const SimulatedCall call(*state_, CallKind::sync_directory, path);
  int failure = call.failure();
  if (call.loses()) state_->tree->fail_sync(path);
  if (failure == 0) failure = state_->tree->sync(path);
  return status_of(failure, "sync directory", path);
}

Result<std::vector<std::string>> SimulatedFileSystem::list(const std::string& path) {
  const SimulatedCall call(*state_, CallKind::list, path);
  int failure = call.failure();
  const std::shared_ptr<SimulatedNode> node = state_->tree->find(path);
  if (failure == 0) failure = !node ? ENOENT : node->is_directory() ? 0 : ENOTDIR;
  if (failure != 0) return path_error(failure, "list directory", path);
  std::vector<std::string> names;
  for (const auto& [name, child] : node->live) names.push_back(name);
  return names;
}

Result<std::unique_ptr<FileLock>> SimulatedFileSystem::lock(const std::string& path,
                                                            bool exclusive) {
  const SimulatedCall call(*state_, CallKind::lock, path);
  int failure = call.failure();
  std::shared_ptr<SimulatedNode> node = state_->tree->find(path);
  if (failure == 0 && !node) failure = state_->tree->create_file(path, node);
  if (failure == 0 && node->is_directory()) failure = EISDIR;
  if (failure != 0) return path_error(failure, "lock", path);
  if (node->exclusive_lock || (exclusive && node->shared_locks > 0))
    return Status::error(Code::locked, "'" + path + "' is locked by this process; close it first");
  if (exclusive) node->content->set_volatile_text(std::to_string(::getpid()) + "\n");
  return make_simulated_lock(*state_, std::move(node), exclusive);
}

Status SimulatedFileSystem::random(MutableBytes into) {
  const std::string source = "the random source";
  const SimulatedCall call(*state_, CallKind::random, source);
  if (const int failure = call.failure()) return path_error(failure, "read", source);
  for (std::byte& byte : into) byte = static_cast<std::byte>(state_->random.next());
  return Status();
}

uint64_t SimulatedFileSystem::unix_time_ms() noexcept {
  // Relaxed, as below: nothing is ordered by the time.
  return state_->unix_time_ms.load(std::memory_order_relaxed);
}

void SimulatedFileSystem::set_unix_time_ms(uint64_t now) noexcept {
  state_->unix_time_ms.store(now, std::memory_order_relaxed);
}

std::unique_ptr<SimulatedFileSystem> SimulatedFileSystem::crash_image(const CrashPlan& plan,
                                                                      uint64_t seed) {
  SeededRandom random(seed);
  auto image = std::make_unique<SimulatedState>(random.next());
  const std::lock_guard lock(state_->mutex);
  image->unix_time_ms = state_->unix_time_ms.load();
  image->space->capacity = state_->space->capacity;
  image->tree = state_->tree->after_crash(plan, random, image->space);
  return std::unique_ptr<SimulatedFileSystem>(new SimulatedFileSystem(std::move(image)));
}

std::unique_ptr<SimulatedFileSystem> SimulatedFileSystem::kill_image() {
  auto image = std::make_unique<SimulatedState>(0);
  const std::lock_guard lock(state_->mutex);
  image->random = state_->random;
  image->unix_time_ms = state_->unix_time_ms.load();
  image->space->capacity = state_->space->capacity;
  image->tree = state_->tree->after_kill(image->space);
  return std::unique_ptr<SimulatedFileSystem>(new SimulatedFileSystem(std::move(image)));
}

Hash128 SimulatedFileSystem::digest() {
  const std::lock_guard lock(state_->mutex);
  std::string description;
  const auto append = [&description](uint64_t number) {
    std::byte bytes[8];
    store_le64(bytes, number);
    description += as_text(bytes);
  };
  state_->tree->for_each([&](const std::string& path, const SimulatedNode& node) {
    append(path.size());
    description += path;
    description += node.is_directory() ? 'd' : 'f';
    if (node.is_directory()) return;
    const Hash128 content = node.content->digest();
    append(node.content->size());
    append(content.low);
    append(content.high);
  });
  return hash128(as_bytes(description), 0);
}

void SimulatedFileSystem::set_hook(Hook hook) {
  const std::lock_guard lock(state_->mutex);
  state_->hook = std::move(hook);
}

uint64_t SimulatedFileSystem::events() {
  const std::lock_guard lock(state_->mutex);
  return state_->events;
}

void SimulatedFileSystem::set_background_write_back(uint64_t odds) {
  const std::lock_guard lock(state_->mutex);
  state_->write_back_odds = odds;
}

void SimulatedFileSystem::add_fault(const Fault& fault) {
  const std::lock_guard lock(state_->mutex);
  state_->faults.add(fault);
}

void SimulatedFileSystem::clear_faults() {
  const std::lock_guard lock(state_->mutex);
  state_->faults.clear();
}

uint64_t SimulatedFileSystem::calls() {
  const std::lock_guard lock(state_->mutex);
  return state_->faults.calls();
}

uint64_t SimulatedFileSystem::calls(CallKind kind) {
  const std::lock_guard lock(state_->mutex);
  return state_->faults.calls(kind);
}

uint64_t SimulatedFileSystem::fired(Fault::Kind kind) {
  const std::lock_guard lock(state_->mutex);
  return state_->faults.fired(kind);
}

void SimulatedFileSystem::set_capacity(uint64_t bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->space->capacity = bytes;
}

uint64_t SimulatedFileSystem::used_bytes() {
  const std::lock_guard lock(state_->mutex);
  return state_->space->used * simulated_page_size;
}

std::vector<std::string> SimulatedFileSystem::violations() {
  const std::lock_guard lock(state_->mutex);
  state_->tree->for_each([this](const std::string& path, const SimulatedNode& node) {
    if (node.content) state_->collect_violations(path, *node.content);
  });
  return state_->violations;
}

}  // namespace stave::os
