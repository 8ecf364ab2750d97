// Options structs described by tables: one entry per member, from which come the defaults, the
// checks, the settings by text and the description for people.
#pragma once

#include <stave/stave.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "capi/abi_struct.h"
#include "core/base/status.h"

namespace stave::capi {

enum class OptionType : uint8_t {
  choice,    // uint32_t, one of `choices`
  number,    // uint32_t or uint64_t
  size,      // the same in bytes; text may end in KiB, MiB or GiB
  boolean,   // uint8_t, 0 or 1
  reserved,  // bytes that must be zero; not settable by text
  raw,       // not checked by the table and not settable by text: pointers and what goes with them
};

struct OptionChoice {
  std::string_view name;
  uint32_t value;
};

struct Option {
  std::string_view name;
  OptionType type;
  size_t offset;
  size_t width;  // bytes
  uint64_t default_value = 0;
  uint64_t min = 0;
  uint64_t max = UINT64_MAX;
  bool power_of_two = false;  // the default is allowed too
  std::span<const OptionChoice> choices = {};
  std::string_view meaning = {};
};

// Brings in the offset and the width of a member.
// NOLINTBEGIN(bugprone-macro-parentheses): a type's name takes no parentheses
#define STAVE_OPTION(Struct, member, option_type)                           \
  .name = #member, .type = option_type, .offset = offsetof(Struct, member), \
  .width = sizeof(Struct::member)
// NOLINTEND(bugprone-macro-parentheses)

struct OptionsTable {
  AbiStruct type;
  std::span<const Option> options;
};

// Fills a whole struct of this version: struct_size and the defaults.
void set_defaults(const OptionsTable& table, void* options) noexcept;

// Reads the caller's struct into `to`, a struct of this version; `from` may be null, which is all
// defaults. invalid_argument names the option that is out of range.
Status read_options(const OptionsTable& table, const void* from, void* to);
template <typename Struct>
Result<Struct> read_options(const OptionsTable& table, const Struct* from) {
  Struct read;
  STAVE_TRY(read_options(table, from, &read));
  return read;
}

// Sets options of the caller's struct from "name=value name=value", separated by blanks or commas.
// A name that comes twice takes the later value. Nothing is changed unless all of it is right.
Status set_options(const OptionsTable& table, std::string_view text, void* options);

// "durability=memory|os|device (default device): ...", one option a line.
std::string describe_options(const OptionsTable& table);

// The bodies of stave_..._options_set and stave_..._options_describe.
stave_status set_options_call(const OptionsTable& table, void* options, const char* text,
                              stave_error* error) noexcept;
stave_status describe_options_call(const OptionsTable& table, stave_buffer* text,
                                   stave_error* error) noexcept;

}  // namespace stave::capi
