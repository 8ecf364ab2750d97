// A benchmark program: it holds one system under test and answers questions about it.
//
// tests/bench/run starts one program for each system, all at once, and asks them the same question
// in turns, so that all meet the same machine. A question is a line of standard input, "NAME" or
// "NAME NUMBER" (the number of threads, as a rule; 1 unless given); the answer is a line of
// standard output: a number in the row's unit, behind which a word and its details may follow. "-"
// says that this system has no such operation.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace stave::bench {

// Ends the program with the message on standard error: a system that gives wrong answers is not
// timed. Any thread may call it.
[[noreturn]] void fail(const std::string& message);

// A count as the tables write it: "4096", "100K", "10M". Fails when it is not one.
uint64_t parse_count(const std::string& text);

std::string to_answer(double value);

class Questions {
 public:
  using Answer = std::function<std::string(unsigned number)>;

  void add(const std::string& name, Answer answer);
  void add_number(const std::string& name, std::function<double(unsigned number)> answer);
  // Answers until standard input ends; what main() returns.
  int serve() const;

 private:
  std::map<std::string, Answer> answers_;
};

}  // namespace stave::bench
