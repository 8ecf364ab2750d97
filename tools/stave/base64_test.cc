#include "tools/stave/base64.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stave::tool {
namespace {

TEST(Base64, VectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xfb\xff\xbf", "+/+/"},
  };
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, EveryTextOfFourCharactersHasOneMeaningAtMost) {
  // A text is accepted if and only if it is what its own bytes are written as.
  const std::string characters("AQBgw/+9=\0\n -_.", 15);
  size_t accepted = 0;
  for (const char a : characters) {
    for (const char b : characters) {
      for (const char c : characters) {
        for (const char d : characters) {
          const std::string text{a, b, c, d};
          const std::optional<std::string> bytes = from_base64(text);
          if (!bytes) continue;
          EXPECT_EQ(to_base64(*bytes), text);
          ++accepted;
        }
      }
    }
  }
  // Of the eight digits A, Q, g and w end in four zero bits; / and 9 not even in two, nor B and +.
  EXPECT_EQ(accepted, 8U * 8 * 8 * 8 + 8U * 8 * 4 + 8U * 4);
}

TEST(Base64, RefusesWhatIsNotWhole) {
  for (const char* text : {"Q", "QQ", "QQ=", "QQ===", "=", "====", "QUJD=", "QQ==QQ==", "QU=D"}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

TEST(Base64, PartsOfThreeBytesMakeTheWhole) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes.push_back(static_cast<char>(i * 37 + i / 256));
  EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  EXPECT_EQ(to_base64(bytes.substr(0, 333)) + to_base64(bytes.substr(333)), to_base64(bytes));
}

}  // namespace
}  // namespace stave::tool
