// What the tests of the simulated disk say most: make a file, read it, list the root directory.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/os/file_io.h"
#include "core/os/testing/simulated_file_system.h"

namespace stave::os {

inline std::unique_ptr<File> create(SimulatedFileSystem& files, const std::string& path,
                                    std::string_view content = {}) {
  auto file = *files.open(path, OpenMode::create_new);
  EXPECT_TRUE(write_all(*file, path, 0, as_bytes(content)).ok());
  return file;
}

// A file whose content and name are durable.
inline std::unique_ptr<File> create_durable(SimulatedFileSystem& files, const std::string& path,
                                            std::string_view content = {}) {
  auto file = create(files, path, content);
  EXPECT_TRUE(file->sync_data().ok());
  EXPECT_TRUE(files.sync_directory("/").ok());
  return file;
}

// Its content, or "(absent)".
inline std::string content(SimulatedFileSystem& files, const std::string& path) {
  Result<std::string> text = read_small_file(files, path, 1 << 24);
  return text.ok() ? *text : "(absent)";
}

inline std::string names(SimulatedFileSystem& files) {
  const std::vector<std::string> list = *files.list("/");
  std::string all;
  for (const std::string& name : list) all += name + " ";
  return all;
}

}  // namespace stave::os
