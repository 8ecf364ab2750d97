// Writes records as a dump: JSON Lines, or the binary form of docs/formats/dump.md.
//
// Beside the record at hand, which the caller owns, a writer needs some hundred KiB.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stave::tool {

enum class DumpFormat { json, binary };

class DumpWriter {
 public:
  // `file` stays open; `name` is for messages. Throws Failure, as all functions do, when the file
  // cannot be written.
  static std::unique_ptr<DumpWriter> create(DumpFormat format, int file, std::string name);
  virtual ~DumpWriter() = default;

  virtual void write(std::string_view key, std::string_view value) = 0;
  // Says that this was all. A binary dump without it is known to be cut off.
  virtual void finish() = 0;
};

}  // namespace stave::tool
