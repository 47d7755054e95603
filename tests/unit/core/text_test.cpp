// SPDX-License-Identifier: MIT
#include "lib/core/text.hpp"

#include <doctest/doctest.h>

#include <array>

#include "lib/core/percent_encoding.hpp"

TEST_CASE("trim and split return the same as in Python") {
  CHECK(core::trim(" \t a b \r\n") == "a b");
  CHECK(core::split("a,", ',') == std::vector<std::string>{"a", ""});
  CHECK(core::split("", ',') == std::vector<std::string>{""});
  CHECK(core::splitBlanks("  a\n b  ") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("parseInteger accepts only integers") {
  CHECK(core::parseInteger("+7") == 7);
  CHECK(core::parseInteger("-12") == -12);
  CHECK_FALSE(core::parseInteger("").has_value());
  CHECK_FALSE(core::parseInteger("+-1").has_value());
  CHECK_FALSE(core::parseInteger("1 ").has_value());
  CHECK_FALSE(core::parseInteger("99999999999999999999").has_value());
}

TEST_CASE("characters are code points; what is not UTF-8 counts byte by byte") {
  CHECK(core::characters("") == 0);
  CHECK(core::characters("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80") == 4);
  CHECK(core::characters("\xFF\xC3z") == 3);
}

TEST_CASE("UTF-8 is checked strictly and repaired byte by byte") {
  CHECK(core::isUtf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  CHECK_FALSE(core::isUtf8("\xC0\x80"));
  CHECK_FALSE(core::isUtf8("\xED\xA0\x80"));
  CHECK_FALSE(core::isUtf8("\xF4\x90\x80\x80"));
  CHECK(core::toUtf8("a\xFFz") == "a\xEF\xBF\xBDz");
}

TEST_CASE("pythonRepr chooses quotes as Python does") {
  CHECK(core::pythonRepr("a") == "'a'");
  CHECK(core::pythonRepr("it's") == "\"it's\"");
  CHECK(core::pythonRepr("'\"") == "'\\'\"'");
  CHECK(core::pythonRepr("a\n\t\\\x01") == "'a\\n\\t\\\\\\x01'");
}

TEST_CASE("nearest suggests only similar words") {
  constexpr std::array<std::string_view, 3> keys{"autostart", "command", "user"};
  CHECK(core::nearest("autostrat", keys) == "autostart");
  CHECK(core::nearest("comand", keys) == "command");
  CHECK_FALSE(core::nearest("zzz", keys).has_value());
}

TEST_CASE("bytes are quoted as Python quotes them") {
  CHECK(core::pythonBytesRepr("READY\n") == "b'READY\\n'");
  CHECK(core::pythonBytesRepr("it's \xC3\xA9\\") == "b\"it's \\xc3\\xa9\\\\\"");
}

TEST_CASE("percent encoding of a process name") { CHECK(core::percentEncode("g:p 1/x") == "g%3Ap%201/x"); }
