// Reads a dump back, trusting no byte of it: what is not exactly a dump is refused with its place.
//
// Memory is bounded by the largest record, of JSON Lines by a few times the line that holds it,
// whatever sizes the input claims.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tools/stave/dump_writer.h"

namespace stave::tool {

struct DumpRecord {
  std::string key;
  std::string value;
};

class DumpReader {
 public:
  // Without a format the first byte tells it. `file` stays open; `name` heads the messages.
  static std::unique_ptr<DumpReader> create(std::optional<DumpFormat> format, int file,
                                            std::string name);
  virtual ~DumpReader() = default;

  // False behind the last record. Throws Failure: ExitCode::damaged for input that is not as it
  // should be, ExitCode::machine for input that cannot be read.
  virtual bool next(DumpRecord& record) = 0;
  // Of the record that next() has read: "'file', line 3".
  virtual std::string place() const = 0;
  virtual uint64_t bytes_read() const noexcept = 0;
};

}  // namespace stave::tool
