#define FMT_HEADER_ONLY
#include "tools/stave/format.h"

namespace stave::tool {

std::string format_arguments(fmt::string_view text, fmt::format_args values) {
  return fmt::vformat(text, values);
}

}  // namespace stave::tool
