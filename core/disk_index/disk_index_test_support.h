// What the tests of whole disk indexes share: a simulated disk, options that merge early, records,
// and a map to compare with.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/endian.h"
#include "core/disk_index/disk_index.h"
#include "core/disk_index/format/record.h"
#include "core/os/testing/simulated_file_system.h"

namespace stave::disk_index {

using Disk = os::SimulatedFileSystem;

inline Options small(uint32_t delta_entries = 16) {
  Options options;
  options.background = false;
  options.delta_entries = delta_entries;
  options.bulk_memory = 0;  // the smallest batch
  return options;
}

inline std::vector<std::byte> record_of(uint64_t number, uint32_t size = payload_size) {
  if (size == payload_size) {
    std::vector<std::byte> payload(payload_size);
    store_le64(payload.data(), number);
    store_le32(&payload[8], 1);
    store_le32(&payload[12], 2);
    payload[payload_codec_at] = static_cast<std::byte>(Codec::lz4);
    return payload;
  }
  std::vector<std::byte> record(size);
  for (size_t i = 0; i < size; i++) record[i] = static_cast<std::byte>(number >> (i % 8 * 8));
  return record;
}

inline std::unique_ptr<DiskIndex> opened(Disk& disk, const Options& options,
                                         const std::string& path = "/x") {
  Result<std::unique_ptr<DiskIndex>> index = DiskIndex::open(disk, path, options);
  EXPECT_TRUE(index.ok()) << index.status().message();
  return index.ok() ? *std::move(index) : nullptr;
}

using Model = std::map<std::pair<uint64_t, uint64_t>, std::vector<std::byte>>;

inline constexpr auto no_progress = [](uint64_t, uint64_t) { return Status(); };

// Everything that can be asked says what the model says.
inline void expect_same(DiskIndex& index, const Model& model) {
  EXPECT_EQ(index.size(), model.size());
  std::vector<std::byte> record(index.record_size());
  for (const auto& [key, value] : model) {
    ASSERT_TRUE(index.get({key.first, key.second}, record).ok()) << key.first;
    ASSERT_EQ(record, value);
  }
  Model found;
  const auto cursor = index.open_cursor();
  Status status;
  while ((status = cursor->next()).ok()) {
    const Bytes bytes = cursor->record();
    ASSERT_TRUE(found
                    .emplace(std::pair(cursor->key().low, cursor->key().high),
                             std::vector<std::byte>(bytes.begin(), bytes.end()))
                    .second)
        << "met twice";
  }
  EXPECT_TRUE(status.is(Code::done)) << status.message();
  EXPECT_EQ(found, model);
  const Status verified = index.verify(no_progress);
  EXPECT_TRUE(verified.ok()) << verified.message();
}

}  // namespace stave::disk_index
