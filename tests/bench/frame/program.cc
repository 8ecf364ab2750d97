#include "tests/bench/frame/program.h"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>

namespace stave::bench {

void fail(const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, message.c_str());
  // Other threads may be inside the system under test: no destructors.
  std::_Exit(1);
}

uint64_t parse_count(const std::string& text) {
  size_t digits = 0;
  uint64_t count = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
    count = count * 10 + static_cast<uint64_t>(text[digits++] - '0');
  const std::string suffix = text.substr(digits);
  if (digits == 0 || !(suffix.empty() || suffix == "K" || suffix == "M"))
    fail("'" + text + "' is not a count such as 4096, 100K or 10M");
  return count * (suffix == "M" ? 1'000'000 : suffix == "K" ? 1'000 : 1);
}

std::string to_answer(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

void Questions::add(const std::string& name, Answer answer) {
  answers_[name] = std::move(answer);
}

void Questions::add_number(const std::string& name, std::function<double(unsigned)> answer) {
  add(name, [answer = std::move(answer)](unsigned number) { return to_answer(answer(number)); });
}

int Questions::serve() const {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string name;
    unsigned number = 1;
    words >> name >> number;
    const auto found = answers_.find(name);
    std::cout << (found == answers_.end() ? "-" : found->second(number)) << std::endl;
  }
  return 0;
}

}  // namespace stave::bench
