// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <limits>

#include "tests/unit/deploy/application_builder.hpp"

using namespace deploy;
using Words = std::vector<std::string>;

TEST_CASE("JSON: short containers stay in a line, long ones do not") {
  CHECK(toJson(map({{"a", texts(Words{"x", "y"})}, {"b", map({})}})) == "{\"a\": [\"x\", \"y\"], \"b\": {}}\n");
  const std::string word(60, 'x');
  CHECK(toJson(texts(Words{word, word})) == "[\n  \"" + word + "\",\n  \"" + word + "\"\n]\n");
}

TEST_CASE("JSON: every text is a text, every number a number of its kind") {
  CHECK(toJson(text("a\"\\\n\x1b")) == "\"a\\\"\\\\\\n\\u001b\"\n");
  CHECK(toJson({std::int64_t{-5}}) == "-5\n");
  CHECK(toJson({1.0}) == "1.0\n");
  CHECK(toJson({1.5}) == "1.5\n");
  CHECK(toJson({1e30}) == "1e+30\n");
  CHECK(toJson({std::numeric_limits<double>::infinity()}) == "\"inf\"\n");
}

TEST_CASE("YAML: texts that are something else without quotes have them") {
  for (const char* word : {"no", "Yes", "null", "0755", "1.5", "-x", "", "a: b", "~", "{{ x }}", ".5", "a\nb", "#x"})
    CHECK_MESSAGE(toYaml(text(word))[0] == '"', word);
  for (const char* word : {"tsup", "/opt/tsup", "en1.x", "a-b"}) CHECK(toYaml(text(word)) == std::string(word) + "\n");
}

TEST_CASE("YAML: lists of maps, and what is empty") {
  CHECK(toYaml(map({{"a", list({map({{"b", text("x")}, {"c", list({})}}), map({})})}, {"d", map({})}})) ==
        "a:\n  - b: x\n    c: []\n  - {}\nd: {}\n");
}
