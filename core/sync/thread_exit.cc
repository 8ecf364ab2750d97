#include "core/sync/thread_exit.h"

#include <pthread.h>

#include <array>
#include <atomic>

#include "core/sync/fast_thread_local.h"

namespace stave::sync {

namespace {

constexpr uint8_t stages = 3;
static_assert(static_cast<uint8_t>(ExitStage::number) == stages - 1);

// What each stage calls; null before its first use. A table instead of calls, as this layer does
// not know those above. Relaxed, all accesses: a thread that has something to give back has stored
// the function itself, and the others store no other.
constinit std::array<std::atomic<GiveBack>, stages> give_back_functions{};

struct ThreadState {
  uint8_t over = 0;  // how many stages are
  bool is_registered = false;
};
STAVE_FAST_THREAD_LOCAL ThreadState thread_state;

void leave(void*) noexcept {
  for (uint8_t stage = 0; stage < stages; stage++) {
    thread_state.over = stage + 1;
    const GiveBack give_back = give_back_functions[stage].load(std::memory_order_relaxed);
    if (give_back != nullptr) give_back();
  }
}

// One for all threads, of each copy of the library in the process.
class Key {
 public:
  // Has the calling thread call leave() when it ends. False when the system refuses.
  bool set() noexcept {
    // Sequentially consistent, as is the load in get(): pairs with the exchange and the load in
    // remove(). One of the two sees the other, so a key is set before it is deleted or not at all:
    // its number might belong to another key by then.
    setting_.fetch_add(1, std::memory_order_seq_cst);
    const int64_t key = get();
    // Any value but null will do.
    const bool is_set = key >= 0 && pthread_setspecific(static_cast<pthread_key_t>(key), this) == 0;
    // Release: pairs with the load in remove(); the key is set.
    setting_.fetch_sub(1, std::memory_order_release);
    return is_set;
  }

  void remove() noexcept {
    // Both sequentially consistent: pair with those in set().
    const int64_t key = key_.exchange(removed, std::memory_order_seq_cst);
    if (key >= 0 && setting_.load(std::memory_order_seq_cst) == 0)
      pthread_key_delete(static_cast<pthread_key_t>(key));
  }

  // In the child after fork(): other threads, which were setting the key, do not exist here.
  void forget_other_threads() noexcept {
    // Relaxed: there is one thread.
    setting_.store(0, std::memory_order_relaxed);
  }

  // Makes it, unless there is one. Negative when the system refuses, and then tried again.
  int64_t get() noexcept {
    int64_t key = key_.load(std::memory_order_seq_cst);
    pthread_key_t made;
    if (key != none || pthread_key_create(&made, leave) != 0) return key;
    // Sequentially consistent for the load that it is when it fails, as above. Beyond that the
    // number is all there is to publish.
    if (key_.compare_exchange_strong(key, int64_t{made}, std::memory_order_seq_cst)) return made;
    pthread_key_delete(made);  // another thread was first
    return key;
  }

 private:
  static constexpr int64_t none = -1;
  static constexpr int64_t removed = -2;

  std::atomic<int64_t> key_{none};
  std::atomic<uint32_t> setting_{0};  // threads that are inside of set()
};
constinit Key key;

void in_child() {
  key.forget_other_threads();
}

// Made when the library is loaded: there are still keys then, also such as need no memory to be
// set. A constructor of a static object that calls the library earlier makes the key itself.
[[maybe_unused]] const bool key_made = key.get() >= 0;
[[maybe_unused]] const bool handler_added = pthread_atfork(nullptr, nullptr, in_child) == 0;

// Runs when the library is unloaded: with the process, or with a program's plugin that is linked
// with the static library (libstave.so itself stays). Threads that have used the library may
// outlive it, and would call at their end what is no longer there. Removing the key is safe beside
// threads in set(), see there, and takes nothing from any thread: one that ends after this, while
// the process ends, gives nothing back. A thread inside leave() when a plugin is unloaded is inside
// the plugin, like one in any call, and the plugin must wait for it. The library's own threads are
// joined when their handles are freed.
[[gnu::destructor]] void remove_key() {
  key.remove();
}

}  // namespace

bool will_give_back(ExitStage stage, GiveBack give_back) noexcept {
  ThreadState& state = thread_state;
  const auto number = static_cast<uint8_t>(stage);
  if (number < state.over) return false;
  if (!state.is_registered) state.is_registered = key.set();
  if (!state.is_registered) return false;
  give_back_functions[number].store(give_back, std::memory_order_relaxed);
  return true;
}

}  // namespace stave::sync
