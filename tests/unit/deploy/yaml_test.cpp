// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "ctl/deploy/yaml/parser.hpp"
#include "tests/unit/deploy/node_text.hpp"

namespace {

struct Read {
  deploy::Documents documents;
  deploy::Problems problems;

  explicit Read(const std::string& text) {
    deploy::Anchors anchors;
    deploy::Allowance allowance;
    documents = deploy::parseYaml("a.yml", text, anchors, allowance, problems);
  }
  [[nodiscard]] std::string root() const { return documents.roots.empty() ? "" : textOf(documents.roots[0]); }
};

/// The value of a text that is right.
std::string valueOf(const std::string& text) {
  const Read read(text);
  CHECK(textOf(read.problems) == "");
  CHECK(read.documents.complete);
  return read.root();
}

/// The messages about a text.
std::string problemsOf(const std::string& text) { return textOf(Read(text).problems); }

}  // namespace

TEST_CASE("scalars keep their text and their quotes") {
  CHECK(valueOf("a: 0755\nb: 1.10\nc: yes\nd: ~\ne:\nf: \"x\"\ng: 'it''s'\n") ==
        "{a: 0755, b: 1.10, c: yes, d: ~, e: , f: \"x\", g: \"it's\"}");
  CHECK(valueOf("a: |\n  x\n  y\nb: >\n  x\n  y\n") == "{a: \"x\ny\n\", b: \"x y\n\"}");
  CHECK(valueOf("a: !vault |\n  x\nb: !!int 5\n") == "{a: \"x\n\", b: 5}");
}

TEST_CASE("keys of a map may be repeated, and stay separate") {
  CHECK(valueOf("a: 1\nb: {c: 1, c: 2}\na: 2\n") == "{a: 1, b: {c: 1, c: 2}, a: 2}");
}

TEST_CASE("each document has its root; empty ones have none") {
  const Read read("---\na: 1\n---\n---\nb: 2\n...\n");
  REQUIRE(read.documents.roots.size() == 2);
  CHECK(textOf(read.documents.roots[1]) == "{b: 2}");
  CHECK(valueOf("") == "");
  CHECK(valueOf("# only a comment\n") == "");
}

TEST_CASE("a byte order mark and the line ends of other systems are not part of a value") {
  CHECK(valueOf("\xEF\xBB\xBF"
                "a: 1\r\nb: [x,\r\n  y]\r\n") == "{a: 1, b: [x, y]}");
}

TEST_CASE("places are lines and characters from 1, of keys and of values") {
  const Read read("\xEF\xBB\xBFg: x\n\xC3\xA9\xE2\x82\xAC:   \"v\"\nl:\n- { k: 1 }\n");
  const auto& root = read.documents.roots.at(0);
  CHECK(deploy::toText(root.members[0].mark) == "a.yml:1:1");
  CHECK(deploy::toText(root.members[1].mark) == "a.yml:2:1");
  CHECK(deploy::toText(root.members[1].value.mark) == "a.yml:2:7");
  CHECK(deploy::toText(root.members[2].value.items[0].mark) == "a.yml:4:3");
  CHECK(deploy::toText(root.members[2].value.items[0].members[0].value.mark) == "a.yml:4:8");
}

TEST_CASE("an alias is a copy of a map, a list or a scalar") {
  CHECK(valueOf("a: &a {x: 1}\nb: &b [1, 2]\nc: &c t\nd: [*a, *b, *c]\n*c : k\n") ==
        "{a: {x: 1}, b: [1, 2], c: t, d: [{x: 1}, [1, 2], t], t: k}");
  CHECK(valueOf("a: &a 1\nb: &a 2\nc: *a\n") == "{a: 1, b: 2, c: 2}");
}

TEST_CASE("anchors are known in later files") {
  deploy::Anchors anchors;
  deploy::Allowance allowance;
  deploy::Problems problems;
  (void)deploy::parseYaml("a.yml", "a: &x {k: 1}\n", anchors, allowance, problems);
  const auto later = deploy::parseYaml("b.yml", "b: *x\n", anchors, allowance, problems);
  CHECK(textOf(later.roots.at(0)) == "{b: {k: 1}}");
  CHECK(deploy::toText(later.roots[0].members[0].value.mark) == "a.yml:1:4");
}

TEST_CASE("an alias needs an anchor before it, of a value that does not contain it") {
  CHECK(problemsOf("a: *x\nb: &x 1\n") == "a.yml:1:4: there is not an anchor '&x' before this alias (check its name)");
  CHECK(problemsOf("a: &x [1, *x]\n") == "a.yml:1:11: the value with the anchor '&x' contains itself");
}

TEST_CASE("a merge key adds the keys that the map does not have") {
  CHECK(valueOf("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n  z: 4\n") == "{a: {x: 1, y: 2}, b: {x: 1, y: 3, z: 4}}");
  CHECK(valueOf("a: &a {x: 1}\nb: {<<: *a}\n") == "{a: {x: 1}, b: {x: 1}}");
  CHECK(valueOf("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b]}\nd: {<<: *a, <<: *b}\n") ==
        "{a: {x: 1, y: 1}, b: {y: 2, z: 2}, c: {x: 1, y: 1, z: 2}, d: {x: 1, y: 2, z: 2}}");
  CHECK(valueOf("a: {\"<<\": 1}\n") == "{a: {<<: 1}}");
}

