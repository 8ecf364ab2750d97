// Files, mappings and locks of the simulated file system.
#include <unistd.h>

#include <utility>

#include "core/os/testing/simulated_state.h"

namespace stave::os {

namespace {

using NodePointer = std::shared_ptr<SimulatedNode>;

class SimulatedMapping final : public Mapping {
 public:
  SimulatedMapping(SimulatedState& state, NodePointer node, std::string path, std::byte* data,
                   uint64_t size, bool writable)
      : Mapping(data, size),
        state_(state),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable) {}

  ~SimulatedMapping() override {
    const std::lock_guard lock(state_.mutex);
    state_.collect_violations(path_, *node_->content);
    node_->content->unmap(writable_);
    node_.reset();  // the last name may be gone: its blocks are freed under the mutex
  }

  Status sync_data(uint64_t offset, uint64_t size) override {
    const SimulatedCall call(state_, CallKind::sync_data, path_);
    if (call.loses()) node_->content->fail_sync(offset, size);
    if (const int failure = call.failure()) return path_error(failure, "sync", path_, offset);
    node_->content->sync(offset, size);
    return Status();
  }

 private:
  SimulatedState& state_;
  NodePointer node_;
  std::string path_;
  bool writable_;
};

class SimulatedFile final : public File {
 public:
  SimulatedFile(SimulatedState& state, NodePointer node, std::string path, bool writable)
      : state_(state), node_(std::move(node)), path_(std::move(path)), writable_(writable) {}

  ~SimulatedFile() override {
    const std::lock_guard lock(state_.mutex);
    node_.reset();
  }

  Result<size_t> read(uint64_t offset, MutableBytes into) override {
    const SimulatedCall call(state_, CallKind::read, path_, into.size());
    if (const int failure = call.failure()) return path_error(failure, "read", path_, offset);
    return content().read(offset, call.is_short() ? into.first(shorter(into.size())) : into);
  }

  Result<size_t> write(uint64_t offset, Bytes from) override {
    const SimulatedCall call(state_, CallKind::write, path_, from.size());
    int failure = call.failure();
    if (failure == 0 && !writable_) failure = EBADF;
    size_t written = 0;
    if (failure == 0)
      failure = content().write(offset, call.is_short() ? from.first(shorter(from.size())) : from,
                                written);
    if (failure != 0) return path_error(failure, "write", path_, offset);
    return written;
  }

  Status sync_data() override {
    const SimulatedCall call(state_, CallKind::sync_data, path_);
    if (call.loses()) content().fail_sync();
    if (const int failure = call.failure()) return path_error(failure, "sync", path_);
    content().sync();
    return Status();
  }

  Result<uint64_t> size() override {
    const SimulatedCall call(state_, CallKind::size, path_);
    if (const int failure = call.failure()) return path_error(failure, "read the size of", path_);
    return content().size();
  }

  Status truncate(uint64_t size) override {
    const SimulatedCall call(state_, CallKind::truncate, path_);
    int failure = call.failure();
    if (failure == 0) failure = writable_ ? content().truncate(size) : EINVAL;
    if (failure != 0) return path_error(failure, "set the size of", path_, size);
    return Status();
  }

  Status allocate(uint64_t size) override {
    const SimulatedCall call(state_, CallKind::allocate, path_);
    int failure = call.failure();
    if (failure == 0 && size == 0) return Status();
    if (failure == 0) failure = writable_ ? content().allocate(size) : EBADF;
    if (failure != 0) return path_error(failure, "allocate space for", path_, size);
    return Status();
  }

  Result<std::unique_ptr<Mapping>> map(uint64_t size, bool writable) override {
    const SimulatedCall call(state_, CallKind::map, path_);
    int failure = call.failure();
    if (failure == 0 && writable && !writable_) failure = EACCES;
    std::byte* data = nullptr;
    if (failure == 0) failure = content().map(size, writable, data);
    if (failure != 0) return path_error(failure, "map", path_);
    return std::unique_ptr<Mapping>(
        std::make_unique<SimulatedMapping>(state_, node_, path_, data, size, writable));
  }

  Status drop_cache() override {
    const SimulatedCall call(state_, CallKind::drop_cache, path_);
    if (const int failure = call.failure()) return path_error(failure, "drop the cache of", path_);
    content().drop_cache();
    return Status();
  }

 private:
  SimulatedContent& content() const noexcept { return *node_->content; }
  // A count below `size` and not 0; the state's mutex is held.
  size_t shorter(size_t size) { return 1 + static_cast<size_t>(state_.random.below(size - 1)); }

  SimulatedState& state_;
  NodePointer node_;
  std::string path_;
  bool writable_;
};

class SimulatedLock final : public FileLock {
 public:
  SimulatedLock(SimulatedState& state, NodePointer node, bool exclusive)
      : state_(state), node_(std::move(node)), exclusive_(exclusive) {}

  ~SimulatedLock() override {
    const std::lock_guard lock(state_.mutex);
    if (exclusive_)
      node_->exclusive_lock = false;
    else
      node_->shared_locks--;
    node_.reset();
  }

 private:
  SimulatedState& state_;
  NodePointer node_;
  bool exclusive_;
};

}  // namespace

std::unique_ptr<File> make_simulated_file(SimulatedState& state, NodePointer node,
                                          const std::string& path, bool writable) {
  return std::make_unique<SimulatedFile>(state, std::move(node), path, writable);
}

std::unique_ptr<FileLock> make_simulated_lock(SimulatedState& state, NodePointer node,
                                              bool exclusive) {
  if (exclusive)
    node->exclusive_lock = true;
  else
    node->shared_locks++;
  return std::make_unique<SimulatedLock>(state, std::move(node), exclusive);
}

}  // namespace stave::os
