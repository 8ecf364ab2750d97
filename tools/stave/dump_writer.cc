#include "tools/stave/dump_writer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tools/stave/base64.h"
#include "tools/stave/bytes_text.h"
#include "tools/stave/dump_format.h"
#include "tools/stave/json_object.h"
#include "tools/stave/output.h"

namespace stave::tool {

namespace {

// Gathers small writes; large ones pass by without a copy.
class BufferedOutput {
 public:
  BufferedOutput(int file, std::string name) : file_(file), name_(std::move(name)) {}

  void append(std::string_view bytes) {
    if (buffer_.size() + bytes.size() > size_max) flush();
    if (bytes.size() > size_max) {
      write_fully(file_, bytes, name_);
    } else {
      buffer_.append(bytes);
    }
  }
  void flush() {
    write_fully(file_, buffer_, name_);
    buffer_.clear();
  }

 private:
  static constexpr size_t size_max = size_t{128} << 10;
  const int file_;
  const std::string name_;
  std::string buffer_;
};

// ---- JSON Lines --------------------------------------------------------------------------------

// The objects are those of `scan --values --json`, made in pieces, so that a large value is not
// held again as text.
class JsonWriter final : public DumpWriter {
 public:
  JsonWriter(int file, std::string name) : output_(file, std::move(name)) {}

  void write(std::string_view key, std::string_view value) override {
    output_.append("{");
    write_bytes("key", key);
    output_.append(",");
    write_bytes("value", value);
    output_.append("}\n");
  }
  void finish() override { output_.flush(); }

 private:
  // A multiple of three: Base64 of the parts is Base64 of the whole.
  static constexpr size_t piece_size_max = size_t{48} << 10;

  void write_bytes(std::string_view name, std::string_view bytes) {
    const bool text = is_utf8(bytes);
    output_.append("\"");
    output_.append(name);
    output_.append(text ? "\":\"" : "_base64\":\"");
    while (!bytes.empty()) {
      const size_t size = text ? whole_characters(bytes) : std::min(bytes.size(), piece_size_max);
      const std::string_view piece = bytes.substr(0, size);
      if (text) {
        const std::string quoted = json_string(piece);
        output_.append(std::string_view(quoted).substr(1, quoted.size() - 2));
      } else {
        output_.append(to_base64(piece));
      }
      bytes.remove_prefix(size);
    }
    output_.append("\"");
  }

  // The size of a piece of UTF-8 that does not end inside a character.
  static size_t whole_characters(std::string_view bytes) noexcept {
    if (bytes.size() <= piece_size_max) return bytes.size();
    size_t size = piece_size_max;
    while ((static_cast<unsigned char>(bytes[size]) & 0xc0) == 0x80) --size;
    return size;
  }

  BufferedOutput output_;
};

// ---- Binary ------------------------------------------------------------------------------------

class BinaryWriter final : public DumpWriter {
 public:
  BinaryWriter(int file, std::string name) : output_(file, std::move(name)) {
    std::array<char, dump_offset::header_end> header{};
    dump_magic.copy(header.data(), dump_magic.size());
    store_little_endian(&header[dump_offset::version], dump_version);
    checksum_ = dump_checksum(0, {header.data(), dump_offset::header_checksum});
    store_little_endian(&header[dump_offset::header_checksum], checksum_);
    output_.append({header.data(), header.size()});
  }

  void write(std::string_view key, std::string_view value) override {
    std::array<char, dump_offset::head_end> head{};
    head[dump_offset::kind] = static_cast<char>(DumpKind::record);
    store_little_endian(&head[dump_offset::key_size], static_cast<uint16_t>(key.size()));
    store_little_endian(&head[dump_offset::value_size], static_cast<uint32_t>(value.size()));
    append_head(head, key, value);
    output_.append(key);
    output_.append(value);
    ++records_;
  }

  void finish() override {
    std::array<char, dump_offset::end_end> end{};
    end[dump_offset::kind] = static_cast<char>(DumpKind::end);
    store_little_endian(&end[dump_offset::records], records_);
    append_head(end, {}, {});
    output_.flush();
  }

 private:
  template <size_t size>
  void append_head(std::array<char, size>& head, std::string_view key, std::string_view value) {
    const std::string_view covered(&head[dump_offset::kind], size - dump_offset::kind);
    checksum_ = dump_checksum(checksum_, covered, key, value);
    store_little_endian(&head[dump_offset::checksum], checksum_);
    output_.append({head.data(), head.size()});
  }

  BufferedOutput output_;
  uint64_t checksum_ = 0;
  uint64_t records_ = 0;
};

}  // namespace

std::unique_ptr<DumpWriter> DumpWriter::create(DumpFormat format, int file, std::string name) {
  if (format == DumpFormat::json) return std::make_unique<JsonWriter>(file, std::move(name));
  return std::make_unique<BinaryWriter>(file, std::move(name));
}

}  // namespace stave::tool