TEST_CASE("a merge key that HADeploy understands otherwise is a warning") {
  CHECK(problemsOf("a: &a {x: 1}\nb:\n  x: 2\n  <<: *a\n") ==
        "a.yml:3:3: warning: 'x' keeps its value here, but HADeploy also takes the one of '<<' at a.yml:4:3 "
        "(remove one of them)");
  CHECK(problemsOf("a: &a {x: [1]}\nb:\n  <<: *a\n  x: [2]\n") ==
        "a.yml:4:3: warning: 'x' keeps its value here, but HADeploy also takes the one of '<<' at a.yml:3:3 "
        "(remove one of them)");
  CHECK(problemsOf("a: &a {x: 1}\nb:\n  x: 1\n  <<: *a\n") == "");
}

TEST_CASE("a merge key needs maps") {
  CHECK(problemsOf("a: {<<: 1}\n") == "a.yml:1:9: '<<' needs a map, or a list of maps (for example <<: *name)");
  CHECK(problemsOf("a: &a {x: 1}\nb: {<<: [*a, [1]]}\n") ==
        "a.yml:2:14: '<<' needs a map, or a list of maps (for example <<: *name)");
}

TEST_CASE("keys are texts") {
  CHECK(problemsOf("{a: 1}: 2\n") ==
        "a.yml:1:1: a key must be a text, not a map or a list (put a text with { or [ in quotes)");
  CHECK(problemsOf("a: &a [1]\n*a : 2\n") == "a.yml:2:1: a key must be a text, not a map or a list");
}

TEST_CASE("a syntax error is one sentence with its place") {
  CHECK(problemsOf("a: \"x\n") ==
        "a.yml:2:1: the file ends within a text in quotes, in the text that begins at 1:4 "
        "(close the quotes)");
  CHECK(problemsOf("a: 1\n b: 2\n") ==
        "a.yml:2:3: a ':' is not allowed here (put a text that has ': ' in it in quotes, or check the indentation)");
  CHECK(problemsOf("a:\n  - x\n  b: 1\n") ==
        "a.yml:3:3: a '-' is expected here, in the list that begins at 2:3 (check the indentation of this line)");
  CHECK(problemsOf("a: {x: 1\nb: 2\n") == "a.yml:2:2: a ',' or '}' is expected here, in the map that begins at 1:4");
  CHECK(problemsOf("a:\n\t- x\n") ==
        "a.yml:2:1: this character cannot begin a value "
        "(indent with blanks, not with tabs; put a text that begins with @ or ` in quotes)");
  CHECK(problemsOf("a: \"\\q\"\n") ==
        "a.yml:1:5: this escape is not known in double quotes, in the text that begins at 1:4 "
        "(write \\\\ for a backslash, or use single quotes)");
}

TEST_CASE("an expression in flow style has its own hint") {
  CHECK(problemsOf("a:\n- { managed: ${m} }\n").find("(inside { } and [ ] write <<name>>, or put ${name} in quotes)") !=
        std::string::npos);
  CHECK(valueOf("a:\n- { managed: <<m>> }\n") == "{a: [{managed: <<m>>}]}");
}

TEST_CASE("the members of the root before a syntax error are read") {
  const Read read("a: 1\nb: [1]\nc:\n- x: {y: 1\n");
  CHECK_FALSE(read.documents.complete);
  CHECK(read.root() == "{a: 1, b: [1]}");
  CHECK(Read("a: 1\nb:\n  x: 1\n  y: {z: 1\n").root() == "{a: 1}");
}

TEST_CASE("bytes that YAML does not allow are named") {
  CHECK(problemsOf("a: \xC3\xA9\xFF\n") == "a.yml:1:5: the byte 0xff is not UTF-8 (save the file as UTF-8 text)");
  CHECK(problemsOf(std::string("a: 1\r\nb: x\0y\n", 12)) ==
        "a.yml:2:5: a NUL byte is not allowed in YAML (save the file as UTF-8 text)");
  CHECK(problemsOf("a: \x1b[2J\n") ==
        "a.yml:1:4: the control character U+001B is not allowed in YAML (save the file as UTF-8 text)");
  CHECK(problemsOf("\xFF\xFE"
                   "a") == "a.yml:1:1: the byte 0xff is not UTF-8 (save the file as UTF-8 text)");
  CHECK(problemsOf("a: \xEF\xBB\xBF\n") ==
        "a.yml:1:4: a byte order mark is allowed only at the start of a file (save the file as UTF-8 text)");
}

TEST_CASE("hostile texts meet a limit") {
  const std::string open(100'000, '[');
  CHECK(problemsOf(open) == "a.yml:1:66: more than 64 levels of maps and lists");
  std::string levels = "l0: &l0 [1]\n";
  for (int i = 1; i <= 64; ++i)
    levels += "l" + std::to_string(i) + ": &l" + std::to_string(i) + " [*l" + std::to_string(i - 1) + "]\n";
  CHECK(problemsOf(levels) == "a.yml:64:12: more than 64 levels of maps and lists");
  std::string laughs = "l0: &l0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 12; ++i) {
    const auto before = "*l" + std::to_string(i - 1);
    laughs += "l" + std::to_string(i) + ": &l" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) laughs += ", " + before;
    laughs += "]\n";
  }
  const auto problem = problemsOf(laughs);
  CHECK(problem.find("the sources have more than 500000 values or 64 MiB of text") != std::string::npos);
  CHECK(problem.find('\n') == std::string::npos);
  CHECK(problemsOf("? " + std::string(2000, 'k') + "\n: 1\n") == "a.yml:1:3: a key has more than 1024 bytes");
}
