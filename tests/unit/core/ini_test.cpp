// SPDX-License-Identifier: MIT
#include "lib/core/ini.hpp"
#include "lib/core/ini_reader.hpp"

#include <doctest/doctest.h>

namespace {

std::string valueOf(const core::IniDocument& document, std::string_view section, std::string_view key) {
  const auto* found = document.find(section);
  const auto* entry = found ? document.get(*found, key) : nullptr;
  return entry ? entry->value : "(none)";
}

std::string value(std::string_view text, std::string_view section, std::string_view key) {
  const auto document = core::IniDocument::parse(text, "x.conf");
  return document ? valueOf(*document, section, key) : document.error().text;
}

std::string problem(std::string_view text) {
  const auto document = core::IniDocument::parse(text, "x.conf");
  return document ? "" : document.error().text;
}

}  // namespace

TEST_CASE("both delimiters, lower-case keys, trimmed values") {
  CHECK(value("[s]\nKey : v \n", "s", "key") == "v");
  CHECK(value("[s]\nurl=http://h:1/\n", "s", "url") == "http://h:1/");
  CHECK(value("[s]\nenvironment:A=\"b\"\n", "s", "environment") == "A=\"b\"");
  CHECK(value("[s]\nk=\n", "s", "k").empty());
}

TEST_CASE("inline comments need a blank in front; prefixes are searched in rounds") {
  CHECK(value("[s]\nk = v ; c\n", "s", "k") == "v");
  CHECK(value("[s]\nk = v\t# c\n", "s", "k") == "v");
  CHECK(value("[s]\nk=v;not#this\n", "s", "k") == "v;not#this");
  CHECK(value("[s]\nk=a;b ;c #d\n", "s", "k") == "a;b ;c");
}

TEST_CASE("continuation goes by indentation") {
  CHECK(value("[s]\nk=a\n  b ; c\n\tc\nz=1\n", "s", "k") == "a\nb\nc");
  CHECK(value("[s]\nk=a\n\n  b\n\n", "s", "k") == "a\n\nb");
  CHECK(value("[s]\n  k=a\n  z=1\n", "s", "z") == "1");
  CHECK(value("[s]\nk=a\n  [x]\n", "s", "k") == "a\n[x]");
  CHECK(value("[s]\nk=a\n  # comment\n  b\n", "s", "k") == "a\nb");
}

TEST_CASE("sections: merged duplicates, empty ones, long and odd names") {
  CHECK(value("[s]\nk=1\n[t]\n[s]\nj=3\nk=2\n", "s", "k") == "2");
  CHECK(value("[program:b]x] junk\nk=v\n", "program:b]x", "k") == "v");
  const std::string name(300, 'p'), long_(100000, 'x');
  CHECK(value("[" + name + "]\nk=" + long_ + "\nz=1\n", name, "k") == long_);
  const auto document = core::IniDocument::parse("[a]\n[b]\n", "x.conf");
  REQUIRE(document);
  CHECK(document->sections().size() == 2);
}

TEST_CASE("[DEFAULT] has values for all sections, which a section may override") {
  const char* text = "[DEFAULT]\nk=1\nj=2\n[s]\nk=3\n";
  CHECK(value(text, "s", "k") == "3");
  CHECK(value(text, "s", "j") == "2");
  CHECK(value(text, "DEFAULT", "j") == "(none)");
}

TEST_CASE("errors are Python's, with every bad line") {
  CHECK(problem("[s]\nfoo\nk=1\n=v\n") ==
        "Source contains parsing errors: 'x.conf'\n\t[line  2]: 'foo\\n'\n\t[line  4]: '=v\\n'");
  CHECK(problem("k=v\n") == "File contains no section headers.\nfile: 'x.conf', line: 1\n'k=v\\n'");
  CHECK(problem(std::string("[s]\nk=a\0b\n", 9)) == "x.conf, line 2: a NUL byte");
  CHECK(problem("[s]\nk=\xFF\n").find("line 2 has bytes that are not UTF-8") != std::string::npos);
}

TEST_CASE("locations have the line of the key; line ends of any kind") {
  const auto document = core::IniDocument::parse("\xEF\xBB\xBF; c\r\n[s]\r\nk=a\r  b\nz=1", "x.conf");
  REQUIRE(document);
  const auto* section = document->find("s");
  REQUIRE(section);
  CHECK(section->place().line == 2);
  CHECK(document->get(*section, "k")->place.line == 3);
  CHECK(document->get(*section, "k")->value == "a\nb");
  CHECK(document->get(*section, "z")->place.line == 5);
  CHECK(*document->get(*section, "z")->place.file == "x.conf");
}

TEST_CASE("merge: keys of later files replace earlier ones; sections keep their position") {
  auto one = core::IniDocument::parse("[a]\nk=1\nj=1\n", "1.conf");
  const auto two = core::IniDocument::parse("[b]\n[a]\nk=2 %(here)s\n", "2.conf");
  REQUIRE(one);
  REQUIRE(two);
  one->merge(*two);
  one->substitute("%(here)s", "/dir");
  CHECK(valueOf(*one, "a", "k") == "2 /dir");
  CHECK(valueOf(*one, "a", "j") == "1");
  CHECK(*one->find("a")->place().file == "1.conf");
  CHECK(*one->find("b")->place().file == "2.conf");
}

TEST_CASE("the error for a file that cannot be read has the cause") {
  CHECK(core::IniDocument::read("/nonexistent/x.conf").error().code == ENOENT);
  CHECK(core::IniDocument::read("/").error().code == EISDIR);
  CHECK(core::IniDocument::read("/dev/null").error().code == EINVAL);
}

TEST_CASE("a scan classifies every line like the reader, and keeps every byte") {
  using Kind = core::IniLine::Kind;
  const std::string text = "; c\r\n[s]\r  A = 1 ; why\n# more\n    2\n\n b: 3";
  const auto lines = core::scanIni(text, "x");
  REQUIRE(lines);
  std::vector<Kind> kinds;
  std::string again;
  for (const auto& line : *lines) {
    kinds.push_back(line.kind);
    again += std::string(line.text) + std::string(line.end);
  }
  CHECK(again == text);
  CHECK(kinds == std::vector{Kind::Comment, Kind::Section, Kind::Entry, Kind::Comment, Kind::Continuation, Kind::Blank,
                             Kind::Entry});
  CHECK((*lines)[1].name == "s");
  CHECK((*lines)[2].name == "a");
  CHECK((*lines)[2].indent == 2);
  CHECK((*lines)[2].text.substr((*lines)[2].comment) == "; why");
  CHECK((*lines)[6].name == "b");
  CHECK_FALSE(core::scanIni("[s]\nno key\n", "x"));
}
