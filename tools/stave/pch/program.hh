// Headers that most sources of the program include (see core/pch/standard.hh). Not fmt: one source
// chooses how that is compiled.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stave/stave.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
