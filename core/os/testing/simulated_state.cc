#include "core/os/testing/simulated_state.h"

namespace stave::os {

void SimulatedState::collect_violations(const std::string& path, SimulatedContent& content) {
  for (const std::string& violation : content.take_violations())
    violations.push_back(path + ": " + violation);
}

SimulatedCall::SimulatedCall(SimulatedState& state, CallKind kind, const std::string& path,
                             size_t transfer_size)
    : state_(state), lock_(state.mutex) {
  if (is_mutating(kind)) {
    const uint64_t number = ++state.events;
    if (state.hook) {
      // Without the mutex: the hook takes images.
      const SimulatedFileSystem::Hook hook = state.hook;
      lock_.unlock();
      hook({number, kind, path});
      lock_.lock();
    }
    if (state.write_back_odds != 0) write_back();
  }
  fault_ = state.faults.next(kind, transfer_size);
}

void SimulatedCall::write_back() {
  state_.tree->for_each([this](const std::string&, const SimulatedNode& node) {
    if (node.content && state_.random.below(state_.write_back_odds) == 0)
      node.content->write_back_a_page(state_.random);
  });
}

int SimulatedCall::failure() const noexcept {
  if (!fault_) return 0;
  switch (*fault_) {
    case Fault::Kind::io_error:
      return EIO;
    case Fault::Kind::no_space:
      return ENOSPC;
    case Fault::Kind::interrupted:
      return EINTR;
    case Fault::Kind::short_count:
      break;
  }
  return 0;
}

}  // namespace stave::os
