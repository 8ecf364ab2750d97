// The readable records of a store: damage in one does not hide the others.
#pragma once

#include <cstdint>
#include <functional>
#include <stave/stave.hpp>
#include <string_view>

namespace stave::tool {

class Records {
 public:
  // Those whose keys begin with `prefix`. `report` gets a line about each record that is damaged.
  Records(Store& store, std::string_view prefix, bool keys_only,
          std::function<void(std::string_view)> report);

  // Moves on; false behind the last. Damaged records are reported and passed over. Throws Failure
  // when the store fails otherwise.
  bool next();
  // Valid until the next call.
  std::string_view key();
  std::string_view value();
  uint64_t damaged() const noexcept { return damaged_; }

 private:
  Cursor cursor_;
  std::function<void(std::string_view)> report_;
  uint64_t damaged_ = 0;
};

}  // namespace stave::tool
