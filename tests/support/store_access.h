// The store's calls in the shape that tests like: owned strings in and out.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/store/store.h"

namespace stave::test {

// All records of a store, or what a model says they are.
using Contents = std::map<std::string, std::string>;

// The defaults, with the key directory that the environment asks for: STAVE_KEYDIR=disk, or
// STAVE_KEYDIR=collisions for one on disk in which every key shares its hash with most others. Both
// merge all the time.
store::Options base_options();

// `size` bytes that only `number` gives: two numbers differ in the first bytes already, and no
// shifted or mixed copy is mistaken for another.
std::string test_value(uint64_t number, size_t size);

Result<std::string> get(store::Store& store, std::string_view key);
Result<std::string> get_through_pin(store::Store& store, std::string_view key);
Status put(store::Store& store, std::string_view key, std::string_view value,
           store::Durability durability);
Status erase(store::Store& store, std::string_view key, store::Durability durability);
Status verify(store::Store& store);

// Everything a cursor shows; `internal` when it shows a key twice or one without the prefix.
Result<Contents> read_all(store::Store& store, std::string_view prefix = {},
                          bool keys_only = false);

// "" when both are equal, else the first difference, for people.
std::string difference(const Contents& expected, const Contents& found);

// The status with its message, for people.
std::string describe(const Status& status);

// As conformance scripts write bytes: "k\x00z".
std::string quoted(std::string_view bytes);

}  // namespace stave::test
