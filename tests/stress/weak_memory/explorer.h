// An explorer of C++ memory orders: runs a small program of a few threads under many random
// schedules in which loads may return any value that the memory model lets them return, not just
// what this machine's caches would. x86 alone says nothing about ARM; this does.
//
// A program ("kernel") is production code, a template over its atomic type, instantiated with
// weak_memory::Atomic. Plain data that the kernel must protect is NonAtomic, which reports data
// races and whatever `check` is asked to see.
//
// The model is view-based (Kang et al., "A promising semantics for relaxed-memory concurrency",
// 2017, without the promises). A location is the list of messages stored to it. A thread's view
// says, for each location, the oldest message it may still read; a release attaches the view to the
// message, an acquire joins the view of the message read. Read-modify-writes read the newest
// message and pass its view on (the release sequence). Sequentially consistent fences exchange
// views through one global view. Apart from that a view carries a vector clock of happens-before,
// which decides what is a data race; the global view of the fences carries none, as in C++.
//
// What it does not show: load buffering (a load that sees a store which comes later in the
// schedule) and stores that enter a location's modification order before an already stored value.
// Sequentially consistent loads, stores and read-modify-writes are not modelled and are refused.
//
// Everything is a function of the seed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace stave::weak_memory {

constexpr size_t kMaxThreads = 8;  // the one that sets up and checks the end included
constexpr size_t kMaxLocations = 48;

struct View {
  std::array<uint16_t, kMaxLocations> seen{};  // per location: index of the oldest readable message
  std::array<uint32_t, kMaxThreads> clock{};   // per thread: its last step that happened before
  void join(const View& other);
  void join_seen(const View& other);
};

// A place in the source at which a memory order is given: what gets weakened.
struct Site {
  const char* file = "";
  int line = 0;
  const char* function = "";
  const char* operation = "";  // "load", "store", "exchange", ..., "fence"
  std::memory_order order = std::memory_order_relaxed;

  friend bool operator<(const Site& a, const Site& b) {
    if (a.line != b.line) return a.line < b.line;
    if (a.order != b.order) return a.order < b.order;
    if (const int sign = std::strcmp(a.operation, b.operation); sign != 0) return sign < 0;
    return std::strcmp(a.file, b.file) < 0;
  }
};

// "function operation(order)".
std::string describe(const Site& site);
const char* order_name(std::memory_order order);

// Lets one site use a weaker order than its source says.
struct Weakening {
  Site site;
  std::memory_order order = std::memory_order_relaxed;
};

struct Outcome {
  std::string failure;  // empty when every schedule went well
  uint64_t schedules = 0;
  uint64_t steps = 0;
  uint64_t stale_reads = 0;  // loads that returned something older than the newest message
  std::map<std::string, uint64_t> notes;
  std::map<Site, uint64_t> sites;
};

// The threads of one schedule. Made anew for each by the function given to explore().
class Program {
 public:
  void thread(std::function<void()> body) { bodies.push_back(std::move(body)); }
  // Runs when all threads are done and sees all they did.
  void at_end(std::function<void()> body) { end = std::move(body); }

  std::vector<std::function<void()>> bodies;
  std::function<void()> end;
};

// Schedule i of an exploration is schedule 0 of one with a seed of `seed + i * kSeedStep`.
constexpr uint64_t kSeedStep = 0xd1342543de82ef95;

struct Exploration {
  uint64_t seed = 1;
  uint64_t schedules = 0;
  const Weakening* weakening = nullptr;
  bool trace = false;  // prints every step
};

// Runs until a schedule fails or all are done. The objects that a failed schedule's threads hold on
// their stacks are not destroyed.
Outcome explore(const Exploration& exploration, const std::function<void(Program&)>& set_up);

// For use inside a kernel. A failure ends the schedule; the calling thread does not come back.
[[noreturn]] void fail(const char* what);
inline void check(bool condition, const char* what) {
  if (!condition) fail(what);
}
// Counts an event, so that a test can see that what it is about has really happened.
void note(const char* event);

