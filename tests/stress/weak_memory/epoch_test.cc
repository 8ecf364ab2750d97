#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/sync/epoch_protocol.h"
#include "tests/stress/weak_memory/kernel_check.h"

namespace stave::weak_memory {
namespace {

struct Node {
  NonAtomic<bool> alive{true};
  NonAtomic<Node*> next{nullptr};
  uint64_t tag = 0;
};

using Epochs = sync::EpochProtocol<Atomic, FullBarrier, Node, 1, 1>;

// A shared structure of one node, which a writer replaces. One slot a chunk, so that slots are
// handed from thread to thread and chunks are added.
struct State {
  Epochs epochs;
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<std::unique_ptr<Epochs::Chunk>> chunks;
  Atomic<Node*> head{new_node()};

  Node* new_node() { return nodes.emplace_back(std::make_unique<Node>()).get(); }
};

Epochs::Slot& take_slot(State& state) {
  Epochs::Slot* slot = state.epochs.take_slot();
  while (slot == nullptr) {
    note("a chunk is added");
    state.epochs.add_chunk(state.chunks.emplace_back(std::make_unique<Epochs::Chunk>()).get());
    slot = state.epochs.take_slot();
  }
  return *slot;
}

void use_head(State& state) {
  Node* node = state.head.load(std::memory_order_acquire);
  check(node->alive.read(), "a reader meets a reclaimed object");
  if (state.head.load(std::memory_order_acquire) != node) note("a reader holds a retired object");
}

void read(State& state) {
  Epochs::Slot& slot = take_slot(state);
  for (int i = 0; i < 2; i++) {
    state.epochs.pin(slot);
    use_head(state);
    state.epochs.unpin(slot);
  }
  state.epochs.give_back_slot(slot);
}

void read_without_slot(State& state) {
  state.epochs.pin_without_slot();
  use_head(state);
  state.epochs.unpin_without_slot();
}

void replace(State& state) {
  Epochs::Slot& slot = take_slot(state);
  for (int i = 0; i < 2; i++) {
    Node* fresh = state.new_node();
    slot.retired.push(state.head.exchange(fresh, std::memory_order_acq_rel));
  }
  state.epochs.give_back_slot(slot);
}

void replace_without_slot(State& state) {
  Node* fresh = state.new_node();
  state.epochs.shared_slot().retired.push(state.head.exchange(fresh, std::memory_order_acq_rel));
}

// What EpochRegistry does under its mutex.
void reclaim(State& state, int rounds) {
  std::vector<Node*> waiting;
  for (int round = 0; round < rounds; round++) {
    const size_t before = waiting.size();
    state.epochs.for_each_waiting([&waiting](Epochs::Slot& slot) {
      Node* chain = slot.retired.take_all();
      for (; chain != nullptr; chain = chain->next.read()) waiting.push_back(chain);
      return true;
    });
    const uint64_t tag = state.epochs.advance();
    for (size_t i = before; i < waiting.size(); i++) waiting[i]->tag = tag;
    const uint64_t oldest = state.epochs.oldest_pin(tag + 1);
    std::vector<Node*> held_back;
    for (Node* node : waiting) {
      if (node->tag < oldest) {
        note("an object is reclaimed");
        node->alive.write(false);
      } else {
        note("a pin holds an object back");
        held_back.push_back(node);
      }
    }
    waiting = held_back;
  }
}

Scenario threads_with_slots() {
  return {.name = "threads with slots",
          .set_up =
              [](Program& program) {
                auto state = std::make_shared<State>();
                program.thread([=] { read(*state); });
                program.thread([=] { read(*state); });
                program.thread([=] { replace(*state); });
                program.thread([=] { reclaim(*state, 3); });
              },
          .expected_notes = {"a chunk is added", "a reader holds a retired object",
                             "an object is reclaimed", "a pin holds an object back"}};
}

Scenario threads_without_slots() {
  return {.name = "threads without slots",
          .set_up =
              [](Program& program) {
                auto state = std::make_shared<State>();
                program.thread([=] { read_without_slot(*state); });
                program.thread([=] { read_without_slot(*state); });
                program.thread([=] { replace_without_slot(*state); });
                program.thread([=] { reclaim(*state, 3); });
              },
          .expected_notes = {"a reader holds a retired object", "an object is reclaimed",
                             "a pin holds an object back"}};
}

// Few steps, so that the reader often pins between the advance and the look at its slot.
Scenario turn_of_the_epoch() {
  return {.name = "turn of the epoch",
          .set_up =
              [](Program& program) {
                auto state = std::make_shared<State>();
                program.thread([&slot = take_slot(*state), state] {
                  state->epochs.pin(slot);
                  use_head(*state);
                  state->epochs.unpin(slot);
                });
                program.thread([=] {
                  replace_without_slot(*state);
                  reclaim(*state, 1);
                });
              },
          .expected_notes = {"a reader holds a retired object", "an object is reclaimed",
                             "a pin holds an object back"}};
}

TEST(WeakMemory, Epoch) {
  check_kernel({.scenarios = {turn_of_the_epoch(), threads_with_slots(), threads_without_slots()},
                .redundant = {}});
}

}  // namespace
}  // namespace stave::weak_memory
