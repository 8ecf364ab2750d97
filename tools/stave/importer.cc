#include "tools/stave/importer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "tools/stave/bytes_text.h"
#include "tools/stave/failure.h"
#include "tools/stave/format.h"
#include "tools/stave/interrupt.h"
#include "tools/stave/store_access.h"

namespace stave::tool {

// What one of the reading and writing threads holds.
class Importer::Job {
 public:
  explicit Job(Importer& importer) : importer_(importer), batch_(check(Batch::create())) {}

  void run() {
    while (const auto file = importer_.queue_.pop()) {
      if (importer_.interrupted()) break;
      if (read(*file)) store(importer_.settings_.prefix + file->path);
    }
    commit();
  }

 private:
  // False, with a word about it, when the file cannot be imported.
  bool read(const FoundFile& found) {
    // O_NONBLOCK: what was a regular file may have become a pipe since the walk saw it.
    const FileDescriptor file(openat(found.directory->number(), found.name.c_str(),
                                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    int os_errno = 0;
    if (!file.valid() || fstat(file.number(), &status) != 0) {
      os_errno = errno;
    } else if (!S_ISREG(status.st_mode)) {
      ++importer_.skipped_;
      return false;
    } else {
      os_errno = status.st_size > static_cast<off_t>(value_size_max)
                     ? EFBIG
                     : read_fully(file.number(), value_size_max, contents_);
    }
    if (os_errno == 0) return true;
    importer_.leave_out(found.path, os_errno == EFBIG ? "larger than 1 GiB, the limit of a value"
                                                      : std::strerror(os_errno));
    return false;
  }

  void store(std::string key) {
    if (contents_.size() >= importer_.settings_.batch_size) {
      if (!accepted(key, importer_.store_.put(key, contents_))) return;
      importer_.acknowledge({std::move(key)}, contents_.size());
    } else {
      if (batch_bytes_ + contents_.size() > importer_.settings_.batch_size) commit();
      if (!accepted(key, batch_.put(key, contents_))) return;
      batch_bytes_ += contents_.size();
      keys_.push_back(std::move(key));
    }
  }

  // Whether a put succeeded; a file that is beyond the limits is left out.
  bool accepted(const std::string& key, Result<void> outcome) {
    if (outcome.status() == Status::too_large) {
      importer_.leave_out(key, outcome.error().message());
      return false;
    }
    check(std::move(outcome));
    return true;
  }

  void commit() {
    if (keys_.empty()) return;
    check(importer_.store_.write(batch_));
    importer_.acknowledge(keys_, batch_bytes_);
    check(batch_.clear());
    keys_.clear();
    batch_bytes_ = 0;
  }

  Importer& importer_;
  Batch batch_;
  std::vector<std::string> keys_;  // of the batch
  size_t batch_bytes_ = 0;
  std::string contents_;  // of the file at hand; reused
};

Importer::Importer(Store& store, const ImportSettings& settings, Progress& progress)
    : store_(store), settings_(settings), progress_(progress), queue_(64) {}

void Importer::run(FileDescriptor root, const DirectoryIdentity& excluded) {
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < settings_.jobs; ++i) {
    threads.emplace_back([this] {
      try {
        Job(*this).run();
      } catch (...) {
        stop(std::current_exception());
      }
    });
  }
  WalkVisitor visitor;
  visitor.file = [this](FoundFile file) { return !interrupted() && queue_.push(std::move(file)); };
  visitor.other = [this] { ++skipped_; };
  visitor.unreadable = [this](const std::string& path, int os_errno) {
    leave_out(path, std::strerror(os_errno));
  };
  try {
    walk_directory(std::move(root), excluded, visitor);
  } catch (...) {
    stop(std::current_exception());
  }
  queue_.close();
  for (std::jthread& thread : threads) thread.join();
  if (failure_) std::rethrow_exception(failure_);
}

ImportSummary Importer::summary() const noexcept {
  return {files_, bytes_, skipped_, left_out_};
}

bool Importer::interrupted() {
  if (noted_interrupt() == 0) return false;
  queue_.abandon();
  return true;
}

void Importer::stop(std::exception_ptr failure) {
  queue_.abandon();
  const std::lock_guard lock(failure_mutex_);
  if (!failure_) failure_ = std::move(failure);
}

void Importer::leave_out(std::string_view path, std::string_view reason) {
  ++left_out_;
  progress_.note(formatted("left out '{}': {}", escape(path), reason));
}

void Importer::acknowledge(const std::vector<std::string>& keys, size_t bytes) {
  files_ += keys.size();
  bytes_ += bytes;
  progress_.add_done(bytes);
  if (!settings_.acknowledgements.valid()) return;
  std::string text;
  for (const std::string& key : keys) text.append(key).push_back('\0');
  const std::lock_guard lock(acknowledgements_mutex_);
  write_fully(settings_.acknowledgements.number(), text, "the acknowledgements");
}

}  // namespace stave::tool
