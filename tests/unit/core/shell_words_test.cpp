// SPDX-License-Identifier: MIT
#include "lib/core/shell_words.hpp"

#include <doctest/doctest.h>

namespace {

using Words = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string problemOfWords(std::string_view text) {
  const auto pairs = core::parseKeyValues(text);
  return pairs ? "" : pairs.error().text;
}

}  // namespace

TEST_CASE("a command splits as in a POSIX shell") {
  CHECK(*core::splitWords(" a  b\tc\n") == Words{"a", "b", "c"});
  CHECK(*core::splitWords("sh -c 'a  \"b\"' x\"y z\"w") == Words{"sh", "-c", "a  \"b\"", "xy zw"});
  CHECK(*core::splitWords("a\\ b \"c\\\"d\\e\" '' # no comment") == Words{"a b", "c\"d\\e", "", "#", "no", "comment"});
  CHECK(core::splitWords("").value().empty());
  CHECK(core::splitWords("a 'b").error().text == "No closing quotation");
  CHECK(core::splitWords("a \\").error().text == "No escaped character");
}

TEST_CASE("environment pairs") {
  CHECK(*core::parseKeyValues("B=\"b,c;d\", A='x y',") == Pairs{{"A", "x y"}, {"B", "b,c;d"}});
  CHECK(*core::parseKeyValues("A=1,\n  A=2") == Pairs{{"A", "2"}});
  CHECK(*core::parseKeyValues("A=/x/y.z:-+()") == Pairs{{"A", "/x/y.z:-+()"}});
  CHECK(*core::parseKeyValues("A=a\"b c\"'d'\\ e") == Pairs{{"A", "ab cd e"}});
  CHECK(*core::parseKeyValues("A=1 # the rest\n,B=2") == Pairs{{"A", "1"}, {"B", "2"}});
  CHECK(*core::parseKeyValues("A=a b") == Pairs{{"A", "a"}});
  CHECK(core::parseKeyValues("")->empty());
  for (const auto* bad : {"A=1 B=2", "A", "A=", "A=,B=1", "A=a=b", "A=a@b", "A={x}", "A=x,,B=2"})
    CHECK(problemOfWords(bad) == "Unexpected end of key/value pairs in value '" + std::string(bad) + "'");
  CHECK(problemOfWords("A=it's") == "No closing quotation");
}
