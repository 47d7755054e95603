// SPDX-License-Identifier: MIT
#include "daemon/layout/template.hpp"

#include <doctest/doctest.h>

using layout::fillTemplate;

TEST_CASE("variables are replaced, and other braces stay") {
  const layout::Variables v{{"name", "a"}, {"http_server.endpoint", "x:1"}};
  CHECK(*fillTemplate("{{{name}}}={{{ http_server.endpoint }}} {{x}} { {{", v) == "a=x:1 {{x}} { {{");
}

TEST_CASE("conditions keep or drop lines") {
  const std::string text =
      "1\n{{% if a is defined %}}\n2\n{{% if b is defined %}}\n3\n{{% endif %}}\n{{% else %}}\n4\n{{% endif %}}\n5\n";
  CHECK(*fillTemplate(text, {}) == "1\n4\n5\n");
  CHECK(*fillTemplate(text, {{"a", ""}}) == "1\n2\n5\n");
  CHECK(*fillTemplate(text, {{"a", ""}, {"b", ""}}) == "1\n2\n3\n5\n");
  CHECK(*fillTemplate(text, {{"b", ""}}) == "1\n4\n5\n");
  CHECK(*fillTemplate("{{% if a is not defined %}}x{{% endif %}}", {}) == "x");
}

TEST_CASE("errors name the line") {
  for (const char* text : {"\n{{{nope}}}", "\n{{% if a is defined %}}", "\n{{% endif %}}",
                           "\n{{% for x in y %}}{{% endif %}}", "\n{{{ name", "\n{{% if a is defined"}) {
    CAPTURE(text);
    const auto filled = fillTemplate(text, {});
    REQUIRE_FALSE(filled);
    CHECK(filled.error().text.starts_with("line 2: "));
  }
}

TEST_CASE("a variable in lines that are dropped need not exist") {
  CHECK(fillTemplate("{{% if a is defined %}}{{{a}}}{{% endif %}}", {}).value().empty());
}
