// --format of dump and load.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <map>
#include <optional>
#include <string>

#include "tools/stave/dump_writer.h"

namespace stave::tool {

inline void add_format_option(CLI::App& command, std::optional<DumpFormat>& format,
                              const std::string& description) {
  const std::map<std::string, DumpFormat> formats = {{"json", DumpFormat::json},
                                                     {"binary", DumpFormat::binary}};
  CLI::CheckedTransformer names(formats);
  names.description("");  // the help says it in words
  command.add_option("--format", format, description)->type_name("FORMAT")->transform(names);
}

}  // namespace stave::tool
