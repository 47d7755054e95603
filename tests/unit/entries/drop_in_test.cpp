// SPDX-License-Identifier: MIT
#include "daemon/entries/drop_in.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <iterator>

#include "tests/support/drop_in_property.hpp"

using namespace entries;

TEST_CASE("a key is changed at its position, and everything else stays") {
  const std::string text =
      "; mine\n[supervisor:a]\n; the owner\nuser = x\ngroup=g\n  more\n\n; next\n[supervisor:b]\nuser = y\n";
  CHECK(editSection(text, "supervisor:a", {{"user", "z"}, {"group", std::nullopt}, {"nice", "3"}}) ==
        "; mine\n[supervisor:a]\n; the owner\nuser = z\nnice = 3\n\n; next\n[supervisor:b]\nuser = y\n");
  CHECK_FALSE(editSection(text, "supervisor:c", {{"user", "z"}}));
}

TEST_CASE("a section is removed with the comment above it") {
  const std::string text = "; first\n[supervisor:a]\nuser = x\n\n; second\n[supervisor:b]\nuser = y\n";
  CHECK(removeSection(text, "supervisor:a") == "; second\n[supervisor:b]\nuser = y\n");
  CHECK(removeSection(text, "supervisor:b") == "; first\n[supervisor:a]\nuser = x\n\n");
  CHECK(saysNothing("; only\n\n# comments\n"));
  CHECK_FALSE(saysNothing(text));
}

TEST_CASE("a value that would be read differently than written is not plain") {
  for (const char* value : {"", " x", "x ", "a\nb", "a ;b", "a #b", ";a", "\x7f"}) CHECK_FALSE(isPlainValue(value));
  for (const char* value : {"a", "a;b", "a b", "{SHA}d0", "0.0.0.0:9001"}) CHECK(isPlainValue(value));
}

TEST_CASE("a value goes with all its lines, also with comments between them") {
  CHECK(editSection("[s]\nenv = A=\"1\",\n; why\n  B=\"2\"\nuser = x\n", "s", {{"env", std::nullopt}}) ==
        "[s]\n; why\nuser = x\n");
  CHECK(editSection("[s]\na = 1,\n\n  2\n# why\n  3\n", "s", {{"a", "4"}}) == "[s]\na = 4\n\n# why\n");
  CHECK(editSection("[s]\na = 1 ; why\nb = 2\n", "s", {{"a", "3"}}) == "[s]\n; why\na = 3\nb = 2\n");
}

TEST_CASE("line ends are those of the reader, and are kept") {
  CHECK(editSection("[s]\r\na=1\r\nb=2\r\n", "s", {{"a", "3"}}) == "[s]\r\na = 3\r\nb=2\r\n");
  CHECK(editSection("[s]\ra=1\rb=2\r", "s", {{"a", std::nullopt}}) == "[s]\rb=2\r");
  CHECK(editSection("; x\ra=0\n[s]\n", "s", {{"a", "3"}}) == std::nullopt);
  CHECK(editSection("[s]\nb=2", "s", {{"a", "3"}}) == "[s]\nb=2\na = 3\n");
}

TEST_CASE("an indented line keeps its meaning when the line above it changes") {
  CHECK(editSection("[s]\n  a = 1\n  b = 2\n", "s", {{"a", "3"}}) == "[s]\n  a = 3\n  b = 2\n");
  CHECK(editSection("[s]\n  a = 1\n  [t]\n", "s", {{"b", "3"}}) == "[s]\n  a = 1\n  b = 3\n  [t]\n");
  CHECK(removeSection("[r]\na=1\n[s]\n   b=2\n  [t]\nc=3\n", "s") == "[r]\na=1\n[t]\nc=3\n");
}

TEST_CASE("removing a section removes its second declaration too") {
  CHECK(removeSection("[s]\na=1\n[t]\nb=2\n[s]\na=3\n", "s") == "[t]\nb=2\n");
}

TEST_CASE("whatever the text: an edit changes the given keys, and nothing else") {
  constexpr std::array pieces{"[s]",     "[t]",       "[DEFAULT]",    "a",       "b",  "=",  ":",      "1",     ", 2",
                              " ",       "  ",        "\t",           "\n",      "\n", "\n", "\n",     "\r",    "\r\n",
                              ";",       "# c",       " ; d",         "\n; e\n", "[",  "]",  "\n a=3", "\n  b", "\na=",
                              "\n[s]\n", "\n  [t]\n", "\xEF\xBB\xBF", "\x1c",    "=\n"};
  std::uint32_t state = 1;
  const auto random = [&](std::size_t below) {
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % below;
  };
  for (int i = 0; i < 40000; ++i) {
    std::string text = random(2) != 0 ? "[s]\n" : "";
    for (auto n = random(16); n > 0; --n) text += pieces[random(pieces.size())];
    CAPTURE(text);
    const std::string key = random(2) != 0 ? "a" : "b";
    const auto wrong =
        drop_in_property::afterEdit(text, "s", key, random(2) != 0 ? std::optional<std::string>("v") : std::nullopt);
    REQUIRE(wrong == "");
    REQUIRE(drop_in_property::afterRemoval(text, "s") == "");
  }
}

TEST_CASE("a new file has what was asked for") {
  for (const char* value : {"a", "a;b", "a ;b", "a=b", "[x]", "a#", "x\ry"})
    CHECK(drop_in_property::afterCreation("s", "user", value) == "");
}
