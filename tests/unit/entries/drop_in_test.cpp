// SPDX-License-Identifier: MIT
#include "daemon/entries/drop_in.hpp"

#include <doctest/doctest.h>

using namespace entries;

TEST_CASE("a key is changed in its place, and all else stays") {
  const std::string text =
      "; mine\n[supervisor:a]\n; the owner\nuser = x\ngroup=g\n  more\n\n; next\n[supervisor:b]\nuser = y\n";
  CHECK(editSection(text, "supervisor:a", {{"user", "z"}, {"group", std::nullopt}, {"nice", "3"}}) ==
        "; mine\n[supervisor:a]\n; the owner\nuser = z\nnice = 3\n\n; next\n[supervisor:b]\nuser = y\n");
  CHECK_FALSE(editSection(text, "supervisor:c", {{"user", "z"}}));
}

TEST_CASE("a section goes with the comment above it") {
  const std::string text = "; first\n[supervisor:a]\nuser = x\n\n; second\n[supervisor:b]\nuser = y\n";
  CHECK(removeSection(text, "supervisor:a") == "; second\n[supervisor:b]\nuser = y\n");
  CHECK(removeSection(text, "supervisor:b") == "; first\n[supervisor:a]\nuser = x\n\n");
  CHECK(saysNothing("; only\n\n# comments\n"));
  CHECK_FALSE(saysNothing(text));
}

TEST_CASE("a value that would not come back as written is not plain") {
  for (const char* value : {"", " x", "x ", "a\nb", "a ;b", "a #b", ";a", "\x7f"}) CHECK_FALSE(isPlainValue(value));
  for (const char* value : {"a", "a;b", "a b", "{SHA}d0", "0.0.0.0:9001"}) CHECK(isPlainValue(value));
}
