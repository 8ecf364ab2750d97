#include <stave/cow_map.h>

#include "capi/cow_map_handle.h"
#include "capi/error.h"
#include "capi/options_table.h"

namespace stave::capi {

namespace {

constexpr OptionChoice values_choices[] = {
    {"variable", STAVE_VALUES_VARIABLE},
    {"fixed", STAVE_VALUES_FIXED},
};

constexpr Option cow_map_option_list[] = {
    {STAVE_OPTION(stave_cow_map_options, values, OptionType::choice),
     .default_value = STAVE_VALUES_VARIABLE, .choices = values_choices,
     .meaning = "whether values have sizes of their own or all the same"},
    {STAVE_OPTION(stave_cow_map_options, value_size, OptionType::number),
     .max = cow_map::value_size_max, .meaning = "bytes of each value when they are fixed"},
    {STAVE_OPTION(stave_cow_map_options, reserved, OptionType::reserved)},
    {STAVE_OPTION(stave_cow_map_options, capacity, OptionType::number),
     .max = cow_map::capacity_max, .meaning = "entries to prepare for"},
};

constexpr OptionsTable cow_map_table = {abi_struct<stave_cow_map_options>("stave_cow_map_options"),
                                        cow_map_option_list};

}  // namespace

Result<cow_map::Options> cow_map_options(const stave_cow_map_options* options) {
  stave_cow_map_options read;
  STAVE_TRY(read_options(cow_map_table, options, &read));
  cow_map::Options result;
  result.fixed_values = read.values == STAVE_VALUES_FIXED;
  result.value_size = read.value_size;
  result.capacity = read.capacity;
  return result;
}

Status write_cow_map_options(const cow_map::Options& options, stave_cow_map_options* to) {
  stave_cow_map_options whole;
  set_defaults(cow_map_table, &whole);
  whole.values = options.fixed_values ? STAVE_VALUES_FIXED : STAVE_VALUES_VARIABLE;
  whole.value_size = options.value_size;
  whole.capacity = options.capacity;
  return write_struct(cow_map_table.type, &whole, to);
}

}  // namespace stave::capi

using namespace stave;

void stave_cow_map_options_init(stave_cow_map_options* options) {
  if (options != nullptr) capi::set_defaults(capi::cow_map_table, options);
}

stave_status stave_cow_map_options_set(stave_cow_map_options* options, const char* text,
                                       stave_error* error) {
  return capi::set_options_call(capi::cow_map_table, options, text, error);
}

stave_status stave_cow_map_options_describe(stave_buffer* text, stave_error* error) {
  return capi::describe_options_call(capi::cow_map_table, text, error);
}
