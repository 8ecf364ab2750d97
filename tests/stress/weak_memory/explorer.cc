#include "tests/stress/weak_memory/explorer.h"

#include <ucontext.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace stave::weak_memory {

namespace {

constexpr size_t kStackBytes = 256 << 10;
constexpr uint64_t kStepsMax = 20'000;  // a schedule that takes more makes no progress

struct Message {
  uint64_t value;
  View view;  // what an acquire that reads it learns
};

struct Location {
  std::vector<Message> messages;  // in modification order
  uint32_t creator;
  uint32_t created_clock;
};

struct Thread {
  View current;   // what the thread knows
  View acquired;  // what it would know after an acquire fence
  View released;  // what its relaxed stores hand on, due to its last release fence
  bool done = false;
  ucontext_t context{};
};

bool acquires(std::memory_order order) {
  return order == std::memory_order_acquire || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}
bool releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {  // splitmix64
    state_ += 0x9e3779b97f4a7c15;
    uint64_t bits = state_;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    return bits ^ (bits >> 31);
  }
  size_t below(size_t bound) { return static_cast<size_t>(next() % bound); }
  bool one_in(size_t n) { return below(n) == 0; }

 private:
  uint64_t state_;
};

// One schedule. Thread 0 sets up and checks the end; the program's threads are fibers that hand
// control to each other before each access.
class Execution {
 public:
  Execution(const Exploration& exploration, Outcome& outcome, uint64_t seed)
      : exploration_(exploration), outcome_(outcome), random_(seed) {
    // Some schedules switch at nearly every step, others run threads for long; the same with stale
    // reads. Different mistakes need different mixtures.
    switch_one_in_ = size_t{1} << random_.below(4);
    stale_one_in_ = size_t{2} << random_.below(3);
    threads_.push_back(std::make_unique<Thread>());
  }

  bool run(const std::function<void(Program&)>& set_up);

  [[noreturn]] void fail(const char* what) {
    outcome_.failure = what;
    // Neither exceptions (production code is noexcept) nor a return: the fibers are abandoned.
    if (running_ == 0) setcontext(&threads_[0]->context);
    while (true) swapcontext(&threads_[running_]->context, &threads_[0]->context);
  }
  void note(const char* event) { outcome_.notes[event]++; }

  uint32_t new_location(uint64_t value);
  uint64_t load(uint32_t location, const Site& site);
  void store(uint32_t location, uint64_t value, const Site& site);
  uint64_t modify(uint32_t location, const Site& site,
                  const std::function<uint64_t(uint64_t)>& change);
  bool compare_exchange(uint32_t location, uint64_t& expected, uint64_t desired, bool weak,
                        const Site& success, const Site& failure);
  void fence(const Site& site);
  void begin_history(internal::AccessHistory& history);
  void plain_read(internal::AccessHistory& history);
  void plain_write(internal::AccessHistory& history);

 private:
  static void fiber_entry();

  Thread& me() { return *threads_[running_]; }
  // A scheduling point; afterwards the running thread takes its next step.
  void step();
  void switch_to_some_thread();
  std::memory_order effective_order(const Site& site);
  void trace(uint32_t location, uint64_t value, const Site& site, std::memory_order order);
  Location& reach(uint32_t location);
  size_t pick_message(uint32_t location, const Location& from);
  void learn(uint32_t location, size_t index, std::memory_order order);
  void append(uint32_t location, uint64_t value, std::memory_order order, const View* carried);
  bool happened_before(uint32_t thread, uint32_t clock) {
    return me().current.clock[thread] >= clock;
  }

  const Exploration& exploration_;
  Outcome& outcome_;
  Random random_;
  size_t switch_one_in_;
  size_t stale_one_in_;
  uint64_t steps_ = 0;
  Program program_;
  std::vector<std::unique_ptr<Thread>> threads_;
  size_t running_ = 0;
  std::vector<Location> locations_;
  View fences_;  // the global view of the sequentially consistent fences
};

Execution* execution = nullptr;

// Stacks are reused from schedule to schedule.
std::vector<std::unique_ptr<char[]>>& stacks() {
  static std::vector<std::unique_ptr<char[]>> all;
  return all;
}

void Execution::fiber_entry() {
  Execution& self = *execution;
  self.program_.bodies[self.running_ - 1]();
  self.me().done = true;
  self.switch_to_some_thread();
  std::abort();  // a thread that is done is never resumed
}

void Execution::switch_to_some_thread() {
  std::array<size_t, kMaxThreads> ready{};
  size_t count = 0;
  for (size_t i = 1; i < threads_.size(); i++) {
    if (!threads_[i]->done) ready[count++] = i;
  }
  const size_t from = running_;
  running_ = count == 0 ? 0 : ready[random_.below(count)];
  if (running_ != from) swapcontext(&threads_[from]->context, &threads_[running_]->context);
}

