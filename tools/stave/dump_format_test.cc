// The binary dump byte by byte, and the reader against every way in which one can be wrong.
#include "tools/stave/dump_format.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/stave/dump_reader.h"
#include "tools/stave/dump_writer.h"
#include "tools/stave/failure.h"

namespace stave::tool {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File file_of(std::string_view bytes) {
  File file(std::tmpfile(), std::fclose);
  EXPECT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file.get()), bytes.size());
  std::rewind(file.get());
  return file;
}

std::string dump_of(DumpFormat format, const std::vector<DumpRecord>& records) {
  const File file = file_of("");
  const auto writer = DumpWriter::create(format, fileno(file.get()), "test");
  for (const DumpRecord& record : records) writer->write(record.key, record.value);
  writer->finish();
  std::string bytes;
  std::rewind(file.get());
  for (int c = std::fgetc(file.get()); c != EOF; c = std::fgetc(file.get())) {
    bytes.push_back(static_cast<char>(c));
  }
  return bytes;
}

struct Reading {
  std::vector<DumpRecord> records;
  std::string problem;  // empty: read to the end
};

Reading read(std::string_view bytes, std::optional<DumpFormat> format = std::nullopt) {
  const File file = file_of(bytes);
  Reading reading;
  try {
    const auto reader = DumpReader::create(format, fileno(file.get()), "test");
    for (DumpRecord record; reader->next(record);) reading.records.push_back(record);
    EXPECT_EQ(reader->bytes_read(), bytes.size());
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.code(), ExitCode::damaged);
    reading.problem = failure.what();
  }
  return reading;
}

void expect_problem(std::string_view bytes, const std::string& expected) {
  const Reading reading = read(bytes, DumpFormat::binary);
  EXPECT_NE(reading.problem.find(expected), std::string::npos)
      << "got '" << reading.problem << "' instead of '" << expected << "'";
}

// Bytes at `offset` of a dump replaced, and every checksum behind them made right again.
std::string resealed(std::string dump, size_t offset, std::string_view bytes) {
  dump.replace(offset, bytes.size(), bytes);
  uint64_t checksum = dump_checksum(0, std::string_view(dump).substr(0, 16));
  store_little_endian(&dump[dump_offset::header_checksum], checksum);
  for (size_t at = dump_offset::header_end; at < dump.size();) {
    const bool end = dump[at + dump_offset::kind] == static_cast<char>(DumpKind::end);
    size_t size = dump_offset::end_end;
    if (!end) {
      size = dump_offset::head_end +
             load_little_endian<uint16_t>(&dump[at + dump_offset::key_size]) +
             load_little_endian<uint32_t>(&dump[at + dump_offset::value_size]);
    }
    checksum = dump_checksum(checksum, std::string_view(dump).substr(at + 8, size - 8));
    store_little_endian(&dump[at], checksum);
    at += size;
  }
  return dump;
}

// docs/formats/dump.md has the same bytes.
const std::string example(
    "\x53\x54\x41\x56\x45\x44\x4d\x50\x01\x00\x00\x00\x00\x00\x00\x00"
    "\x08\x09\xb3\x02\x1e\xd4\x7c\x70"
    "\xd1\x78\x16\xa9\xce\xd8\x8b\xf9\x01\x00\x03\x00\x05\x00\x00\x00"
    "\x6b\x65\x79\x76\x61\x6c\x75\x65"
    "\xd4\x30\x8a\x3c\x6d\xd1\xec\xe1\x02\x00\x00\x00\x00\x00\x00\x00"
    "\x01\x00\x00\x00\x00\x00\x00\x00",
    72);

TEST(BinaryDump, TheWorkedExample) {
  EXPECT_EQ(dump_of(DumpFormat::binary, {{"key", "value"}}), example);
  const Reading reading = read(example);
  EXPECT_EQ(reading.problem, "");
  ASSERT_EQ(reading.records.size(), 1U);
  EXPECT_EQ(reading.records[0].key, "key");
  EXPECT_EQ(reading.records[0].value, "value");
  EXPECT_EQ(resealed(example, 0, ""), example);
}

