// --format of dump and load.
#pragma once

#include <optional>
#include <string>

#include "tools/stave/command_line.h"
#include "tools/stave/dump_writer.h"

namespace stave::tool {

inline void add_format_option(Command command, std::optional<DumpFormat>& format,
                              const std::string& description) {
  command.add_choice(
      "--format", "FORMAT",
      {{"json", static_cast<int>(DumpFormat::json)},
       {"binary", static_cast<int>(DumpFormat::binary)}},
      [&format](int number) { format = static_cast<DumpFormat>(number); }, description);
}

}  // namespace stave::tool
