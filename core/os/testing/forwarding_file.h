// For tests: a file that passes every call on to another, to derive from one that watches or delays
// some of them.
#pragma once

#include <memory>
#include <utility>

#include "core/os/file_system.h"

namespace stave::os {

class ForwardingFile : public File {
 public:
  explicit ForwardingFile(std::unique_ptr<File> file) noexcept : file_(std::move(file)) {}

  Result<size_t> read(uint64_t offset, MutableBytes into) override {
    return file_->read(offset, into);
  }
  Result<size_t> write(uint64_t offset, Bytes from) override { return file_->write(offset, from); }
  Status sync_data() override { return file_->sync_data(); }
  void start_sync(uint64_t offset, uint64_t size) noexcept override {
    file_->start_sync(offset, size);
  }
  Result<uint64_t> size() override { return file_->size(); }
  Status truncate(uint64_t size) override { return file_->truncate(size); }
  Status allocate(uint64_t size) override { return file_->allocate(size); }
  Result<std::unique_ptr<Mapping>> map(uint64_t size, bool writable) override {
    return file_->map(size, writable);
  }
  Status drop_cache() override { return file_->drop_cache(); }

 private:
  std::unique_ptr<File> file_;
};

}  // namespace stave::os