TEST(BinaryDump, EveryCutIsFound) {
  for (size_t size = 0; size < example.size(); ++size) {
    const Reading reading = read(example.substr(0, size), DumpFormat::binary);
    EXPECT_NE(reading.problem, "") << size;
    EXPECT_EQ(reading.records.size(), size >= 48 ? 1U : 0U) << size;
  }
}

TEST(BinaryDump, EveryChangedBitIsFound) {
  const std::string dump = dump_of(DumpFormat::binary, {{"a", "1"}, {"", ""}, {"b", "22"}});
  for (size_t bit = 0; bit < 8 * dump.size(); ++bit) {
    std::string changed = dump;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const Reading reading = read(changed, DumpFormat::binary);
    EXPECT_NE(reading.problem, "") << bit;
    EXPECT_NE(reading.problem.find("offset "), std::string::npos) << reading.problem;
  }
}

TEST(BinaryDump, RecordsThatAreMissingMovedOrDoubledAreFound) {
  const std::string dump = dump_of(DumpFormat::binary, {{"a", "1"}, {"b", "2"}, {"c", "3"}});
  const std::string header = dump.substr(0, 24);
  const std::string a = dump.substr(24, 18);
  const std::string b = dump.substr(42, 18);
  const std::string c = dump.substr(60, 18);
  const std::string end = dump.substr(78);
  EXPECT_EQ(read(header + a + b + c + end).problem, "");
  for (const std::string& records : {a + c, b + a + c, a + a + b + c, a + b, std::string()}) {
    expect_problem(header + records + end, "checksum is wrong");
  }
  expect_problem(dump + dump, "bytes follow behind the end of the dump");
  expect_problem(dump + "\n", "test, offset 102: bytes follow behind the end of the dump");
}

TEST(BinaryDump, RightChecksumsDoNotMakeWrongBytesRight) {
  expect_problem(resealed(example, 8, "\x02"), "a dump of format 2, which a newer Stave");
  expect_problem(resealed(example, 12, "\x01"), "the header of the dump is damaged");
  expect_problem(resealed(example, 32, "\x03"), "neither a record nor the end");
  expect_problem(resealed(example, 33, "\x01"), "neither a record nor the end");
  expect_problem(resealed(example, 64, "\x02"), "ends after 1 records, and says that it has 2");
  expect_problem(resealed(example, 57, "\x01"), "the end of the dump is damaged");
}

TEST(BinaryDump, SizesThatLieTakeNoMemory) {
  std::string lie = example;
  lie.replace(36, 4, "\xff\xff\xff\xff");
  expect_problem(lie, "its value is larger than any");
  lie.replace(36, 4, std::string("\x00\x00\x00\x40", 4));  // 1 GiB, which is allowed
  expect_problem(lie, "the dump is cut off: its end is missing, at 72 bytes");
}

TEST(BinaryDump, OtherFilesAreNone) {
  for (const char* text :
       {"S", "STAVESEG\x01", "{}", "\n", "#!/bin/sh\nexit\n and so on, for long"}) {
    EXPECT_NE(read(text, DumpFormat::binary).problem, "") << text;
  }
  expect_problem("", "not a binary dump of Stave");
  expect_problem("STAVE", "cut off");
}

TEST(JsonDump, LargeValuesAreWrittenInPieces) {
  // Around the size of a piece, with characters of every size on the border.
  for (const size_t size : {49149U, 49150U, 49151U, 49152U, 49153U, 98304U, 200000U}) {
    for (const char* character : {"\xc3\xa9", "\xe2\x98\x83", "\xf0\x9d\x84\x9e", "\xff", "\n"}) {
      DumpRecord record{"key", std::string(size, 'x') + character + std::string(size, '"')};
      const Reading reading = read(dump_of(DumpFormat::json, {record}));
      EXPECT_EQ(reading.problem, "");
      ASSERT_EQ(reading.records.size(), 1U);
      EXPECT_TRUE(reading.records[0].value == record.value) << size << character;
    }
  }
}

}  // namespace
}  // namespace stave::tool
