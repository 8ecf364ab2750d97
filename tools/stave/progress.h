// A progress bar on the terminal: share done, rate and the time that is left.
//
// It draws only when standard error is a terminal, and not in the first second: what is quick stays
// silent. All functions may be called from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace stave::tool {

class Progress {
 public:
  // `action` heads the bar: "importing".
  explicit Progress(std::string action);
  // Wipes the bar.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Whether anybody sees the bar: a total that costs something to learn is worth it only then.
  bool visible() const noexcept { return visible_; }
  void set_total(uint64_t bytes) noexcept { total_ = bytes; }
  void set_done(uint64_t bytes) noexcept { done_ = bytes; }
  void add_done(uint64_t bytes) noexcept { done_ += bytes; }

  // A line on standard error, terminal or not, that does not run into the bar.
  void note(std::string_view line);

 private:
  void run(const std::stop_token& stop);
  void draw(double seconds);
  void wipe();

  const std::string action_;
  const bool visible_;
  std::atomic<uint64_t> done_{0};
  std::atomic<uint64_t> total_{0};  // 0: not known yet
  std::mutex mutex_;                // guards standard error and drawn_
  bool drawn_ = false;
  std::condition_variable_any wakeup_;
  std::jthread drawer_;
};

// One line of the bar, `width` columns at the most; `total` 0 is not known..
std::string progress_line(std::string_view action, uint64_t done, uint64_t total, double seconds,
                          size_t width);

}  // namespace stave::tool
