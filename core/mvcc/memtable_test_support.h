// What the tests of memtables share: outcomes of reads as text.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/status.h"
#include "core/mvcc/memtable.h"
#include "core/sync/epoch.h"

namespace stave::mvcc {

// A visitor that leaves the value in `text`.
inline auto text_visitor(std::string& text) {
  return [&text](const ValueRef& value) { text = as_text(value.bytes); };
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

// At any snapshot from now on.
inline bool is_visible(const Memtable& table, std::string_view key) {
  const auto visible = table.read(as_bytes(key), {.snapshot = UINT64_MAX}, [](const ValueRef&) {});
  return visible.ok() && *visible == Visible::value;
}

inline std::vector<Bytes> as_keys(const std::vector<std::string_view>& keys) {
  std::vector<Bytes> list;
  for (const std::string_view key : keys) list.push_back(as_bytes(key));
  return list;
}

// What every test ends with: nothing is left of the table's memory, as it counts it, when
// everything is removed, nor of what was retired when the table is gone.
inline void expect_no_leak(std::unique_ptr<Memtable>& table) {
  // Not while a transaction is open; those go with the table.
  if (table->clear().ok()) {
    EXPECT_TRUE(table->is_empty());
    EXPECT_EQ(table->size_bytes(), 0U);
    EXPECT_EQ(table->stats().rows, 0U);
  }
  table.reset();
  EXPECT_TRUE(sync::EpochRegistry::reclaim_all());
  EXPECT_EQ(sync::EpochRegistry::waiting(), 0U);
}

}  // namespace stave::mvcc
