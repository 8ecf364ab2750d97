// Signals that ask a long command to end, taken as a wish instead of a death.
#pragma once

namespace stave::tool {

// From here on the first SIGINT, SIGTERM or SIGHUP is only noted; a second one ends the process.
// What the parent process has set to be ignored (nohup) stays ignored. A reader that closes a pipe
// (SIGPIPE) becomes an error of the write.
void note_interrupts() noexcept;

// The signal that was noted, or 0.
int noted_interrupt() noexcept;

}  // namespace stave::tool
