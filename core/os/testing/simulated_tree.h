// The directories of a simulated file system: names as processes see them, names as the device
// holds them, and the operations between the two.
//
// Not thread safe. Functions return 0 or an errno.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/os/testing/simulated_content.h"

namespace stave::os {

struct SimulatedNode {
  using Entries = std::map<std::string, std::shared_ptr<SimulatedNode>, std::less<>>;

  bool is_directory() const noexcept { return !content; }

  std::unique_ptr<SimulatedContent> content;  // null for a directory
  Entries live;                               // of a directory
  Entries durable;
  int shared_locks = 0;
  bool exclusive_lock = false;
};

class SimulatedTree {
 public:
  using NodePointer = std::shared_ptr<SimulatedNode>;

  explicit SimulatedTree(std::shared_ptr<DiskSpace> space);

  // Null when there is no such path. Paths start at the root with or without '/'.
  NodePointer find(std::string_view path) const;
  int create_file(std::string_view path, NodePointer& file);
  int make_directory(std::string_view path);
  int rename(std::string_view from, std::string_view to);
  int remove(std::string_view path);
  // Makes the operations on the directory durable, and those they build on.
  int sync(std::string_view path);
  // As sync, but the device fails: the operations never become durable.
  int fail_sync(std::string_view path);

  // Calls visit(path, node) for all live files and directories but the root, in order of names.
  template <typename Visit>
  void for_each(Visit visit) const {
    visit_entries(*root_, std::string(), visit);
  }

  std::unique_ptr<SimulatedTree> after_crash(const CrashPlan& plan, SeededRandom& random,
                                             const std::shared_ptr<DiskSpace>& space) const;
  std::unique_ptr<SimulatedTree> after_kill(const std::shared_ptr<DiskSpace>& space) const;

 private:
  // One name of one directory gets a new target, or none.
  struct Edit {
    NodePointer directory;
    std::string name;
    NodePointer target;
  };
  // Survives a crash as a whole: one edit, or the two of a rename.
  using Operation = std::vector<Edit>;

  struct Place {
    NodePointer directory;  // null when the path's parent does not exist
    std::string name;
  };
  Place place_of(std::string_view path) const;
  void perform(Operation operation);
  int settle(std::string_view path, bool success);
  std::vector<const Operation*> surviving(const CrashPlan& plan, SeededRandom& random) const;

  template <typename Visit>
  static void visit_entries(const SimulatedNode& directory, const std::string& prefix,
                            Visit& visit) {
    for (const auto& [name, node] : directory.live) {
      const std::string path = prefix + "/" + name;
      visit(path, *node);
      visit_entries(*node, path, visit);
    }
  }

  std::shared_ptr<DiskSpace> space_;
  NodePointer root_;
  std::vector<Operation> unsynced_;
};

}  // namespace stave::os
