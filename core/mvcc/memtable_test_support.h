// What the tests of memtables share: outcomes of reads as text.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/mvcc/memtable.h"

namespace stave::mvcc {

// A visitor that leaves the value in `text`.
inline auto text_visitor(std::string& text) {
  return [&text](const InlineValue& value, const std::byte* room) {
    text = as_text(value.bytes(room));
  };
}

// "absent", "deleted", "=" and the value, or the name of an error.
inline std::string visible_text(const Result<Visible>& visible, const std::string& text) {
  if (!visible) return std::string(code_name(visible.status().code()));
  switch (*visible) {
    case Visible::absent:
      return "absent";
    case Visible::deleted:
      return "deleted";
    case Visible::value:
      break;
  }
  return "=" + text;
}

inline std::vector<Bytes> as_keys(const std::vector<std::string_view>& keys) {
  std::vector<Bytes> list;
  for (const std::string_view key : keys) list.push_back(as_bytes(key));
  return list;
}

}  // namespace stave::mvcc
