// Opening: the file, its lock, its superblock and directory, and the operations in its log.
#include "core/disk_index/open/open.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/disk_index/disk_index.h"
#include "core/os/file_io.h"

namespace stave::disk_index {

namespace {

Status damage(const std::string& path, const std::string& what) {
  return Status::error(Code::corruption, "'" + path + "' " + what);
}

// One look at the file, through reads: what is mapped would stay in the kernel's cache.
class Reading {
 public:
  Reading(os::File& file, const std::string& path) : file_(file), path_(path) {}

  Status run() {
    STAVE_TRY_ASSIGN(size_, file_.size());
    STAVE_TRY(read_superblocks());
    if (size_ < block_.file_pages * page_size)
      return damage(path_,
                    "was cut off: it has " + std::to_string(size_) + " bytes and should have " +
                        std::to_string(block_.file_pages * page_size) + "; rebuild the index");
    STAVE_TRY(read_directory());
    return read_operations();
  }

  // Everything is as a clean end leaves it.
  bool is_clean() const noexcept { return copies_agree_ && !log_exceeds_; }
  // Up to the last that something refers to or that a writer kept with its superblock. A file that
  // was made longer by others is so without cost.
  uint64_t pages_in_use() const noexcept {
    uint64_t pages = block_.file_pages;
    for (const LogContents::Chunk& chunk : log_.chunks)
      pages = std::max(pages, chunk.chunk.page + log_chunk_pages(block_.record_size));
    return pages;
  }

  Superblock block_;
  std::unique_ptr<Directory> directory_;
  LogContents log_;
  bool first_is_whole_ = false;  // the first copy of the superblock
  bool copies_agree_ = false;

 private:
  Status read_superblocks() {
    if (size_ < superblock_pages.size() * page_size)
      return damage(path_, "is no disk index: its " + std::to_string(size_) +
                               " bytes are fewer than those of a header");
    std::array<Result<Superblock>, 2> copies = {Code::not_found, Code::not_found};
    bool has_magic = false;
    for (size_t i = 0; i < copies.size(); i++) {
      SuperblockBytes bytes;
      STAVE_TRY(os::read_exactly(file_, path_, superblock_pages[i] * page_size, bytes));
      has_magic = has_magic || equal(Bytes(bytes).first(8), as_bytes("STAVEDIX"));
      copies[i] = decode_superblock(bytes, path_);
      if (!copies[i].ok() && !copies[i].status().is(Code::not_found)) return copies[i].status();
    }
    if (!copies[0].ok() && !copies[1].ok())
      return damage(path_, has_magic
                               ? "has no whole superblock (offsets 0 and 4096); rebuild the index"
                               : "is no disk index: it does not begin with STAVEDIX");
    first_is_whole_ = copies[0].ok();
    copies_agree_ = copies[0].ok() && copies[1].ok() && *copies[0] == *copies[1];
    if (copies[0].ok() && copies[1].ok() &&
        (copies[0]->file_id != copies[1]->file_id || copies[0]->generation < copies[1]->generation))
      return damage(path_, "has superblocks that contradict each other; rebuild the index");
    block_ = first_is_whole_ ? *copies[0] : *copies[1];
    return {};
  }

