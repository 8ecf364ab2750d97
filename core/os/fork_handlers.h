// What must happen around fork() so that the child finds consistent state.
#pragma once

namespace stave::os {

// `prepare` runs in the parent before fork(), `in_parent` and `in_child` after it, all in the
// forking thread, which is the only one that exists in the child; each may be null. False without
// memory. Cannot be undone but by unloading the library.
bool add_fork_handlers(void (*prepare)(), void (*in_parent)(), void (*in_child)()) noexcept;

}  // namespace stave::os
