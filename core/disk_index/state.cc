#include "core/disk_index/state.h"

#include <utility>

namespace stave::disk_index {

State::State(os::FileSystem& with, std::string name, const Options& chosen,
             std::unique_ptr<os::FileLock> held, Opened& opened)
    : file_system(with),
      path(std::move(name)),
      options(chosen),
      lock(std::move(held)),
      record_size(opened.superblock.record_size),
      record_kind(opened.superblock.record_kind),
      hasher(opened.superblock.hash_seed, options.hash_mask),
      file(std::move(opened.file)),
      directory(std::move(opened.directory)),
      weight(opened.superblock.weight) {
  auto first = std::make_unique<View>();
  first->file = file;
  first->reader = std::make_shared<const SegmentReader>(hasher, record_size, *directory);
  first->directory = directory.get();
  publish(std::move(first));
}

State::~State() {
  const std::unique_ptr<View> last(view_.load(std::memory_order_relaxed));
  const std::unique_ptr<Delta> active(last->active);
  const std::unique_ptr<Delta> frozen(last->frozen);
  // Deleters that wait hold on to the file, and the file system may end with its last index.
  static_cast<void>(sync::EpochRegistry::reclaim_all());
}

void State::publish(std::unique_ptr<View> next) noexcept {
  // Relaxed: publishers hold writer_mutex. Release: pairs with the acquire in view().
  View* const before = view_.load(std::memory_order_relaxed);
  view_.store(next.release(), std::memory_order_release);
  if (before != nullptr) sync::EpochRegistry::retire(before);
}

Status State::refusal() const {
  if (options.read_only) [[unlikely]]
    return Code::read_only;
  return refuses() ? refused_because_ : Status();
}

void State::refuse(const Status& why) noexcept {
  if (refuses()) return;
  refused_because_ = why;
  refuses_.store(true, std::memory_order_relaxed);
}

}  // namespace stave::disk_index