  Status read_directory() {
    std::vector<std::byte> bytes(page_size);
    std::vector<Segment> segments;
    const uint64_t pages = directory_pages(block_.segments);
    for (uint64_t index = 0; index < pages; index++) {
      const uint64_t number = block_.directory_page + index;
      STAVE_TRY(os::read_exactly(file_, path_, number * page_size, bytes));
      const PageHeader header = decode_page_header(bytes.data());
      const uint64_t count =
          std::min<uint64_t>(segments_per_page, block_.segments - index * segments_per_page);
      if (!page_is_whole(bytes.data(), file_seed(block_.file_id), number) ||
          header.generation != block_.directory_generation || header.kind != PageKind::directory ||
          header.index != index || header.count != count)
        return damage(path_, "has a damaged directory page at offset " +
                                 std::to_string(number * page_size) + "; rebuild the index");
      for (uint64_t i = 0; i < count; i++)
        segments.push_back(
            decode_segment(bytes.data() + page_header_size + i * segment_entry_size));
    }
    Result<std::unique_ptr<Directory>> directory =
        Directory::from_segments(segments, block_.depth, block_.file_pages);
    if (!directory)
      return damage(path_, "has a damaged directory at offset " +
                               std::to_string(block_.directory_page * page_size) + ": " +
                               std::string(directory.status().message()) + "; rebuild the index");
    directory_ = *std::move(directory);
    if (directory_->entries() != block_.entries)
      return damage(path_, "has " + std::to_string(directory_->entries()) +
                               " entries in its directory and " + std::to_string(block_.entries) +
                               " in its superblock; rebuild the index");
    return {};
  }

  Status read_operations() {
    if (block_.record_kind == RecordKind::location) return {};
    STAVE_TRY_ASSIGN(LogContents log, read_log(file_, path_, {block_.log_page, block_.log_salt},
                                               block_.record_size, size_ / page_size));
    log_ = std::move(log);
    const uint64_t end = block_.log_sequence + log_.operations;
    if (end < block_.log_durable)
      return damage(path_, "has a damaged redo log: " + std::to_string(block_.log_durable - end) +
                               " saved operations are missing, the first in the chunk at offset " +
                               std::to_string(log_.chunks.back().chunk.page * page_size) +
                               "; rebuild the index");
    log_exceeds_ = end > block_.log_durable;
    return {};
  }

  os::File& file_;
  const std::string& path_;
  uint64_t size_ = 0;
  bool log_exceeds_ = false;
};

class Opening {
 public:
  Opening(os::FileSystem& files, const std::string& path, const Options& options)
      : files_(files), path_(path), options_(options) {}

  Result<std::unique_ptr<DiskIndex>> run() {
    STAVE_TRY(check_existence());
    // Now that the directory exists: one file has one lock and one unfinished file, by whatever
    // links it is opened.
    STAVE_TRY_ASSIGN(path_, files_.resolve(path_));
    STAVE_TRY_ASSIGN(std::unique_ptr<os::FileLock> lock,
                     lock_file(files_, path_, options_.read_only));
    // Again: another process may have made it meanwhile.
    STAVE_TRY(check_existence());
    if (!exists_) STAVE_TRY(create());
    Result<std::unique_ptr<DiskIndex>> index =
        open_locked(files_, path_, options_, std::move(lock), path_);
    if (index && !options_.read_only) (*index)->merge_leftovers();
    return index;
  }

 private:
  Status check_existence() {
    Result<std::unique_ptr<os::File>> file = files_.open(path_, os::OpenMode::read_only);
    exists_ = file.ok();
    if (!file.ok() && !file.status().is(Code::not_found)) return file.status();
    if (exists_ && options_.error_if_exists)
      return Status::error(Code::exists, "'" + path_ + "' exists already");
    if (!exists_ && (options_.read_only || !options_.create_if_missing))
      return Status::error(Code::not_found, "there is no file '" + path_ + "'");
    if (!exists_ && options_.create_parents) return make_parents(files_, path_);
    return {};
  }

  Status create() {
    STAVE_TRY_ASSIGN(const NewFile properties, new_file_properties(options_));
    return create_named(files_, path_, properties);
  }

