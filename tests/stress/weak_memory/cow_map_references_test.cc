#include <gtest/gtest.h>

#include <memory>

#include "core/cow_map/reference_count.h"
#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

// Something that maps share. `alive` stands for its memory: freeing is a write, looking is a read.
struct Shared {
  cow_map::ReferenceCount<Atomic> references;
  NonAtomic<bool> alive{true};

  void look() { check(alive.read(), "a freed node is looked at"); }
  void free() {
    check(alive.read(), "a node is freed twice");
    alive.write(false);
  }
  void release() {
    if (!references.release()) return;
    note("the last one frees");
    free();
  }
};

// Maps that share a node and all let go of it; one of them lends it to a copy first.
void last_one_frees(Program& program) {
  auto node = std::make_shared<Shared>();
  node->references.acquire();
  program.thread([=] {
    node->look();
    node->references.acquire();
    node->look();
    node->release();
    node->release();
  });
  program.thread([=] {
    node->look();
    if (!node->references.is_sole()) note("a node is shared");
    node->release();
  });
  program.at_end([=] { check(!node->alive.read(), "nobody has freed the node"); });
}

// A map copies a shared node, which takes its children over if the other map has let go. The other
// copies the node too, or only frees itself.
void children_are_taken_over(Program& program) {
  struct Tree {
    Shared node;
    Shared child;
  };
  auto tree = std::make_shared<Tree>();
  tree->node.references.acquire();
  for (int map = 0; map < 2; map++) {
    program.thread([=] {
      tree->node.look();
      if (tree->node.references.is_sole()) {
        note("the children are taken over");
        tree->node.free();
      } else {
        tree->child.references.acquire();
        if (tree->node.references.release()) {
          note("the other one has let go meanwhile");
          tree->node.free();
          tree->child.release();
        }
      }
      // Through the copy.
      tree->child.look();
      tree->child.release();
    });
  }
  program.at_end([=] {
    check(!tree->node.alive.read(), "nobody has freed the node");
    check(!tree->child.alive.read(), "nobody has freed the child");
  });
}

// A reader who has found a value pins it while its map lets go of it.
void pins_are_counted_above_zero(Program& program) {
  auto value = std::make_shared<Shared>();
  for (int reader = 0; reader < 2; reader++) {
    program.thread([=] {
      if (!value->references.try_acquire()) return note("the value is gone");
      note("the value is pinned");
      value->look();
      value->release();
    });
  }
  program.thread([=] { value->release(); });
  program.at_end([=] { check(!value->alive.read(), "nobody has freed the value"); });
}

TEST(WeakMemory, CowMapReferences) {
  check_kernel({.scenarios = {{.name = "the last one frees",
                               .set_up = last_one_frees,
                               .expected_notes = {"the last one frees", "a node is shared"}},
                              {.name = "children are taken over",
                               .set_up = children_are_taken_over,
                               .expected_notes = {"the children are taken over",
                                                  "the other one has let go meanwhile"}},
                              {.name = "pins are counted above zero",
                               .set_up = pins_are_counted_above_zero,
                               .expected_notes = {"the value is gone", "the value is pinned"}}},
                .redundant = {}});
}

}  // namespace
}  // namespace stave::weak_memory
