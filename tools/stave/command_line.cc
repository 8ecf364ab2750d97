#include "tools/stave/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace stave::tool {

namespace {

// The help says in words what a validator would append to it.
template <typename Validator>
Validator silent(Validator validator) {
  validator.description("");
  return validator;
}

}  // namespace

Argument Argument::excludes(Argument other) const {
  option_->excludes(other.option_);
  return *this;
}

Argument Argument::describe(const std::string& description) const {
  option_->description(description);
  return *this;
}

bool Argument::given() const {
  return option_->count() > 0;
}

Command Command::add_command(const std::string& name, const std::string& description) const {
  return Command(*app_->add_subcommand(name, description));
}

Argument Command::add_positional(const std::string& name, std::string& value,
                                 const std::string& description) const {
  return Argument(app_->add_option(name, value, description)->required()->type_name(""));
}

Argument Command::add_optional_positional(const std::string& name, std::string& value,
                                          const std::string& description) const {
  return Argument(app_->add_option(name, value, description));
}

Argument Command::add_flag(const std::string& name, bool& value,
                           const std::string& description) const {
  return Argument(app_->add_flag(name, value, description));
}

Argument Command::add_text(const std::string& name, const std::string& type, std::string& value,
                           const std::string& description) const {
  return Argument(app_->add_option(name, value, description)->type_name(type));
}

Argument Command::add_list(const std::string& name, const std::vector<std::string>& known,
                           std::vector<std::string>& values, const std::string& description) const {
  return Argument(app_->add_option(name, values, description)
                      ->type_name("LIST")
                      ->allow_extra_args(false)
                      ->delimiter(',')
                      ->check(silent(CLI::IsMember(known))));
}

Argument Command::add_choice(const std::string& name, const std::string& type,
                             const std::map<std::string, int>& names,
                             const std::function<void(int)>& choose,
                             const std::string& description) const {
  return Argument(app_->add_option_function<int>(name, choose, description)
                      ->type_name(type)
                      ->transform(silent(CLI::CheckedTransformer(names))));
}

Argument Command::add_count(const std::string& name, uint64_t& value, uint64_t value_min,
                            uint64_t value_max, const std::string& description) const {
  return Argument(app_->add_option(name, value, description)
                      ->type_name("COUNT")
                      ->check(silent(CLI::Range(value_min, value_max))));
}

Argument Command::add_number(const std::string& name, uint64_t& value, uint64_t value_min,
                             uint64_t value_max, const std::string& description) const {
  return Argument(app_->add_option(name, value, description)
                      ->type_name("NUMBER")
                      ->transform(silent(CLI::AsSizeValue(true)))
                      ->check(silent(CLI::Range(value_min, value_max))));
}

Argument Command::add_size(const std::string& name, size_t& value, size_t value_max,
                           const std::string& description) const {
  return Argument(app_->add_option(name, value, description)
                      ->type_name("SIZE")
                      ->transform(silent(CLI::AsSizeValue(false)))
                      ->check(silent(CLI::Range(size_t{0}, value_max))));
}

Argument Command::argument(const std::string& name) const {
  return Argument(app_->get_option(name));
}

void Command::set_footer(const std::string& text) const {
  app_->footer(text);
}

void Command::on_run(const std::function<void()>& run) const {
  app_->callback(run);
}

CommandLine::CommandLine(const std::string& name, const std::string& description,
                         const std::string& version)
    : app_(std::make_unique<CLI::App>(description, name)) {
  app_->set_version_flag("--version", name + " " + version);
  app_->get_formatter()->column_width(28);
  app_->require_subcommand(0, 1);
  app_->failure_message([name](const CLI::App*, const CLI::Error& error) {
    return name + ": " + error.what() + "\n  `" + name + " COMMAND --help` has examples\n";
  });
}

CommandLine::~CommandLine() = default;

Command CommandLine::program() const {
  return Command(*app_);
}

CommandLine::Outcome CommandLine::parse(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& outcome) {
    // --help and --version arrive here too, with exit code 0.
    return app_->exit(outcome) == 0 ? Outcome::informed : Outcome::usage_error;
  }
  return app_->get_subcommands().empty() ? Outcome::no_command : Outcome::command;
}

}  // namespace stave::tool