bool Execution::run(const std::function<void(Program&)>& set_up) {
  execution = this;
  set_up(program_);
  if (program_.bodies.size() + 1 > kMaxThreads) std::abort();
  while (stacks().size() < program_.bodies.size()) {
    stacks().push_back(std::make_unique<char[]>(kStackBytes));
  }
  for (size_t i = 0; i < program_.bodies.size(); i++) {
    auto thread = std::make_unique<Thread>();
    thread->current = threads_[0]->current;
    thread->acquired = thread->current;
    getcontext(&thread->context);
    thread->context.uc_stack.ss_sp = stacks()[i].get();
    thread->context.uc_stack.ss_size = kStackBytes;
    thread->context.uc_link = nullptr;
    makecontext(&thread->context, fiber_entry, 0);
    threads_.push_back(std::move(thread));
  }
  if (!program_.bodies.empty()) switch_to_some_thread();  // returns when all are done, or on fail()
  running_ = 0;
  if (outcome_.failure.empty() && program_.end) {
    for (const auto& thread : threads_) threads_[0]->current.join(thread->current);
    volatile bool ended = false;
    getcontext(&threads_[0]->context);  // where fail() comes back to
    if (!ended) {
      ended = true;
      if (outcome_.failure.empty()) program_.end();
    }
  }
  outcome_.steps += steps_;
  execution = nullptr;
  return outcome_.failure.empty();
}

void Execution::step() {
  if (running_ != 0) {
    if (++steps_ > kStepsMax) fail("no progress");
    if (random_.one_in(switch_one_in_)) switch_to_some_thread();
  }
  me().current.clock[running_]++;
}

std::memory_order Execution::effective_order(const Site& site) {
  outcome_.sites[site]++;
  const Weakening* weakening = exploration_.weakening;
  if (weakening == nullptr || site < weakening->site || weakening->site < site) return site.order;
  return weakening->order;
}

void Execution::trace(uint32_t location, uint64_t value, const Site& site,
                      std::memory_order order) {
  if (!exploration_.trace) return;
  std::printf("  thread %zu: %s line %d, location %u, value %llu, %s\n", running_,
              describe(site).c_str(), site.line, location, static_cast<unsigned long long>(value),
              order_name(order));
}

Location& Execution::reach(uint32_t location) {
  Location& found = locations_[location];
  if (!happened_before(found.creator, found.created_clock)) {
    fail("an atomic is used before its construction is visible");
  }
  return found;
}

size_t Execution::pick_message(uint32_t location, const Location& from) {
  const size_t newest = from.messages.size() - 1;
  const size_t oldest = me().current.seen[location];
  if (oldest == newest || !random_.one_in(stale_one_in_)) return newest;
  const size_t index = oldest + random_.below(newest - oldest);
  outcome_.stale_reads++;
  return index;
}

void Execution::learn(uint32_t location, size_t index, std::memory_order order) {
  const View& view = locations_[location].messages[index].view;
  Thread& thread = me();
  thread.current.seen[location] =
      std::max(thread.current.seen[location], static_cast<uint16_t>(index));
  if (acquires(order)) thread.current.join(view);
  thread.acquired.join(view);
  thread.acquired.join(thread.current);
}

void Execution::append(uint32_t location, uint64_t value, std::memory_order order,
                       const View* carried) {
  Thread& thread = me();
  Location& to = locations_[location];
  const auto index = static_cast<uint16_t>(to.messages.size());
  thread.current.seen[location] = index;
  thread.acquired.join(thread.current);
  View view = releases(order) ? thread.current : thread.released;
  view.seen[location] = index;
  if (carried != nullptr) view.join(*carried);
  to.messages.push_back({value, view});
}

uint32_t Execution::new_location(uint64_t value) {
  if (locations_.size() == kMaxLocations) std::abort();
  Thread& thread = me();
  thread.current.clock[running_]++;
  locations_.push_back(
      {{{value, View{}}}, static_cast<uint32_t>(running_), thread.current.clock[running_]});
  return static_cast<uint32_t>(locations_.size() - 1);
}

uint64_t Execution::load(uint32_t location, const Site& site) {
  step();
  const std::memory_order order = effective_order(site);
  const Location& from = reach(location);
  const size_t index = pick_message(location, from);
  const uint64_t value = from.messages[index].value;
  learn(location, index, order);
  trace(location, value, site, order);
  return value;
}

void Execution::store(uint32_t location, uint64_t value, const Site& site) {
  step();
  const std::memory_order order = effective_order(site);
  reach(location);
  append(location, value, order, nullptr);
  trace(location, value, site, order);
}

uint64_t Execution::modify(uint32_t location, const Site& site,
                           const std::function<uint64_t(uint64_t)>& change) {
  step();
  const std::memory_order order = effective_order(site);
  const size_t newest = reach(location).messages.size() - 1;
  const Message read = locations_[location].messages[newest];
  learn(location, newest, order);
  append(location, change(read.value), order, &read.view);
  trace(location, read.value, site, order);
  return read.value;
}

