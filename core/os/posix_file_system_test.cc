// What only real processes and real file systems show; the common contract is in
// file_system_test.cc.
#include "core/os/posix_file_system.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "core/os/file_io.h"
#include "core/os/testing/temporary_directory.h"

namespace stave::os {
namespace {

class PosixFileSystemTest : public testing::Test {
 protected:
  // Fails where the test mounted nothing.
  ~PosixFileSystemTest() override { ::umount2(directory_.path().c_str(), MNT_DETACH); }
  std::string path(const std::string& name) const { return directory_ / name; }

  FileSystem& files_ = posix_file_system();
  const TemporaryDirectory directory_;
};

// A child that holds the lock until it is killed.
class LockHolder {
 public:
  explicit LockHolder(const std::string& path) {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    child_ = ::fork();
    if (child_ == 0) {
      const auto lock = posix_file_system().lock(path, true);
      const char answer = lock.ok() ? 'y' : 'n';
      if (::write(ready[1], &answer, 1) == 1) ::pause();
      ::_exit(1);
    }
    char answer = 0;
    EXPECT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~LockHolder() { kill(); }
  void kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = 0;
  }
  pid_t pid() const { return child_; }

 private:
  pid_t child_ = 0;
};

TEST_F(PosixFileSystemTest, NamesTheProcessThatHoldsALock) {
  LockHolder holder(path("LOCK"));
  const Status refused = files_.lock(path("LOCK"), true).status();
  EXPECT_TRUE(refused.is(Code::locked));
  EXPECT_EQ(refused.message(), "'" + path("LOCK") + "' is locked by process " +
                                   std::to_string(holder.pid()) + "; close it there first");
}

TEST_F(PosixFileSystemTest, SigkillReleasesALockAndReadersAreNotTakenForTheDead) {
  LockHolder holder(path("LOCK"));
  holder.kill();
  const auto reader = files_.lock(path("LOCK"), false);
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  EXPECT_EQ(files_.lock(path("LOCK"), true).status().message(),
            "'" + path("LOCK") + "' is locked by another process; close it there first");
}

TEST_F(PosixFileSystemTest, AChildOfTheHolderNeitherKeepsNorReleasesItsLock) {
  auto lock = *files_.lock(path("LOCK"), true);
  int go_on[2];
  ASSERT_EQ(::pipe(go_on), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    lock.reset();
    const bool still_locked =
        posix_file_system().lock(path("LOCK"), true).status().is(Code::locked);
    ::_exit(still_locked ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(files_.lock(path("LOCK"), true).status().is(Code::locked));

  const pid_t bystander = ::fork();  // has the lock's file open, and does nothing
  if (bystander == 0) {
    ::close(go_on[1]);
    char end = 0;
    ::_exit(::read(go_on[0], &end, 1) == 0 ? 0 : 1);
  }
  lock.reset();
  EXPECT_TRUE(files_.lock(path("LOCK"), true).ok());
  ::close(go_on[1]);
  ::close(go_on[0]);
  ASSERT_EQ(::waitpid(bystander, &status, 0), bystander);
}

TEST_F(PosixFileSystemTest, AReaderGoesWithoutALockOnlyWhereNoneCanBeMade) {
  if (::mount("none", directory_.path().c_str(), "tmpfs", 0, "size=256k") != 0)
    GTEST_SKIP() << "mounting a tmpfs needs root";
  ASSERT_TRUE(files_.lock(path("LOCK"), false).ok());
  ASSERT_EQ(::mount("none", directory_.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr),
            0);
  const auto missing = files_.lock(path("OTHER"), false);
  ASSERT_TRUE(missing.ok()) << missing.status().message();
  EXPECT_EQ(*missing, nullptr);
  EXPECT_EQ(files_.lock(path("OTHER"), true).status().os_errno(), EROFS);
  const auto present = files_.lock(path("LOCK"), false);
  ASSERT_TRUE(present.ok()) << present.status().message();
  EXPECT_NE(*present, nullptr);
}

// Root looked at a restored copy and left its lock file behind; then the owner of the directory
// opens it for writing.
TEST_F(PosixFileSystemTest, AnotherUsersLockFileKeepsNoWriterOut) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  ASSERT_TRUE(files_.lock(path("LOCK"), false).ok());
  const auto lock_as_nobody = [&] {
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0)
        ::_exit(2);
      const auto lock = files_.lock(path("LOCK"), true);
      ::_exit(lock.ok() ? 0 : lock.status().is(Code::permission_denied) ? 1 : 3);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  EXPECT_EQ(lock_as_nobody(), 1) << "who may not write the directory is no writer";
  ASSERT_EQ(::chown(directory_.path().c_str(), 65534, 65534), 0);
  EXPECT_EQ(lock_as_nobody(), 0);
}

TEST_F(PosixFileSystemTest, AllLinksToAFileResolveToOnePath) {
  const std::string real = std::filesystem::canonical(directory_.path()) / "real";
  ASSERT_TRUE(files_.open(real, OpenMode::create_new).ok());
  EXPECT_EQ(*files_.resolve(path("real")), real);
  std::filesystem::create_symlink("real", path("link"));
  std::filesystem::create_symlink(path("link"), path("link to a link"));
  EXPECT_EQ(*files_.resolve(path("link")), real);
  EXPECT_EQ(*files_.resolve(path("link to a link")), real);
  ASSERT_TRUE(files_.make_directory(path("d")).ok());
  std::filesystem::create_symlink("../link", path("d/up"));
  std::filesystem::create_directory_symlink("d", path("d link"));
  EXPECT_EQ(*files_.resolve(path("d link/up")), real);
  EXPECT_EQ(*files_.resolve(path("d link/../real")), real);
  // Also to one that is yet to be made.
  ASSERT_TRUE(files_.remove(real).ok());
  EXPECT_EQ(*files_.resolve(path("link to a link")), real);
  EXPECT_EQ(*files_.resolve(path("real")), real);
  // What cannot be resolved stays as it is, for the open to refuse.
  EXPECT_EQ(*files_.resolve(path("no/x")), path("no/x"));
  EXPECT_EQ(*files_.resolve(""), "");
  EXPECT_EQ(*files_.resolve("real/"), "real/");
  EXPECT_EQ(*files_.resolve("/"), "/");
  std::filesystem::create_symlink("circle", path("circle"));
  EXPECT_EQ(files_.resolve(path("circle")).status().os_errno(), ELOOP);
}

TEST_F(PosixFileSystemTest, ALockKnowsWhetherItsPathStillLeadsToIt) {
  ASSERT_TRUE(files_.make_directory(path("d")).ok());
  const auto lock = *files_.lock(path("d/LOCK"), true);
  EXPECT_TRUE(lock->check_in_place().ok());
  std::filesystem::rename(path("d"), path("moved"));
  EXPECT_TRUE(lock->check_in_place().is(Code::io));
  ASSERT_TRUE(files_.make_directory(path("d")).ok());
  const auto other = *files_.lock(path("d/LOCK"), true);
  EXPECT_TRUE(lock->check_in_place().is(Code::io));
  EXPECT_TRUE(other->check_in_place().ok());
}

// An open of a FIFO waited for ever for somebody to open its other end.
TEST_F(PosixFileSystemTest, OnlyRegularFilesAreOpenedAndLocked) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0644), 0);
  for (const OpenMode mode : {OpenMode::read_only, OpenMode::read_write}) {
    EXPECT_EQ(files_.open(path("fifo"), mode).status().message(),
              "'" + path("fifo") + "' is not a regular file");
    EXPECT_TRUE(files_.open("/dev/null", mode).status().is(Code::invalid_argument));
    EXPECT_TRUE(files_.open(directory_.path(), mode).status().is(Code::invalid_argument));
  }
  // The pid in a lock file would be written into the file that a link leads to.
  ASSERT_TRUE(files_.open(path("file"), OpenMode::create_new).ok());
  std::filesystem::create_symlink("file", path("link"));
  std::filesystem::create_symlink("no/where", path("dangling"));
  for (const bool exclusive : {false, true}) {
    EXPECT_TRUE(files_.lock(path("fifo"), exclusive).status().is(Code::invalid_argument));
    EXPECT_TRUE(files_.lock(directory_.path(), exclusive).status().is(Code::invalid_argument));
    for (const char* link : {"link", "dangling"})
      EXPECT_EQ(files_.lock(path(link), exclusive).status().message(),
                "the lock file '" + path(link) + "' is a symbolic link; remove it");
  }
}

