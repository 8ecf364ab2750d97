#include <stave/stave.h>

#include <string_view>

// STAVE_PROJECT_VERSION comes from the build: the header's numbers are written by hand.
#define STAVE_TEXT_OF(number) #number
#define STAVE_VERSION_TEXT_OF(major, minor, patch) \
  STAVE_TEXT_OF(major) "." STAVE_TEXT_OF(minor) "." STAVE_TEXT_OF(patch)

namespace {
constexpr char version_text[] =
    STAVE_VERSION_TEXT_OF(STAVE_VERSION_MAJOR, STAVE_VERSION_MINOR, STAVE_VERSION_PATCH);
static_assert(std::string_view(version_text) == STAVE_PROJECT_VERSION,
              "stave.h and meson.build disagree on the version");
}  // namespace

uint32_t stave_version(void) {
  return STAVE_VERSION_MAJOR * 1'000'000 + STAVE_VERSION_MINOR * 1'000 + STAVE_VERSION_PATCH;
}

const char* stave_version_text(void) {
  return version_text;
}
