#include "core/disk_index/read/cursor.h"

#include <algorithm>

namespace stave::disk_index {

Status Cursor::next() {
  while (at_ == records_.size()) {
    if (ended_) return Code::done;
    STAVE_TRY(fill());
  }
  key_ = load_key(&records_[at_]);
  record_ = {&records_[at_ + key_size], entry_size_ - key_size};
  at_ += entry_size_;
  return {};
}

// A status other than ok leaves no more out than it must: the next call goes on with what was
// taken, and then with the next segment.
Status Cursor::fill() {
  records_.clear();
  at_ = 0;
  changes_.clear();
  entries_.clear();
  const sync::EpochPin pin;
  const View& view = state_.view();
  const SegmentWord segment = view.directory->word_of(first_);
  // The range goes on to `last`, and may have begun before first_ if segments have become larger.
  const uint64_t last = segment.depth() == 0 ? UINT64_MAX : first_ | UINT64_MAX >> segment.depth();
  // In the order of a get: a change that leaves a delta meanwhile is met in what follows.
  for (const Delta* delta : {view.active, view.frozen}) {
    if (delta == nullptr) continue;
    delta->for_range(*view.file, state_.hasher, first_, last,
                     [&](const HashedChange& change) { changes_.push_back(change); });
  }
  // Of each key the active delta's change stands first, and stays.
  const auto before = [](const HashedChange& a, const HashedChange& b) {
    return a.hash != b.hash ? a.hash < b.hash : load_key(a.entry) < load_key(b.entry);
  };
  std::stable_sort(changes_.begin(), changes_.end(), before);
  changes_.erase(std::unique(changes_.begin(), changes_.end(),
                             [&](const HashedChange& a, const HashedChange& b) {
                               return !before(a, b) && !before(b, a);
                             }),
                 changes_.end());
  const Status listed =
      view.reader->list(*view.file, segment, first_, entries_, SegmentReader::OnDamage::leave_out);
  taken_.clear();
  for (const Entry& entry : entries_)
    if (entry.hash >= first_ &&
        !std::binary_search(changes_.begin(), changes_.end(),
                            HashedChange{entry.hash, LogKind::put, entry.bytes}, before))
      taken_.push_back(entry);
  for (const HashedChange& change : changes_)
    if (change.kind == LogKind::put) taken_.push_back({change.hash, change.entry});
  std::sort(taken_.begin(), taken_.end(),
            [](const Entry& a, const Entry& b) { return a.hash < b.hash; });
  // What is taken is met: nothing may fail between that and the step to the next segment.
  records_.reserve(taken_.size() * entry_size_);
  for (const Entry& entry : taken_)
    records_.insert(records_.end(), entry.bytes, entry.bytes + entry_size_);
  first_ = last + 1;
  ended_ = last == UINT64_MAX;
  return listed;
}

}  // namespace stave::disk_index