TEST_F(PosixFileSystemTest, DescriptorsAreNotInheritedByPrograms) {
  const auto file = *files_.open(path("a"), OpenMode::create_new);
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) != path("a")) continue;
    const int number = std::stoi(entry.path().filename());
    EXPECT_TRUE(::fcntl(number, F_GETFD) & FD_CLOEXEC);
    return;
  }
  FAIL() << "the open file is not among the descriptors";
}

TEST_F(PosixFileSystemTest, AllocateTakesRealBlocksForHolesToo) {
  const auto file = *files_.open(path("a"), OpenMode::create_new);
  ASSERT_TRUE(file->truncate(1 << 20).ok());
  ASSERT_TRUE(file->allocate(1 << 20).ok());
  struct stat status;
  ASSERT_EQ(::stat(path("a").c_str(), &status), 0);
  EXPECT_GE(status.st_blocks * 512, 1 << 20);
}

TEST_F(PosixFileSystemTest, AFullDiskRefusesAllocationAndKeepsTheSize) {
  if (::mount("none", directory_.path().c_str(), "tmpfs", 0, "size=256k") != 0)
    GTEST_SKIP() << "mounting a small tmpfs needs root";
  const auto file = *files_.open(path("a"), OpenMode::create_new);
  ASSERT_TRUE(write_all(*file, "a", 0, as_bytes("kept")).ok());
  const Status refused = file->allocate(1 << 20);
  EXPECT_TRUE(refused.is(Code::no_space)) << refused.message();
  EXPECT_NE(refused.message().find(path("a")), std::string_view::npos);
  EXPECT_EQ(*file->size(), 4u);
  EXPECT_TRUE(file->allocate(128 << 10).ok());
}

}  // namespace
}  // namespace stave::os
