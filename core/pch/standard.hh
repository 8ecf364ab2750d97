// Standard headers that most sources include. They are precompiled for each library, because parsing
// them takes longer than compiling most sources. Each source still includes what it uses.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