namespace internal {

uint32_t new_location(uint64_t value);
uint64_t load(uint32_t location, const Site& site);
void store(uint32_t location, uint64_t value, const Site& site);
// `change` answers the new value for the old one.
uint64_t modify(uint32_t location, const Site& site,
                const std::function<uint64_t(uint64_t)>& change);
// Returns whether it stored; `expected` becomes what was read.
bool compare_exchange(uint32_t location, uint64_t& expected, uint64_t desired, bool weak,
                      const Site& success, const Site& failure);
void fence(const Site& site);

// Who accessed a plain object when.
struct AccessHistory {
  uint32_t writer = 0;
  uint32_t write_clock = 0;
  std::array<uint32_t, kMaxThreads> read_clock{};
};
void begin_history(AccessHistory& history);
void plain_read(AccessHistory& history);
void plain_write(AccessHistory& history);

}  // namespace internal

// Stands for std::atomic. The last three parameters of each member are never given: they name the
// calling line.
#define STAVE_CALLER                                                \
  const char *file = __builtin_FILE(), int line = __builtin_LINE(), \
             const char *function = __builtin_FUNCTION()

template <typename T>
class Atomic {
  static constexpr size_t kBytes = sizeof(T);  // NOLINT(bugprone-sizeof-expression): of a pointer
  static_assert(std::is_trivially_copyable_v<T> && kBytes <= sizeof(uint64_t));

 public:
  explicit Atomic(T value = T()) : location_(internal::new_location(encode(value))) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(std::memory_order order, STAVE_CALLER) const {
    return decode(internal::load(location_, {file, line, function, "load", order}));
  }
  void store(T value, std::memory_order order, STAVE_CALLER) {
    internal::store(location_, encode(value), {file, line, function, "store", order});
  }
  T exchange(T value, std::memory_order order, STAVE_CALLER) {
    return modify([value](T) { return value; }, {file, line, function, "exchange", order});
  }
  T fetch_add(T value, std::memory_order order, STAVE_CALLER) {
    return modify([value](T old) { return static_cast<T>(old + value); },
                  {file, line, function, "fetch_add", order});
  }
  T fetch_sub(T value, std::memory_order order, STAVE_CALLER) {
    return modify([value](T old) { return static_cast<T>(old - value); },
                  {file, line, function, "fetch_sub", order});
  }
  T fetch_or(T value, std::memory_order order, STAVE_CALLER) {
    return modify([value](T old) { return static_cast<T>(old | value); },
                  {file, line, function, "fetch_or", order});
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, STAVE_CALLER) {
    return compare_exchange(expected, desired, false,
                            {file, line, function, "compare_exchange", success},
                            {file, line, function, "compare_exchange_failure", failure});
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure, STAVE_CALLER) {
    return compare_exchange(expected, desired, true,
                            {file, line, function, "compare_exchange", success},
                            {file, line, function, "compare_exchange_failure", failure});
  }

 private:
  static uint64_t encode(T value) {
    uint64_t bits = 0;
    std::memcpy(&bits, &value, kBytes);
    return bits;
  }
  static T decode(uint64_t bits) {
    T value;
    std::memcpy(&value, &bits, kBytes);
    return value;
  }
  template <typename Change>
  T modify(Change change, const Site& site) {
    return decode(internal::modify(
        location_, site, [&change](uint64_t bits) { return encode(change(decode(bits))); }));
  }
  bool compare_exchange(T& expected, T desired, bool weak, const Site& success,
                        const Site& failure) {
    uint64_t bits = encode(expected);
    const bool stored =
        internal::compare_exchange(location_, bits, encode(desired), weak, success, failure);
    if (!stored) expected = decode(bits);
    return stored;
  }

  uint32_t location_;
};

// Stands for sync::full_barrier().
struct FullBarrier {
  void operator()(STAVE_CALLER) const {
    internal::fence({file, line, function, "fence", std::memory_order_seq_cst});
  }
};
inline void fence(std::memory_order order, STAVE_CALLER) {
  internal::fence({file, line, function, "fence", order});
}

#undef STAVE_CALLER

// Plain data. An access that is not ordered with a conflicting one fails the schedule. Converts, so
// that it can stand for a plain member that production code accesses.
template <typename T>
class NonAtomic {
 public:
  explicit NonAtomic(T value = T()) : value_(value) { internal::begin_history(history_); }
  NonAtomic(const NonAtomic&) = delete;
  NonAtomic& operator=(const NonAtomic&) = delete;
  NonAtomic& operator=(T value) {
    write(value);
    return *this;
  }
  operator T() { return read(); }  // NOLINT(google-explicit-constructor)

  T read() {
    internal::plain_read(history_);
    return value_;
  }
  void write(T value) {
    internal::plain_write(history_);
    value_ = value;
  }

 private:
  T value_;
  internal::AccessHistory history_;
};

}  // namespace stave::weak_memory
