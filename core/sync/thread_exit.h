// What a thread gives back when it ends: a program's own, whose end is all that the library sees of
// it, as well as the library's.
//
// Not by thread_local objects of C++: to register the destructor of one takes memory, and where
// there is none the C library ends the process. Here the destructor of a pthread key does it. That
// may be refused, too: where the program has taken all keys (1024), or has taken the first 32 of
// them and there is no memory. Then will_give_back() returns false, and the thread does without
// what it would have to give back.
//
// A thread ends in this order: its thread_local objects are destroyed, then the destructors of keys
// run, those of the program and this one in any order, and again in up to four rounds as long as
// they set keys. So there are calls of the library behind this one. What has been given back is not
// taken again: nobody would give it back behind the last round.
//
// The main thread's exit() runs no destructors of keys. It keeps what it has, for the destructors
// of static objects that follow and may call the library; the system takes it with the process.
//
// Thread safety: any thread, at any time, in the child after fork() too. Not from signal handlers.
#pragma once

#include <cstdint>

namespace stave::sync {

// In this order. Nothing uses what an earlier stage has given back, but as a thread that has
// exited.
enum class ExitStage : uint8_t {
  epochs,  // frees what the thread has retired, and the deleters use all that comes below
  caches,  // the memory that these have freed is among what they hold
  number,  // any call may count by it
};

using GiveBack = void (*)() noexcept;

// Asked before the calling thread takes what `give_back` gives back: the same function in all calls
// for a stage. True when it will be called at the thread's end, once. It is called whether anything
// was taken or not, may use the library, and must not wait for other threads. False when the stage
// is over, from within give_back() on, and when the system refuses; then it may be asked again.
[[nodiscard]] bool will_give_back(ExitStage stage, GiveBack give_back) noexcept;

}  // namespace stave::sync
