#include "tools/stave/store_access.h"

#include "tools/stave/failure.h"

namespace stave::tool {

void add_store_arguments(Command command, StoreArguments& arguments, Access access) {
  command.add_positional("STORE", arguments.directory, "The directory of the store");
  command.add_text("--options", "TEXT", arguments.options,
                   "\"name=value name=value\"; see stave --list-options");
  if (access == Access::read) return;
  command.add_text("--durability", "LEVEL", arguments.durability,
                   "memory, os (survives kill -9) or device (power loss; default)");
}

Store open_store(const StoreArguments& arguments, Access access) {
  StoreOptions options;
  check(options.set(arguments.options.c_str()));
  if (!arguments.durability.empty()) {
    check(options.set(("durability=" + arguments.durability).c_str()));
  }
  if (access == Access::read) options.read_only = 1;
  if (access != Access::write_or_create) options.create_if_missing = 0;

  Result<Store> store = Store::open(arguments.directory.c_str(), options);
  if (store.status() == Status::not_found) {
    std::string message(store.error().message());
    message +=
        access == Access::write_or_create
            ? "\n  create the directory above it first"
            : "\n  check the path; `stave put`, `stave import` and `stave load` create a store";
    throw Failure(ExitCode::no_store, message);
  }
  return check(std::move(store));
}

}  // namespace stave::tool
