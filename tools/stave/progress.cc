#include "tools/stave/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "tools/stave/format.h"
#include "tools/stave/output.h"

namespace stave::tool {

namespace {

size_t terminal_width() noexcept {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

// "42 s left", "3 min 05 s left".
std::string time_left(double seconds) {
  const auto whole = std::llround(seconds);
  if (whole < 60) return formatted("{} s left", whole);
  if (whole < 3600) return formatted("{} min {:02} s left", whole / 60, whole % 60);
  return formatted("{} h {:02} min left", whole / 3600, whole / 60 % 60);
}

}  // namespace

std::string progress_line(std::string_view action, uint64_t done, uint64_t total, double seconds,
                          size_t width) {
  const double rate = static_cast<double>(done) / seconds;
  std::string text = human_bytes(static_cast<double>(done));
  if (total != 0) text += " of " + human_bytes(static_cast<double>(total));
  text += formatted(", {}/s", human_bytes(rate));
  if (total == 0) return formatted("{} {}", action, text).substr(0, width);

  // The estimate of the total may be exceeded: files grow.
  const uint64_t counted = std::min(done, total);
  if (done != 0) text += ", " + time_left(static_cast<double>(total - counted) / rate);
  const double share = static_cast<double>(counted) / static_cast<double>(total);
  const std::string head = formatted("{} {:3.0f}% ", action, share * 100);
  const size_t used = head.size() + text.size() + 3;  // brackets and a space
  constexpr size_t bar_size_min = 5;
  if (used + bar_size_min > width) return (head + text).substr(0, width);
  const size_t bar_size = std::min<size_t>(width - used, 40);
  const auto filled = static_cast<size_t>(share * static_cast<double>(bar_size));
  return formatted("{}[{}{}] {}", head, std::string(filled, '='),
                   std::string(bar_size - filled, ' '), text);
}

Progress::Progress(std::string action)
    : action_(std::move(action)), visible_(isatty(STDERR_FILENO) == 1) {
  if (visible_) drawer_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Progress::~Progress() {
  if (drawer_.joinable()) {
    drawer_.request_stop();
    drawer_.join();
  }
  const std::lock_guard lock(mutex_);
  wipe();
}

void Progress::note(std::string_view line) {
  const std::lock_guard lock(mutex_);
  wipe();
  print_error("stave: {}\n", line);
}

void Progress::run(const std::stop_token& stop) {
  using std::chrono::steady_clock;
  constexpr auto delay = std::chrono::seconds(1);
  constexpr auto period = std::chrono::milliseconds(200);
  const auto begin = steady_clock::now();
  std::unique_lock lock(mutex_);
  for (auto wait = std::chrono::milliseconds(delay);; wait = period) {
    wakeup_.wait_for(lock, stop, wait, [] { return false; });
    if (stop.stop_requested()) return;
    draw(std::chrono::duration<double>(steady_clock::now() - begin).count());
  }
}

void Progress::draw(double seconds) {
  // One column stays free: some terminals wrap when the last one is written.
  const std::string line = progress_line(action_, done_, total_, seconds, terminal_width() - 1);
  print_error("\r{}\x1b[K", line);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::wipe() {
  if (!drawn_) return;
  print_error("\r\x1b[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace stave::tool
