#include "capi/error.h"

#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>
#include <string>

#include "capi/barrier.h"

namespace stave::capi {
namespace {

std::string copied(std::string_view message, size_t capacity) {
  std::string into(capacity, '#');
  copy_message(message, into.data(), capacity);
  return into.substr(0, into.find('\0'));
}

TEST(Error, MessagesAreCutBetweenCharacters) {
  const std::string three = "a\xE2\x82\xAC";  // a, euro sign
  EXPECT_EQ(copied(three, 5), three);
  EXPECT_EQ(copied(three, 4), "a");
  EXPECT_EQ(copied(three, 2), "a");
  EXPECT_EQ(copied(three, 1), "");
  const std::string four = "\xF0\x9F\x97\x84!";  // a character of four bytes
  EXPECT_EQ(copied(four, 6), four);
  EXPECT_EQ(copied(four, 5), four.substr(0, 4));
  EXPECT_EQ(copied(four, 4), "");
}

TEST(Error, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(copied("a\xFFz", 10), "a?z");
  EXPECT_EQ(copied("a\xC3", 10), "a?");
  EXPECT_EQ(copied("\xC0\x80", 10), "??");
  EXPECT_EQ(copied("\xE0\x80\x80z", 10), "???z");
  EXPECT_EQ(copied("\xED\xA0\x80", 10), "???");  // a surrogate
  EXPECT_EQ(copied("\xF4\x90\x80\x80", 10), "????");
  EXPECT_EQ(copied(std::string_view("a\0b", 3), 10), "a?b");
  EXPECT_EQ(copied("\xC3\xA9\xEF\xBF\xBD", 10), "\xC3\xA9\xEF\xBF\xBD");
}

TEST(Error, LongMessagesFillTheErrorToTheEnd) {
  stave_error error;
  const std::string message(2000, 'x');
  EXPECT_EQ(report(Status::error(Code::io, message, 5), &error), STAVE_IO);
  EXPECT_EQ(error.status, STAVE_IO);
  EXPECT_EQ(error.os_errno, 5);
  EXPECT_EQ(std::strlen(error.message), sizeof error.message - 1);
}

TEST(Error, ExpectedOutcomesAreSilentUnlessTheySaySomething) {
  stave_error error = {};
  error.status = 1234;
  EXPECT_EQ(report(Code::not_found, &error), STAVE_NOT_FOUND);
  EXPECT_EQ(report(Status(), &error), STAVE_OK);
  EXPECT_EQ(error.status, 1234);
  EXPECT_EQ(report(Status::error(Code::not_found, "no store there"), &error), STAVE_NOT_FOUND);
  EXPECT_EQ(error.status, STAVE_NOT_FOUND);
  EXPECT_STREQ(error.message, "no store there");
  EXPECT_EQ(report(Code::closed, &error), STAVE_CLOSED);
  EXPECT_STREQ(error.message, stave_status_message(STAVE_CLOSED));
  EXPECT_EQ(report(Code::closed, nullptr), STAVE_CLOSED);
}

TEST(Barrier, ExceptionsBecomeStatuses) {
  stave_error error = {};
  EXPECT_EQ(guarded(&error, []() -> Status { throw std::bad_alloc(); }), STAVE_NO_MEMORY);
  EXPECT_EQ(error.status, STAVE_NO_MEMORY);
  EXPECT_EQ(guarded(&error, []() -> Status { throw std::runtime_error("what it was"); }),
            STAVE_INTERNAL);
  EXPECT_STREQ(error.message, "what it was");
  EXPECT_EQ(guarded(&error, []() -> Status { throw 7; }), STAVE_INTERNAL);
  EXPECT_EQ(guarded(nullptr, []() -> Status { throw 7; }), STAVE_INTERNAL);
}

}  // namespace
}  // namespace stave::capi
