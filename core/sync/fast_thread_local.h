// For the few thread-local words on the paths that cost nanoseconds.
//
// Inside a shared library the default model calls __tls_get_addr on each access: pinning an epoch
// takes 7.3 ns with it and 1.9 ns without (Zen 4, g++ 12). The price is that the words must fit
// into the small reserve of static thread storage that the C library keeps for libraries opened by
// dlopen (512 bytes shared by the whole process). So: plain words only, 64 bytes in all of Stave.
#pragma once

// Constant initialisation and no destructor also make such a variable usable while its thread
// exits.
#define STAVE_FAST_THREAD_LOCAL __attribute__((tls_model("initial-exec"))) constinit thread_local
