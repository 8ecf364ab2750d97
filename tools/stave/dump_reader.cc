#include "tools/stave/dump_reader.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "tools/stave/base64.h"
#include "tools/stave/buffered_input.h"
#include "tools/stave/bytes_text.h"
#include "tools/stave/dump_format.h"
#include "tools/stave/failure.h"
#include "tools/stave/format.h"
#include "tools/stave/store_access.h"

namespace stave::tool {

namespace {

// ---- JSON Lines --------------------------------------------------------------------------------

// Takes a record from the events of the parser. Unlike a parsed document this shows members that
// come twice, and holds no bytes that the record does not hold.
class RecordHandler final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit RecordHandler(DumpRecord& record) : record_(record) {}

  // What is wrong with the line; empty while nothing is.
  const std::string& problem() const noexcept { return problem_; }

  // To be called when the parser has come to the end of the line.
  void end() {
    if (!problem_.empty()) return;
    if (!has_key_) refuse("there is no \"key\" or \"key_base64\"");
    if (!has_value_) refuse("there is no \"value\" or \"value_base64\"");
  }

  bool start_object(size_t) override {
    if (inside_) return refuse_type();
    inside_ = true;
    return true;
  }
  bool end_object() override { return true; }

  bool key(std::string& name) override {
    const bool of_key = name == "key" || name == "key_base64";
    if (!of_key && name != "value" && name != "value_base64") {
      return refuse(formatted("\"{}\" is no member of a record", escape(name)));
    }
    if (std::exchange(of_key ? has_key_ : has_value_, true)) {
      return refuse(formatted("the {} comes twice", of_key ? "key" : "value"));
    }
    target_ = of_key ? &record_.key : &record_.value;
    name_ = name;
    return true;
  }

  bool string(std::string& text) override {
    if (!inside_) return refuse_type();
    if (!name_.ends_with("_base64")) {
      *target_ = std::move(text);
      return true;
    }
    std::optional<std::string> bytes = from_base64(text);
    if (!bytes) return refuse(formatted("\"{}\" is not Base64 with its padding", name_));
    *target_ = *std::move(bytes);
    return true;
  }

  bool null() override { return refuse_type(); }
  bool boolean(bool) override { return refuse_type(); }
  bool number_integer(int64_t) override { return refuse_type(); }
  bool number_unsigned(uint64_t) override { return refuse_type(); }
  bool number_float(double, const std::string&) override { return refuse_type(); }
  bool binary(nlohmann::json::binary_t&) override { return refuse_type(); }
  bool start_array(size_t) override { return refuse_type(); }
  bool end_array() override { return true; }

  bool parse_error(size_t position, const std::string&, const nlohmann::json::exception&) override {
    return refuse(formatted("not JSON, at byte {} of the line", position));
  }

 private:
  bool refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return false;
  }
  bool refuse_type() {
    return refuse(inside_ ? formatted("\"{}\" is not a string", name_)
                          : std::string("a record is a JSON object"));
  }

  DumpRecord& record_;
  std::string problem_;
  std::string name_;               // of the member at hand
  std::string* target_ = nullptr;  // where its bytes go
  bool inside_ = false;            // the object has begun
  bool has_key_ = false;
  bool has_value_ = false;
};

class JsonReader final : public DumpReader {
 public:
  explicit JsonReader(BufferedInput input) : input_(std::move(input)) {}

  bool next(DumpRecord& record) override {
    // Every byte as an escape of six, and the names around them.
    constexpr size_t line_size_max = 6 * (value_size_max + key_size_max) + 1024;
    if (!input_.next_line(line_size_max, line_)) return false;
    ++line_number_;
    if (line_.size() > line_size_max) fail("longer than any record");
    // The parser takes a NUL for the end of its input and passes over a byte order mark.
    if (const size_t at = line_.find('\0'); at != std::string::npos) {
      fail(formatted("not JSON, at byte {} of the line", at + 1));
    }
    if (line_.starts_with("\xef")) fail("not JSON, at byte 1 of the line");
    RecordHandler handler(record);
    nlohmann::json::sax_parse(line_, &handler);
    handler.end();
    if (!handler.problem().empty()) fail(handler.problem());
    if (record.key.size() > key_size_max) {
      fail(formatted("the key has {} bytes, more than 65,535", record.key.size()));
    }
    if (record.value.size() > value_size_max) {
      fail(formatted("the value has {} bytes, more than 1 GiB", record.value.size()));
    }
    return true;
  }

  std::string place() const override {
    return formatted("{}, line {}", input_.name(), line_number_);
  }
  uint64_t bytes_read() const noexcept override { return input_.bytes_read(); }

