// Values that prove whose they are: the number of the record, a version, and bytes that follow from
// both and do not compress.
#pragma once

#include <cstring>
#include <string>

#include "core/base/bytes.h"
#include "tests/bench/frame/program.h"
#include "tests/bench/frame/workload.h"

namespace stave::bench::store {

class Values {
 public:
  explicit Values(size_t size) : size_(size) {
    if (size < sizeof(Head)) fail("values have 16 bytes or more");
    os::SeededRandom random(1);
    pattern_.resize(pattern_choices + size);
    for (char& byte : pattern_) byte = static_cast<char>(random.next());
  }

  void make(uint64_t number, uint64_t version, std::string& value) const {
    const Head head{number, version};
    value.resize(size_);
    std::memcpy(value.data(), &head, sizeof head);
    std::memcpy(value.data() + sizeof head, body_of(head), size_ - sizeof head);
  }
  // Whether this is a value of that record, of any version.
  bool right(uint64_t number, Bytes value) const {
    if (value.size() != size_) return false;
    Head head;
    std::memcpy(&head, value.data(), sizeof head);
    return head.number == number &&
           std::memcmp(value.data() + sizeof head, body_of(head), size_ - sizeof head) == 0;
  }

 private:
  struct Head {
    uint64_t number;
    uint64_t version;
  };
  static constexpr uint64_t pattern_choices = 4096;

  const char* body_of(const Head& head) const {
    return pattern_.data() + mixed(head.number ^ mixed(head.version)) % pattern_choices;
  }

  size_t size_;
  std::string pattern_;
};

}  // namespace stave::bench::store
