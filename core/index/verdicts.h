// What an update that may not ask match() under a lock has learnt of the candidates before.
//
// Thread safety: one thread.
#pragma once

#include <optional>

#include "core/base/small_list.h"
#include "core/index/probe.h"

namespace stave::index {

template <typename Entry>
class Verdicts {
 public:
  // Asks match() about the candidates in `buckets`, without a lock, up to the first that is the
  // key, except those known to be other keys.
  template <typename Buckets, typename Match>
  typename Buckets::Updated::Result judge(const Buckets& buckets, const Probe& probe,
                                          Match& match) {
    using Result = typename Buckets::Updated::Result;
    const bool is_first_round = list_.size() == 0;
    bool has_memory = true;
    const auto found = buckets.find(probe, [&](const Entry& entry) {
      const Judged* const known = is_first_round ? nullptr : list_.find(entry);
      if (known != nullptr && known->verdict == Verdict::different) return Verdict::different;
      const Verdict verdict = match(entry);
      if (verdict == Verdict::error || known != nullptr) return verdict;
      has_memory = list_.add({entry, verdict});
      return has_memory ? verdict : Verdict::error;
    });
    if (!has_memory) return Result::no_memory;
    return found.verdict == Verdict::error ? Result::failed : Result::done;
  }
  // Nothing when the entry has not been judged.
  std::optional<Verdict> on(const Entry& entry) const noexcept {
    const Judged* const known = list_.find(entry);
    return known != nullptr ? std::optional(known->verdict) : std::nullopt;
  }

 private:
  struct Judged {
    Entry entry;
    Verdict verdict = Verdict::different;
  };
  SmallList<Judged> list_;
};

}  // namespace stave::index