 private:
  [[noreturn]] void fail(std::string_view problem) const {
    throw Failure(ExitCode::damaged, formatted("{}: {}", place(), problem));
  }

  BufferedInput input_;
  std::string line_;
  uint64_t line_number_ = 0;
};

// ---- Binary ------------------------------------------------------------------------------------

class BinaryReader final : public DumpReader {
 public:
  explicit BinaryReader(BufferedInput input) : input_(std::move(input)) {}

  bool next(DumpRecord& record) override {
    if (ended_) return false;
    if (offset_ == 0) read_header();
    offset_ = input_.bytes_read();
    head_.clear();
    read(dump_offset::head_end, head_);
    const auto kind = static_cast<DumpKind>(head_[dump_offset::kind]);
    if (kind == DumpKind::end) {
      read_end();
      return false;
    }
    if (kind != DumpKind::record || head_[dump_offset::zero] != 0) {
      fail("neither a record nor the end of a dump begins here");
    }
    const auto value_size = load_little_endian<uint32_t>(&head_[dump_offset::value_size]);
    if (value_size > value_size_max) fail("a damaged record: its value is larger than any");
    record.key.clear();
    read(load_little_endian<uint16_t>(&head_[dump_offset::key_size]), record.key);
    record.value.clear();
    read(value_size, record.value);
    check_head(record);
    ++records_;
    return true;
  }

  std::string place() const override { return formatted("{}, offset {}", input_.name(), offset_); }
  uint64_t bytes_read() const noexcept override { return input_.bytes_read(); }

 private:
  void read_header() {
    std::string header;
    input_.append_bytes(dump_offset::header_end, header);
    if (!header.starts_with(dump_magic.substr(0, header.size())) || header.empty()) {
      fail("not a binary dump of Stave");
    }
    if (header.size() < dump_offset::header_end) fail_cut_off();
    checksum_ = load_little_endian<uint64_t>(&header[dump_offset::header_checksum]);
    const std::string_view covered(header.data(), dump_offset::header_checksum);
    if (dump_checksum(0, covered) != checksum_) fail("the header of the dump is damaged");
    const auto version = load_little_endian<uint32_t>(&header[dump_offset::version]);
    if (version != dump_version) {
      fail(formatted("a dump of format {}, which a newer Stave has written", version));
    }
    if (load_little_endian<uint32_t>(&header[dump_offset::header_zero]) != 0) {
      fail("the header of the dump is damaged");
    }
  }

  void read_end() {
    read(dump_offset::end_end - dump_offset::head_end, head_);
    check_head({});
    if (head_.find_first_not_of('\0', dump_offset::zero) < dump_offset::records) {
      fail("the end of the dump is damaged");
    }
    const auto records = load_little_endian<uint64_t>(&head_[dump_offset::records]);
    if (records != records_) {
      fail(formatted("the dump ends after {} records, and says that it has {}", records_, records));
    }
    offset_ = input_.bytes_read();
    if (input_.peek()) fail("bytes follow behind the end of the dump");
    ended_ = true;
  }

  void check_head(const DumpRecord& record) {
    const std::string_view covered = std::string_view(head_).substr(dump_offset::kind);
    checksum_ = dump_checksum(checksum_, covered, record.key, record.value);
    if (load_little_endian<uint64_t>(&head_[dump_offset::checksum]) != checksum_) {
      fail("a damaged record: its checksum is wrong");
    }
  }

  void read(size_t size, std::string& bytes) {
    const size_t expected = bytes.size() + size;
    input_.append_bytes(size, bytes);
    if (bytes.size() < expected) fail_cut_off();
  }

  [[noreturn]] void fail(std::string_view problem) const {
    throw Failure(ExitCode::damaged, formatted("{}: {}", place(), problem));
  }
  [[noreturn]] void fail_cut_off() const {
    fail(formatted("the dump is cut off: its end is missing, at {} bytes", input_.bytes_read()));
  }

  BufferedInput input_;
  std::string head_;
  uint64_t offset_ = 0;  // of the record at hand
  uint64_t checksum_ = 0;
  uint64_t records_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<DumpReader> DumpReader::create(std::optional<DumpFormat> format, int file,
                                               std::string name) {
  BufferedInput input(file, std::move(name));
  if (!format && input.peek() == dump_magic.front()) format = DumpFormat::binary;
  if (format == DumpFormat::binary) return std::make_unique<BinaryReader>(std::move(input));
  return std::make_unique<JsonReader>(std::move(input));
}

}  // namespace stave::tool
