// Opening a store: the directory, the lock, the manifest; then recovery.
#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/endian.h"
#include "core/os/file_io.h"
#include "core/store/store.h"

namespace stave::store {

class Store::Opening {
 public:
  Opening(os::FileSystem& files, const std::string& directory, const Options& options)
      : files_(files), directory_(directory), options_(options) {}

  Result<std::unique_ptr<Store>> run() {
    // Before the lock, so that opening a store that does not exist changes nothing.
    STAVE_TRY(check_existence());
    if (!directory_exists_) STAVE_TRY(make_directory());
    STAVE_TRY(resolve_directory());
    // Null on read-only media without a lock file, where there is no writer.
    STAVE_TRY_ASSIGN(std::unique_ptr<os::FileLock> lock,
                     files_.lock(os::join_path(directory_, lock_name), !options_.read_only));
    // Again: another process may have created it meanwhile.
    STAVE_TRY(check_existence());
    if (!exists_) STAVE_TRY(create_store());

    Result<Manifest> manifest = read_manifest(files_, directory_);
    if (!manifest) return os::as_failure(manifest.status());
    if (options_.shards != 0 && options_.shards != manifest->shards)
      return Status::error(Code::invalid_argument,
                           "shards is " + std::to_string(options_.shards) + ", but '" + directory_ +
                               "' was created with " + std::to_string(manifest->shards));
    if (options_.shard_prefix_bits != 0 &&
        options_.shard_prefix_bits != manifest->shard_prefix_bits)
      return Status::error(Code::invalid_argument,
                           "shard_prefix_bits is " + std::to_string(options_.shard_prefix_bits) +
                               ", but '" + directory_ + "' was created with " +
                               std::to_string(manifest->shard_prefix_bits));
    const bool wants_disk = options_.keydir == KeyDirectoryKind::disk;
    if (options_.keydir != KeyDirectoryKind::stored && wants_disk != manifest->keys_on_disk)
      return Status::error(Code::invalid_argument,
                           "'" + directory_ + "' was created with keydir=" +
                               (manifest->keys_on_disk ? "disk" : "memory"));
    auto store = std::make_unique<Store>(files_, directory_, options_, std::move(lock));
    STAVE_TRY(os::as_failure(store->recover(*manifest)));
    return store;
  }

 private:
  // Whether the directory holds a store, as the options ask. Segments without a manifest are
  // damage.
  Status check_existence() {
    const Result<std::vector<std::string>> names = files_.list(directory_);
    if (names.status().os_errno() == ENOTDIR)
      return Status::error(Code::invalid_argument, "'" + directory_ + "' is not a directory",
                           ENOTDIR);
    directory_exists_ = names.ok();
    if (!names && !names.status().is(Code::not_found)) return names.status();
    exists_ = names && std::find(names->begin(), names->end(), manifest_name) != names->end();
    if (names && !exists_)
      for (const std::string& name : *names)
        if (parse_segment_name(name))
          return Status::error(Code::corruption, "'" + directory_ +
                                                     "' holds segments but no MANIFEST; restore "
                                                     "the file from a backup");
    if (exists_ && options_.error_if_exists)
      return Status::error(Code::exists, "there is a store in '" + directory_ + "' already");
    if (!exists_ && (options_.read_only || !options_.create_if_missing))
      return Status::error(Code::not_found, "there is no store in '" + directory_ + "'");
    return names && !exists_ ? check_for_new_store(*names) : Status();
  }

  // A store is not created among the files of others, where a wrong path may have led to. What a
  // process that died while it created the store has left is no obstacle.
  Status check_for_new_store(const std::vector<std::string>& names) const {
    for (const std::string& name : names)
      if (name != "lost+found" && name != lock_name && !is_unfinished(name))
        return Status::error(Code::invalid_argument,
                             "'" + directory_ + "' holds no store, but other files ('" + name +
                                 "'); a store is created in a new or empty directory");
    return {};
  }

  Status make_directory() {
    const Status made = files_.make_directory(directory_);
    if (made.is(Code::not_found))
      return Status::error(Code::not_found, "cannot create '" + directory_ +
                                                "': its parent directory does not exist");
    return made.is(Code::exists) ? Status() : made;
  }

  // Files that are created later must be in this directory, whatever the working directory or a
  // symbolic link is by then.
  Status resolve_directory() {
    // A symbolic link with a slash after it would not be resolved.
    const size_t last = directory_.find_last_not_of('/');
    directory_.resize(last == std::string::npos ? 1 : last + 1);
    STAVE_TRY_ASSIGN(directory_, files_.resolve(directory_));
    return {};
  }

  // Also when the directory was there before: a process that created it may have died before this.
  // Whoever owns a parent that this process may not read has created the directory for it.
  Status sync_parent() {
    const Status synced = os::sync_directory(files_, os::parent_of(directory_));
    return synced.is(Code::permission_denied) ? Status() : synced;
  }

  Status create_store() {
    STAVE_TRY(sync_parent());
    Manifest manifest;
    std::array<std::byte, 16> random{};
    STAVE_TRY(files_.random(manifest.store_id));
    STAVE_TRY(files_.random(random));
    manifest.hash_seed = load_le64(random.data());
    manifest.timeline = load_le64(random.data() + 8);
    manifest.shards = options_.shards == 0 ? shards_default : options_.shards;
    manifest.shard_prefix_bits = options_.shard_prefix_bits;
    manifest.keys_on_disk = options_.keydir == KeyDirectoryKind::disk;
    manifest.clean = true;
    const Status created = create_manifest(files_, directory_, manifest);
    // Its name may not be durable: the next open creates the store again.
    if (!created.ok()) static_cast<void>(files_.remove(os::join_path(directory_, manifest_name)));
    return created;
  }

  os::FileSystem& files_;
  std::string directory_;
  const Options& options_;
  bool directory_exists_ = false;
  bool exists_ = false;  // the store
};

Result<std::unique_ptr<Store>> Store::open(os::FileSystem& files, const std::string& directory,
                                           const Options& options) {
  return Opening(files, directory, options).run();
}

}  // namespace stave::store
