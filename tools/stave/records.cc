#include "tools/stave/records.h"

#include <utility>

#include "tools/stave/failure.h"

namespace stave::tool {

Records::Records(Store& store, std::string_view prefix, bool keys_only,
                 std::function<void(std::string_view)> report)
    : cursor_(check(store.open_cursor(CursorOptions(prefix, keys_only)))),
      report_(std::move(report)) {}

bool Records::next() {
  for (;;) {
    const Result<void> next = cursor_.next();
    if (next) return true;
    if (next.status() == Status::done) return false;
    if (next.status() != Status::corruption) throw failure_of(next.error());
    ++damaged_;
    report_(next.error().message());
  }
}

std::string_view Records::key() {
  return check(cursor_.key()).text();
}

std::string_view Records::value() {
  return check(cursor_.value()).text();
}

}  // namespace stave::tool
