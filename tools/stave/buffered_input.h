// A file read in pieces: by lines, or by bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stave::tool {

class BufferedInput {
 public:
  // `file` stays open; `name` is for messages. All functions throw Failure when it cannot be read.
  BufferedInput(int file, std::string name);

  const std::string& name() const noexcept { return name_; }
  uint64_t bytes_read() const noexcept { return bytes_read_; }  // handed out so far

  // The next byte, which stays there; nothing at the end.
  std::optional<char> peek();
  // Takes the next line without its line feed; the last may lack one. False at the end. A line that
  // is longer than size_max ends there: `line` has one byte more than that.
  bool next_line(size_t size_max, std::string& line);
  // Appends the next `size` bytes, fewer at the end. Takes memory as the bytes come, not as
  // they are announced.
  void append_bytes(size_t size, std::string& bytes);

 private:
  std::string_view available();  // empty at the end
  void consume(size_t size) noexcept;

  int file_;
  std::string name_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t bytes_read_ = 0;
};

}  // namespace stave::tool