  os::FileSystem& files_;
  std::string path_;
  const Options& options_;
  bool exists_ = false;
};

Status check_agreement(const Superblock& block, const Options& options, const std::string& path) {
  if (block.record_kind == RecordKind::location && options.owner == nullptr)
    return Status::error(Code::wrong_family,
                         "'" + path + "' is the key directory of a store; open the store");
  if (options.owner != nullptr && block.file_id != options.file_id)
    return Status::error(Code::corruption, "'" + path + "' belongs to another store; remove it");
  const auto text = [](RecordKind kind) {
    return kind == RecordKind::payload ? "payload" : "opaque";
  };
  if (options.record_kind && block.record_kind != *options.record_kind)
    return Status::error(Code::invalid_argument, "'" + path + "' holds " + text(block.record_kind) +
                                                     " records, not " + text(*options.record_kind));
  if (options.record_size != 0 && block.record_size != options.record_size)
    return Status::error(Code::invalid_argument,
                         "record_size is " + std::to_string(options.record_size) + ", but '" +
                             path + "' holds records of " + std::to_string(block.record_size));
  return {};
}

}  // namespace

Result<NewFile> new_file_properties(const Options& options) {
  const auto bad = [](const char* what) { return Status::error(Code::invalid_argument, what); };
  if (options.record_size > record_size_max) return bad("record_size must be at most 256");
  if (options.record_kind == RecordKind::payload && options.record_size != 0 &&
      options.record_size != payload_size)
    return bad("payload records have 24 bytes: leave record_size at 0");
  NewFile properties;
  properties.record_kind = options.record_kind.value_or(
      options.record_size == 0 ? RecordKind::payload : RecordKind::opaque);
  properties.record_size =
      properties.record_kind == RecordKind::payload ? payload_size : options.record_size;
  if (properties.record_size == 0)
    return bad("a new index of opaque records needs record_size, 1 to 256");
  return properties;
}

Status make_parents(os::FileSystem& files, const std::string& path) {
  const std::string parent = os::parent_of(path);
  if (parent == "." || parent == "/") return {};
  Status made = files.make_directory(parent);
  if (made.is(Code::not_found)) {
    STAVE_TRY(make_parents(files, parent));
    made = files.make_directory(parent);
  }
  if (!made.ok() && !made.is(Code::exists)) return made;
  // Sync the parent even if the directory existed: the process that made it may have died before
  // its sync. If the parent may not be read, another user made the directory and is responsible for
  // it.
  const Status synced = os::sync_directory(files, os::parent_of(parent));
  return synced.is(Code::permission_denied) ? Status() : synced;
}

// superblock, superblock, directory with one empty segment, first chunk of the log.
Status create_file(os::FileSystem& files, const std::string& path, const NewFile& properties) {
  constexpr uint64_t directory_at = first_segment_page;
  constexpr uint64_t log_at = directory_at + 1;
  Superblock block;
  if (properties.file_id)
    block.file_id = *properties.file_id;
  else
    STAVE_TRY(files.random(block.file_id));
  std::array<std::byte, 16> random{};
  STAVE_TRY(files.random(random));
  block.hash_seed = properties.hash_seed.value_or(load_le64(random.data()));
  block.record_kind = properties.record_kind;
  block.record_size = properties.record_size;
  block.generation = 1;
  block.is_named = false;
  block.directory_generation = 1;
  block.directory_page = directory_at;
  block.segments = 1;
  block.file_pages = log_at;
  if (block.record_kind == RecordKind::location) {
    block.lsn = 1;  // of the first frame of the owner's log
  } else {
    block.log_page = log_at;
    block.log_salt = load_le64(random.data() + 8);
    block.file_pages += log_chunk_pages(block.record_size);
  }

  const Status removed = files.remove(path);
  if (removed.os_errno() == EISDIR)
    return Status::error(Code::invalid_argument,
                         "'" + path + "' is a directory where a new file is to be made; remove it",
                         EISDIR);
  if (!removed.ok() && !removed.is(Code::not_found)) return removed;
  STAVE_TRY_ASSIGN(const std::unique_ptr<os::File> file,
                   files.open(path, os::OpenMode::create_new));
  std::vector<std::byte> bytes(block.file_pages * page_size, std::byte{0});
  for (const uint64_t page : superblock_pages)
    copy(&bytes[page * page_size], encode_superblock(block));
  std::byte* const directory = &bytes[directory_at * page_size];
  PageHeader header;
  header.kind = PageKind::directory;
  header.generation = 1;
  header.count = 1;
  encode_page_header(directory, header);
  encode_segment(directory + page_header_size, Segment{});
  seal_page(directory, file_seed(block.file_id), directory_at);
  STAVE_TRY(file->allocate(bytes.size()));
  STAVE_TRY(os::write_all(*file, path, 0, bytes));
  return os::sync_file(*file, path);
}

Status create_named(os::FileSystem& files, const std::string& path, const NewFile& properties) {
  const std::string unfinished = path + unfinished_suffix;
  Status status = create_file(files, unfinished, properties);
  if (status.ok()) status = files.rename(unfinished, path);
  if (!status.ok()) {
    static_cast<void>(files.remove(unfinished));
    return status;
  }
  return os::sync_directory(files, os::parent_of(path));
}

Result<std::unique_ptr<os::FileLock>> lock_file(os::FileSystem& files, const std::string& path,
                                                bool shared) {
  Result<std::unique_ptr<os::FileLock>> lock = files.lock(path + lock_suffix, !shared);
  if (lock.status().is(Code::not_found))
    return Status::error(Code::not_found, "the directory of '" + path + "' does not exist");
  return lock;
}

// A process that was killed leaves a file whose newest bytes only the kernel may have. And after a
// failed sync the kernel shows bytes that the device lacks. Both are settled before anything is
// believed: sync, forget the cached pages, read again.
Result<Opened> find_in_file(os::FileSystem& files, const std::string& path, const Options& options,
                            const std::string& name) {
  const os::OpenMode mode = options.read_only ? os::OpenMode::read_only : os::OpenMode::read_write;
  STAVE_TRY_ASSIGN(std::unique_ptr<os::File> file, files.open(path, mode));
  auto reading = std::make_unique<Reading>(*file, name);
  STAVE_TRY(reading->run());
  if (!options.read_only && !reading->is_clean()) {
    STAVE_TRY(os::sync_file(*file, path));
    STAVE_TRY(file->drop_cache());
    reading = std::make_unique<Reading>(*file, name);
    STAVE_TRY(reading->run());
    // The next superblock replaces the first copy, so the second must hold this state by then; and
    // a copy that was torn is made whole.
    if (!reading->copies_agree_) {
      const uint64_t other = superblock_pages[reading->first_is_whole_ ? 1 : 0];
      STAVE_TRY(os::write_all(*file, name, other * page_size, encode_superblock(reading->block_)));
      STAVE_TRY(os::sync_file(*file, name));
    }
  }
  STAVE_TRY(check_agreement(reading->block_, options, name));
  // The process that gave the file its name may have died before that was durable.
  if (!options.read_only && !reading->block_.is_named && path == name) {
    STAVE_TRY(os::sync_directory(files, os::parent_of(path)));
    reading->block_.is_named = true;
  }
  STAVE_TRY_ASSIGN(
      std::shared_ptr<PageFile> pages,
      PageFile::map(std::move(file), name, reading->pages_in_use(), !options.read_only));
  pages->set_seed(file_seed(reading->block_.file_id));
  return Opened{std::move(pages), reading->block_, std::move(reading->directory_),
                std::move(reading->log_)};
}

Result<std::unique_ptr<DiskIndex>> open_locked(os::FileSystem& files, const std::string& path,
                                               const Options& options,
                                               std::unique_ptr<os::FileLock> lock,
                                               const std::string& name) {
  STAVE_TRY_ASSIGN(Opened opened, find_in_file(files, path, options, name));
  auto index = std::make_unique<DiskIndex>(files, name, options, std::move(lock), opened);
  STAVE_TRY(index->recover(opened.log));
  return index;
}

Result<std::unique_ptr<DiskIndex>> DiskIndex::open(os::FileSystem& files, const std::string& path,
                                                   const Options& options) {
  return Opening(files, path, options).run();
}

}  // namespace stave::disk_index
