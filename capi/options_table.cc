#include "capi/options_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <span>

#include "capi/barrier.h"
#include "capi/buffer.h"
#include "capi/error.h"

namespace stave::capi {

namespace {

constexpr std::string_view separators = " \t\r\n,";

struct Unit {
  std::string_view suffix;
  uint64_t bytes;
};
// What text may use. The first ones are those that describe a size, largest first.
constexpr Unit units[] = {{"GiB", uint64_t{1} << 30}, {"MiB", uint64_t{1} << 20},
                          {"KiB", uint64_t{1} << 10}, {"GB", 1'000'000'000},
                          {"MB", 1'000'000},          {"KB", 1'000}};
constexpr auto units_of_text = std::span(units).first<3>();

bool is_settable(const Option& option) {
  return option.type != OptionType::reserved && option.type != OptionType::raw;
}

uint64_t load_member(const Option& option, const void* options) noexcept {
  const auto* member = static_cast<const std::byte*>(options) + option.offset;
  if (option.width == sizeof(uint64_t)) {
    uint64_t value = 0;
    std::memcpy(&value, member, sizeof value);
    return value;
  }
  if (option.width == sizeof(uint32_t)) {
    uint32_t value = 0;
    std::memcpy(&value, member, sizeof value);
    return value;
  }
  return std::to_integer<uint64_t>(*member);
}

void store_member(const Option& option, uint64_t value, void* options) noexcept {
  auto* member = static_cast<std::byte*>(options) + option.offset;
  if (option.width == sizeof(uint64_t)) {
    std::memcpy(member, &value, sizeof value);
  } else if (option.width == sizeof(uint32_t)) {
    const auto narrow = static_cast<uint32_t>(value);
    std::memcpy(member, &narrow, sizeof narrow);
  } else {
    *member = static_cast<std::byte>(value);
  }
}

std::string text_of_size(uint64_t value) {
  for (const Unit& unit : units_of_text) {
    if (value != 0 && value % unit.bytes == 0)
      return std::to_string(value / unit.bytes) + std::string(unit.suffix);
  }
  return std::to_string(value);
}

std::string text_of(const Option& option, uint64_t value) {
  switch (option.type) {
    case OptionType::choice:
      for (const OptionChoice& choice : option.choices)
        if (choice.value == value) return std::string(choice.name);
      return std::to_string(value);
    case OptionType::size:
      return text_of_size(value);
    case OptionType::boolean:
      return value > 1 ? std::to_string(value) : value == 1 ? "yes" : "no";
    default:
      return std::to_string(value);
  }
}

// What an option may be: "memory|os|device", "a power of two from 1 to 65536".
std::string allowed(const Option& option) {
  if (option.type == OptionType::boolean) return "yes|no";
  if (option.type == OptionType::choice) {
    std::string names;
    for (const OptionChoice& choice : option.choices) {
      if (!names.empty()) names += '|';
      names += choice.name;
    }
    return names;
  }
  const bool is_size = option.type == OptionType::size;
  return std::string(option.power_of_two ? "a power of two" : "a number") +
         (is_size ? " of bytes, or of KB, MB, GB (1000) or KiB, MiB, GiB (1024)," : "") + " from " +
         text_of(option, option.min) + " to " + text_of(option, option.max);
}

bool is_allowed(const Option& option, uint64_t value) {
  switch (option.type) {
    case OptionType::choice:
      return std::any_of(option.choices.begin(), option.choices.end(),
                         [&](const OptionChoice& choice) { return choice.value == value; });
    case OptionType::boolean:
      return value <= 1;
    default:
      if (value == option.default_value) return true;
      if (option.power_of_two && !std::has_single_bit(value)) return false;
      return value >= option.min && value <= option.max;
  }
}

Status refused(const Option& option, std::string_view value) {
  return invalid_argument("option '" + std::string(option.name) + "' is '" + std::string(value) +
                          "'; it must be " + allowed(option));
}

Status check_member(const OptionsTable& table, const Option& option, const void* options) {
  if (option.type == OptionType::raw) return {};
  if (option.type == OptionType::reserved) {
    const auto* bytes = static_cast<const std::byte*>(options) + option.offset;
    const bool zero =
        std::all_of(bytes, bytes + option.width, [](std::byte b) { return b == std::byte{0}; });
    if (zero) return {};
    return invalid_argument(std::string(table.type.name) + "." + std::string(option.name) +
                            " must be zero");
  }
  const uint64_t value = load_member(option, options);
  if (is_allowed(option, value)) return {};
  return refused(option, text_of(option, value));
}

// Decimal digits and, for sizes, a unit. Nothing when that is not what it is, or too large.
std::optional<uint64_t> parse_number(std::string_view text, bool with_unit) {
  uint64_t bytes = 1;
  if (with_unit) {
    for (const Unit& unit : units) {
      if (!text.ends_with(unit.suffix)) continue;
      text.remove_suffix(unit.suffix.size());
      bytes = unit.bytes;
      break;
    }
  }
  uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value > UINT64_MAX / bytes) return std::nullopt;
  return value * bytes;
}

std::optional<uint64_t> parse_boolean(std::string_view text) {
  if (text == "yes" || text == "true" || text == "1") return 1;
  if (text == "no" || text == "false" || text == "0") return 0;
  return std::nullopt;
}

std::optional<uint64_t> parse(const Option& option, std::string_view text) {
  if (option.type == OptionType::boolean) return parse_boolean(text);
  if (option.type != OptionType::choice) return parse_number(text, option.type == OptionType::size);
  for (const OptionChoice& choice : option.choices)
    if (choice.name == text) return choice.value;
  return std::nullopt;
}

// One "name=value". `struct_size` is the caller's.
Status set_option(const OptionsTable& table, std::string_view setting, uint32_t struct_size,
                  void* options) {
  const size_t equals = setting.find('=');
  if (equals == std::string_view::npos)
    return invalid_argument("option text '" + std::string(setting) + "' is not name=value");
  const std::string_view name = setting.substr(0, equals);
  const std::string_view text = setting.substr(equals + 1);
  const auto option = std::find_if(
      table.options.begin(), table.options.end(),
      [&](const Option& candidate) { return candidate.name == name && is_settable(candidate); });
  if (option == table.options.end())
    return invalid_argument("there is no option '" + std::string(name) + "'");
  if (option->offset + option->width > struct_size)
    return invalid_argument("option '" + std::string(name) +
                            "' is newer than the header this program was built with");
  const std::optional<uint64_t> value = parse(*option, text);
  if (!value || !is_allowed(*option, *value)) return refused(*option, text);
  store_member(*option, *value, options);
  return {};
}

}  // namespace

void set_defaults(const OptionsTable& table, void* options) noexcept {
  std::memset(options, 0, table.type.size);
  const auto struct_size = static_cast<uint32_t>(table.type.size);
  std::memcpy(options, &struct_size, sizeof struct_size);
  for (const Option& option : table.options)
    if (is_settable(option)) store_member(option, option.default_value, options);
}

Status read_options(const OptionsTable& table, const void* from, void* to) {
  set_defaults(table, to);
  if (from == nullptr) return {};
  STAVE_TRY(read_struct(table.type, from, to));
  for (const Option& option : table.options) STAVE_TRY(check_member(table, option, to));
  return {};
}

Status set_options(const OptionsTable& table, std::string_view text, void* options) {
  STAVE_TRY_ASSIGN(const auto struct_size, checked_struct_size(table.type, options));
  // On a copy, so that a mistake at the end leaves the beginning unset.
  std::array<std::byte, struct_size_max> copy;
  std::memcpy(copy.data(), options, struct_size);
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(separators), text.size()));
    if (text.empty()) break;
    const std::string_view setting = text.substr(0, text.find_first_of(separators));
    STAVE_TRY(set_option(table, setting, struct_size, copy.data()));
    text.remove_prefix(setting.size());
  }
  std::memcpy(options, copy.data(), struct_size);
  return {};
}

std::string describe_options(const OptionsTable& table) {
  std::string text;
  for (const Option& option : table.options) {
    if (!is_settable(option)) continue;
    text += std::string(option.name) + '=' + allowed(option) + " (default " +
            text_of(option, option.default_value) + "): " + std::string(option.meaning) + '\n';
  }
  return text;
}

stave_status set_options_call(const OptionsTable& table, void* options, const char* text,
                              stave_error* error) noexcept {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(require(options, "options"));
    STAVE_TRY(require(text, "text"));
    return set_options(table, text, options);
  });
}

stave_status describe_options_call(const OptionsTable& table, stave_buffer* text,
                                   stave_error* error) noexcept {
  return guarded(error, [&]() -> Status {
    STAVE_TRY(check_buffer(text, "text"));
    const std::string description = describe_options(table);
    if (!resize_for_overwrite(*text, description.size())) return Code::no_memory;
    std::memcpy(text->data, description.data(), description.size());
    return {};
  });
}

}  // namespace stave::capi
