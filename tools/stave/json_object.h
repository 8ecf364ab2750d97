// JSON that the program writes.
//
// json_object.cc alone includes nlohmann/json for writing; it takes long to compile.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace stave::tool {

// An object whose members stay in the order in which they are set.
class JsonObject {
 public:
  JsonObject();
  ~JsonObject();
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;

  void set_text(const std::string& name, std::string_view value);
  void set_number(const std::string& name, uint64_t value);
  void set_real(const std::string& name, double value);
  void set_flag(const std::string& name, bool value);

  // One line, without its end. What is not UTF-8 is replaced: a message may quote such a path.
  std::string line() const;

 private:
  struct Members;
  std::unique_ptr<Members> members_;
};

// The text as a JSON string, with its quotes. REQUIRES: it is UTF-8.
std::string json_string(std::string_view text);

}  // namespace stave::tool
