#include "core/os/testing/simulated_tree.h"

#include <algorithm>
#include <cerrno>
#include <set>

namespace stave::os {

namespace {

// Copies nodes, each once however many names it has.
class Cloner {
 public:
  using NodePointer = SimulatedTree::NodePointer;

  explicit Cloner(std::shared_ptr<DiskSpace> space) : space_(std::move(space)) {}

  // The clone; `make_content` copies the content of a file that has none yet, `fill` the entries of
  // such a directory.
  template <typename MakeContent, typename Fill>
  NodePointer clone(const NodePointer& node, MakeContent make_content, Fill fill) {
    if (!node) return nullptr;
    NodePointer& result = clones_[node.get()];
    if (result) return result;
    result = std::make_shared<SimulatedNode>();
    const NodePointer made = result;  // `result` moves when clones_ grows
    if (node->is_directory())
      fill(*node, *made);
    else
      made->content = make_content(*node->content, space_);
    return made;
  }

 private:
  std::shared_ptr<DiskSpace> space_;
  std::map<const SimulatedNode*, NodePointer> clones_;
};

void set_entry(SimulatedNode::Entries& entries, const std::string& name,
               const SimulatedTree::NodePointer& target) {
  if (target)
    entries[name] = target;
  else
    entries.erase(name);
}

}  // namespace

SimulatedTree::SimulatedTree(std::shared_ptr<DiskSpace> space)
    : space_(std::move(space)), root_(std::make_shared<SimulatedNode>()) {}

SimulatedTree::NodePointer SimulatedTree::find(std::string_view path) const {
  NodePointer node = root_;
  while (node && !path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (name.empty() || name == ".") continue;
    const auto entry = node->live.find(name);
    node = entry == node->live.end() ? nullptr : entry->second;
  }
  return node;
}

SimulatedTree::Place SimulatedTree::place_of(std::string_view path) const {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  const bool has_parent = slash != std::string_view::npos;
  Place place{find(has_parent ? path.substr(0, slash) : std::string_view()),
              std::string(has_parent ? path.substr(slash + 1) : path)};
  if (place.directory && !place.directory->is_directory()) place.directory = nullptr;
  return place;
}

void SimulatedTree::perform(Operation operation) {
  for (const Edit& edit : operation) set_entry(edit.directory->live, edit.name, edit.target);
  unsynced_.push_back(std::move(operation));
}

int SimulatedTree::create_file(std::string_view path, NodePointer& file) {
  const Place place = place_of(path);
  if (!place.directory) return ENOENT;
  if (place.directory->live.contains(place.name)) return EEXIST;
  file = std::make_shared<SimulatedNode>();
  file->content = std::make_unique<SimulatedContent>(space_);
  perform({{place.directory, place.name, file}});
  return 0;
}

int SimulatedTree::make_directory(std::string_view path) {
  const Place place = place_of(path);
  if (!place.directory) return ENOENT;
  if (place.name.empty() || place.directory->live.contains(place.name)) return EEXIST;
  perform({{place.directory, place.name, std::make_shared<SimulatedNode>()}});
  return 0;
}

int SimulatedTree::rename(std::string_view from, std::string_view to) {
  const Place source = place_of(from);
  const Place target = place_of(to);
  const NodePointer node = find(from);
  const NodePointer replaced = find(to);
  if (!node || !source.directory || !target.directory) return ENOENT;
  if (node == replaced) return 0;
  if (node->is_directory() && replaced) return EEXIST;
  if (replaced && replaced->is_directory()) return EISDIR;
  perform({{source.directory, source.name, nullptr}, {target.directory, target.name, node}});
  return 0;
}

int SimulatedTree::remove(std::string_view path) {
  const NodePointer node = find(path);
  if (!node) return ENOENT;
  if (node->is_directory()) return EISDIR;
  const Place place = place_of(path);
  perform({{place.directory, place.name, nullptr}});
  return 0;
}

int SimulatedTree::sync(std::string_view path) {
  return settle(path, true);
}

int SimulatedTree::fail_sync(std::string_view path) {
  return settle(path, false);
}

// Backwards from the last operation, a rename between two directories draws in what came before it
// in the other one.
int SimulatedTree::settle(std::string_view path, bool success) {
  const NodePointer directory = find(path);
  if (!directory) return ENOENT;
  if (!directory->is_directory()) return ENOTDIR;
  std::set<const SimulatedNode*> directories = {directory.get()};
  std::vector<bool> covered(unsynced_.size());
  for (size_t i = unsynced_.size(); i-- > 0;) {
    const Operation& operation = unsynced_[i];
    covered[i] = std::any_of(operation.begin(), operation.end(), [&](const Edit& edit) {
      return directories.contains(edit.directory.get());
    });
    if (!covered[i]) continue;
    for (const Edit& edit : operation) directories.insert(edit.directory.get());
  }
  std::vector<Operation> left;
  for (size_t i = 0; i < unsynced_.size(); i++) {
    if (!covered[i]) {
      left.push_back(std::move(unsynced_[i]));
    } else if (success) {
      for (const Edit& edit : unsynced_[i])
        set_entry(edit.directory->durable, edit.name, edit.target);
    }
  }
  unsynced_ = std::move(left);
  return 0;
}

// Once an operation is lost, so are the later ones that build on it: with DirectoryOrder::prefix
// those on the same directory, with any those on the same name.
std::vector<const SimulatedTree::Operation*> SimulatedTree::surviving(const CrashPlan& plan,
                                                                      SeededRandom& random) const {
  std::vector<const Operation*> kept;
  if (plan.directories == CrashPlan::Keep::none) return kept;
  const bool prefix = plan.directory_order == CrashPlan::DirectoryOrder::prefix;
  const uint64_t loss_odds = prefix ? 1 + unsynced_.size() / 2 : 1;  // 1 in (odds + 1)
  std::set<std::pair<const SimulatedNode*, std::string_view>> lost;
  for (const Operation& operation : unsynced_) {
    const auto key = [prefix](const Edit& edit) {
      return std::pair(static_cast<const SimulatedNode*>(edit.directory.get()),
                       prefix ? std::string_view() : std::string_view(edit.name));
    };
    const bool builds_on_lost = std::any_of(operation.begin(), operation.end(),
                                            [&](const Edit& e) { return lost.contains(key(e)); });
    const bool survives =
        plan.directories == CrashPlan::Keep::all || random.below(loss_odds + 1) != 0;
    if (survives && !builds_on_lost) {
      kept.push_back(&operation);
    } else {
      for (const Edit& edit : operation) lost.insert(key(edit));
    }
  }
  return kept;
}

std::unique_ptr<SimulatedTree> SimulatedTree::after_crash(
    const CrashPlan& plan, SeededRandom& random, const std::shared_ptr<DiskSpace>& space) const {
  // The surviving names of each directory that an operation touches.
  std::map<const SimulatedNode*, SimulatedNode::Entries> changed;
  for (const Operation* operation : surviving(plan, random))
    for (const Edit& edit : *operation)
      set_entry(changed.try_emplace(edit.directory.get(), edit.directory->durable).first->second,
                edit.name, edit.target);
  auto image = std::make_unique<SimulatedTree>(space);
  Cloner cloner(space);
  const auto make_content = [&](SimulatedContent& content, std::shared_ptr<DiskSpace> on) {
    return content.after_crash(plan, random, std::move(on));
  };
  const auto fill = [&](const auto& self, const SimulatedNode& from, SimulatedNode& to) -> void {
    const auto entries = changed.find(&from);
    for (const auto& [name, node] : entries == changed.end() ? from.durable : entries->second)
      to.live[name] =
          cloner.clone(node, make_content, [&](const auto& f, auto& t) { self(self, f, t); });
    to.durable = to.live;
  };
  fill(fill, *root_, *image->root_);
  return image;
}

std::unique_ptr<SimulatedTree> SimulatedTree::after_kill(
    const std::shared_ptr<DiskSpace>& space) const {
  auto image = std::make_unique<SimulatedTree>(space);
  Cloner cloner(space);
  const auto make_content = [](SimulatedContent& content, std::shared_ptr<DiskSpace> on) {
    return content.after_kill(std::move(on));
  };
  const auto fill = [&](const auto& self, const SimulatedNode& from, SimulatedNode& to) -> void {
    const auto clone = [&](const NodePointer& node) {
      return cloner.clone(node, make_content, [&](const auto& f, auto& t) { self(self, f, t); });
    };
    for (const auto& [name, node] : from.live) to.live[name] = clone(node);
    for (const auto& [name, node] : from.durable) to.durable[name] = clone(node);
  };
  // The root is cloned like the rest, since operations refer to it.
  const auto clone = [&](const NodePointer& node) {
    return cloner.clone(node, make_content, [&](const auto& f, auto& t) { fill(fill, f, t); });
  };
  image->root_ = clone(root_);
  for (const Operation& operation : unsynced_) {
    Operation copy;
    for (const Edit& edit : operation)
      copy.push_back({clone(edit.directory), edit.name, clone(edit.target)});
    image->unsynced_.push_back(std::move(copy));
  }
  return image;
}

}  // namespace stave::os
