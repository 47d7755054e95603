// SPDX-License-Identifier: MIT
#include "lib/core/expansion.hpp"

#include <doctest/doctest.h>

namespace {

std::string expanded(std::string_view text) {
  core::Names below;
  below.set("here", "/etc");
  below.set("a(b)c", "nested");
  core::Names names(&below);
  names.set("process_num", 3);
  names.set("name", "h\xC3\xA9");
  const auto result = core::expand(text, names, "program:x.command");
  return result ? *result : result.error().text;
}

const std::string kRemedy = "; a literal '%' is written '%%'";

std::string badly(const std::string& text, const std::string& why) {
  return "Format string '" + text + "' for 'program:x.command' is badly formatted: " + why + kRemedy;
}

}  // namespace

TEST_CASE("expansion follows Python's % operator") {
  CHECK(expanded("plain") == "plain");
  CHECK(expanded("%(here)s/x %%d") == "/etc/x %d");
  CHECK(expanded("%(process_num)02d|%(process_num)-4d|%(process_num)+i|%(process_num)#x") == "03|3   |+3|0x3");
  CHECK(expanded("%(process_num)5.1f|%(process_num)ld|%(process_num)5.3d") == "  3.0|3|  003");
  CHECK(expanded("%(name)4s|%(name).1s|%(name)r|%(name)a") == "  h\xC3\xA9|h|'h\xC3\xA9'|'h\\xe9'");
  CHECK(expanded("%(a(b)c)s") == "nested");
}

TEST_CASE("expansion errors are Supervisor's") {
  CHECK(expanded("%(nope)s") ==
        "Format string '%(nope)s' for 'program:x.command' contains names ('nope') which cannot be expanded. Available "
        "names: a(b)c, here, name, process_num" +
            kRemedy);
  CHECK(expanded("100%") == badly("100%", "incomplete format"));
  CHECK(expanded("%(here") == badly("%(here", "incomplete format key"));
  CHECK(expanded("%(here)") == badly("%(here)", "incomplete format"));
  CHECK(expanded("\xC3\xA9%H") == badly("\xC3\xA9%H", "unsupported format character 'H' (0x48) at index 2"));
  CHECK(expanded("%(here)d") == badly("%(here)d", "%d format: a real number is required, not str"));
  CHECK(expanded("%(here)x") == badly("%(here)x", "%x format: an integer is required, not str"));
  CHECK(expanded("%(here)*d") == badly("%(here)*d", "* wants int"));
  CHECK(expanded("%(process_num)%").find("unsupported format character '%' (0x25) at index 14") != std::string::npos);
  CHECK(expanded("%(process_num)999999999d").find("width too big") != std::string::npos);
}

TEST_CASE("a conversion without a name is refused, and the error shows the correct form") {
  CHECK(expanded("date +%s").find("a literal '%' is written '%%'") != std::string::npos);
}
