#include "tools/stave/buffered_input.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tools/stave/failure.h"
#include "tools/stave/format.h"

namespace stave::tool {

BufferedInput::BufferedInput(int file, std::string name)
    : file_(file), name_(std::move(name)), buffer_(size_t{128} << 10) {}

std::string_view BufferedInput::available() {
  while (begin_ == end_) {
    const ssize_t count = read(file_, buffer_.data(), buffer_.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_failure(formatted("cannot read {}", name_), errno);
    if (count == 0) return {};
    begin_ = 0;
    end_ = static_cast<size_t>(count);
  }
  return {buffer_.data() + begin_, end_ - begin_};
}

void BufferedInput::consume(size_t size) noexcept {
  begin_ += size;
  bytes_read_ += size;
}

std::optional<char> BufferedInput::peek() {
  const std::string_view bytes = available();
  if (bytes.empty()) return std::nullopt;
  return bytes.front();
}

bool BufferedInput::next_line(size_t size_max, std::string& line) {
  line.clear();
  std::string_view bytes = available();
  if (bytes.empty()) return false;
  for (; !bytes.empty(); bytes = available()) {
    const size_t room = size_max + 1 - line.size();
    const std::string_view piece = bytes.substr(0, std::min(bytes.find('\n'), room));
    line.append(piece);
    consume(piece.size());
    if (line.size() > size_max) return true;
    if (piece.size() < bytes.size()) {
      consume(1);
      return true;
    }
  }
  return true;
}

void BufferedInput::append_bytes(size_t size, std::string& bytes) {
  while (size > 0) {
    const std::string_view piece = available().substr(0, size);
    if (piece.empty()) return;
    bytes.append(piece);
    consume(piece.size());
    size -= piece.size();
  }
}

}  // namespace stave::tool
