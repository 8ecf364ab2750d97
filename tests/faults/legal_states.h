// What a store may show when some of its calls failed.
//
// A failed write is of one of two kinds. If its sync failed, so that the handle refuses writes from
// then on, its outcome is unknown until the store is opened again; until then it must not be
// visible. Any other failure has written nothing.
#pragma once

#include <string>
#include <vector>

#include "core/store/options.h"
#include "tests/support/store_access.h"
#include "tests/support/workload.h"

namespace stave::test {

class LegalStates {
 public:
  using Changes = std::vector<Workload::Change>;

  LegalStates() : levels_(1, std::vector<Contents>(1)) {}

  void acknowledged(const Changes& changes, store::Durability durability);
  void unknown(const Changes& changes);
  // flush, sync, close: everything acknowledged is as durable as this.
  void strengthen(store::Durability durability);

  // What the running handle must show.
  const Contents& visible() const noexcept { return visible_; }
  // "" if a reopened store may show `found`. Then that is the new beginning, and durable.
  // `power_lost`: only what was acknowledged for the device had to survive.
  std::string judge_reopened(const Contents& found, bool power_lost);

 private:
  // By number of writes that may be in the log: all contents they may have led to.
  std::vector<std::vector<Contents>> levels_;
  size_t device_ = 0;   // levels below are lost by no crash
  size_t process_ = 0;  // levels below are lost by power loss only
  Contents visible_;
};

}  // namespace stave::test
