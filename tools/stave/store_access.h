// The arguments by which a command names its store, and the store they open.
#pragma once

#include <cstddef>
#include <stave/stave.hpp>
#include <string>

#include "tools/stave/command_line.h"

namespace stave::tool {

// The store's limits (store.h), known here so that what exceeds them is not read into memory first.
constexpr size_t key_size_max = 65535;
constexpr size_t value_size_max = size_t{1} << 30;

struct StoreArguments {
  std::string directory;
  std::string options;     // "name=value name=value", as stave_store_options_set takes them
  std::string durability;  // shorthand for the option of that name; empty: not given
};

enum class Access {
  read,             // read-only: never changes a file, and shares the store with other readers
  write,            // the store must exist
  write_or_create,  // a missing store is created
};

// STORE and --options, and for a command that writes --durability.
void add_store_arguments(Command command, StoreArguments& arguments, Access access);

// Throws Failure; a missing store is ExitCode::no_store.
Store open_store(const StoreArguments& arguments, Access access);

}  // namespace stave::tool
