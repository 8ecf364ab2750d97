// The command line: commands with their arguments and options, as CLI11 parses them.
//
// command_line.cc alone includes CLI11, which takes a compiler longer than the rest of the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace stave::tool {

// One argument or option of a command. Copies refer to the same one.
class Argument {
 public:
  explicit Argument(CLI::Option* option) noexcept : option_(option) {}
  Argument excludes(Argument other) const;
  Argument describe(const std::string& description) const;
  // Whether it was on the command line; known once the command runs.
  bool given() const;

 private:
  CLI::Option* option_;
};

// One command. Copies refer to the same one. Each function adds an argument; its value is stored in
// `value`, which must live until the command has run.
class Command {
 public:
  explicit Command(CLI::App& app) noexcept : app_(&app) {}

  Command add_command(const std::string& name, const std::string& description) const;

  // Named by its place; it must be given.
  Argument add_positional(const std::string& name, std::string& value,
                          const std::string& description) const;
  Argument add_optional_positional(const std::string& name, std::string& value,
                                   const std::string& description) const;
  Argument add_flag(const std::string& name, bool& value, const std::string& description) const;
  // `type` stands for the value in the help: "FILE".
  Argument add_text(const std::string& name, const std::string& type, std::string& value,
                    const std::string& description) const;
  // Some of the `known` words, separated by commas.
  Argument add_list(const std::string& name, const std::vector<std::string>& known,
                    std::vector<std::string>& values, const std::string& description) const;
  // One of the names; `choose` is called with its number.
  Argument add_choice(const std::string& name, const std::string& type,
                      const std::map<std::string, int>& names,
                      const std::function<void(int)>& choose, const std::string& description) const;
  // A number within bounds.
  Argument add_count(const std::string& name, uint64_t& value, uint64_t value_min,
                     uint64_t value_max, const std::string& description) const;
  // Like add_count(); K, M and G multiply it by powers of 1000.
  Argument add_number(const std::string& name, uint64_t& value, uint64_t value_min,
                      uint64_t value_max, const std::string& description) const;
  // A number of bytes; KiB, MiB and the like multiply it by powers of 1024.
  Argument add_size(const std::string& name, size_t& value, size_t value_max,
                    const std::string& description) const;

  // One that was added before.
  Argument argument(const std::string& name) const;
  // Ends the help.
  void set_footer(const std::string& text) const;
  void on_run(const std::function<void()>& run) const;

 private:
  CLI::App* app_;
};

class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& description, const std::string& version);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  Command program() const;

  enum class Outcome {
    command,      // a command was named and has run
    no_command,   // there was none
    informed,     // --help or --version was answered
    usage_error,  // it cannot be understood; standard error says why
  };
  Outcome parse(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace stave::tool