bool Execution::compare_exchange(uint32_t location, uint64_t& expected, uint64_t desired, bool weak,
                                 const Site& success, const Site& failure) {
  step();
  const std::memory_order success_order = effective_order(success);
  const std::memory_order failure_order = effective_order(failure);
  const Location& from = reach(location);
  const size_t newest = from.messages.size() - 1;
  size_t index = pick_message(location, from);
  // An equal value that is not the newest cannot be exchanged, and a strong one may not fail on it.
  if (from.messages[index].value == expected) index = newest;
  const Message read = from.messages[index];
  const bool spurious = weak && random_.one_in(8);
  if (read.value != expected || spurious) {
    learn(location, index, failure_order);
    trace(location, read.value, failure, failure_order);
    expected = read.value;
    return false;
  }
  learn(location, newest, success_order);
  append(location, desired, success_order, &read.view);
  trace(location, desired, success, success_order);
  return true;
}

void Execution::fence(const Site& site) {
  step();
  const std::memory_order order = effective_order(site);
  Thread& thread = me();
  if (acquires(order)) thread.current.join(thread.acquired);
  if (order == std::memory_order_seq_cst) {
    thread.current.join_seen(fences_);
    fences_.join_seen(thread.current);
    thread.acquired.join(thread.current);
  }
  if (releases(order)) thread.released = thread.current;
  trace(0, 0, site, order);
}

void Execution::begin_history(internal::AccessHistory& history) {
  Thread& thread = me();
  thread.current.clock[running_]++;
  history.writer = static_cast<uint32_t>(running_);
  history.write_clock = thread.current.clock[running_];
}

void Execution::plain_read(internal::AccessHistory& history) {
  step();
  if (!happened_before(history.writer, history.write_clock)) fail("data race: write and read");
  history.read_clock[running_] = me().current.clock[running_];
}

void Execution::plain_write(internal::AccessHistory& history) {
  step();
  if (!happened_before(history.writer, history.write_clock)) fail("data race: two writes");
  for (uint32_t i = 0; i < threads_.size(); i++) {
    if (!happened_before(i, history.read_clock[i])) fail("data race: read and write");
  }
  history.writer = static_cast<uint32_t>(running_);
  history.write_clock = me().current.clock[running_];
}

}  // namespace

void View::join(const View& other) {
  join_seen(other);
  for (size_t i = 0; i < clock.size(); i++) clock[i] = std::max(clock[i], other.clock[i]);
}

void View::join_seen(const View& other) {
  for (size_t i = 0; i < seen.size(); i++) seen[i] = std::max(seen[i], other.seen[i]);
}

const char* order_name(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
    default:
      return "consume";
  }
}

std::string describe(const Site& site) {
  const std::string function = site.function;  // g++ adds template arguments, clang does not
  return function.substr(0, function.find('<')) + " " + site.operation + "(" +
         order_name(site.order) + ")";
}

Outcome explore(const Exploration& exploration, const std::function<void(Program&)>& set_up) {
  Outcome outcome;
  for (uint64_t i = 0; i < exploration.schedules; i++) {
    outcome.schedules++;
    Random seeds(exploration.seed + i * kSeedStep);
    Execution schedule(exploration, outcome, seeds.next());
    if (!schedule.run(set_up)) break;
  }
  return outcome;
}

void fail(const char* what) {
  execution->fail(what);
}
void note(const char* event) {
  execution->note(event);
}

namespace internal {

namespace {
void refuse_seq_cst(const Site& site) {
  if (site.order != std::memory_order_seq_cst) return;
  std::fprintf(stderr, "%s:%d: sequentially consistent accesses are not modelled\n", site.file,
               site.line);
  std::abort();
}
}  // namespace

uint32_t new_location(uint64_t value) {
  return execution->new_location(value);
}
uint64_t load(uint32_t location, const Site& site) {
  refuse_seq_cst(site);
  return execution->load(location, site);
}
void store(uint32_t location, uint64_t value, const Site& site) {
  refuse_seq_cst(site);
  execution->store(location, value, site);
}
uint64_t modify(uint32_t location, const Site& site,
                const std::function<uint64_t(uint64_t)>& change) {
  refuse_seq_cst(site);
  return execution->modify(location, site, change);
}
bool compare_exchange(uint32_t location, uint64_t& expected, uint64_t desired, bool weak,
                      const Site& success, const Site& failure) {
  refuse_seq_cst(success);
  refuse_seq_cst(failure);
  return execution->compare_exchange(location, expected, desired, weak, success, failure);
}
void fence(const Site& site) {
  execution->fence(site);
}
void begin_history(AccessHistory& history) {
  execution->begin_history(history);
}
void plain_read(AccessHistory& history) {
  execution->plain_read(history);
}
void plain_write(AccessHistory& history) {
  execution->plain_write(history);
}

}  // namespace internal

}  // namespace stave::weak_memory
