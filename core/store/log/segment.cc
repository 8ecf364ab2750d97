#include "core/store/log/segment.h"

#include <utility>

#include "core/os/file_io.h"

namespace stave::store {

Segment::Segment(const SegmentHeader& header, std::string path, std::unique_ptr<os::File> file)
    : header_(header),
      path_(std::move(path)),
      file_(std::move(file)),
      seed_(segment_seed(header.store_id, header.generation)) {}

Status Segment::damage(uint64_t offset, std::string_view what) const {
  return Status::error(Code::corruption, "damaged record in segment '" + path_ + "' at offset " +
                                             std::to_string(offset) + " (" + std::string(what) +
                                             "); run `stave verify`");
}

Status Segment::unsupported(uint64_t offset) const {
  return Status::error(Code::unsupported_version,
                       "segment '" + path_ + "' at offset " + std::to_string(offset) +
                           " uses a feature that this Stave does not have; use the "
                           "version that wrote it, or a newer one");
}

Result<std::shared_ptr<Segment>> open_segment(os::FileSystem& files, const std::string& directory,
                                              uint64_t generation, const StoreId& store_id,
                                              bool writable) {
  const std::string path = os::join_path(directory, segment_name(generation));
  STAVE_TRY_ASSIGN(auto file,
                   files.open(path, writable ? os::OpenMode::read_write : os::OpenMode::read_only));
  SegmentHeaderBytes bytes{};
  STAVE_TRY(os::read_exactly(*file, path, 0, bytes));
  STAVE_TRY_ASSIGN(const SegmentHeader header, decode_segment_header(bytes, path));
  if (header.generation != generation || header.store_id != store_id)
    return Status::error(
        Code::corruption,
        "segment '" + path + "' is foreign: its header names " +
            (header.generation != generation ? "another generation" : "another store"));
  STAVE_TRY_ASSIGN(const uint64_t size, file->size());
  if (header.kind == SegmentKind::relocated && header.end != size)
    return Status::error(Code::corruption, "segment '" + path + "' has " + std::to_string(size) +
                                               " bytes; its header says " +
                                               std::to_string(header.end));
  auto segment = std::make_shared<Segment>(header, path, std::move(file));
  segment->set_file_size(size);
  return segment;
}

}  // namespace stave::store
