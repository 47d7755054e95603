// SPDX-License-Identifier: MIT
#include "lib/lifecycle/dependence.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using lifecycle::Condition;
using lifecycle::Directory;
using lifecycle::Graph;
using lifecycle::Place;
using lifecycle::ProcessState;
using lifecycle::Standing;

/// What a dependence on `group`:`program` finds, or why it does not.
std::string found(const Directory& directory, const std::string& group, const std::string& program) {
  const auto nodes = directory.find({group, program, Condition::Running});
  if (!nodes) return nodes.error().text;
  std::string text;
  for (const auto node : *nodes) text += (text.empty() ? "" : " ") + toText(directory.places()[node]);
  return text;
}

/// A graph of letters: "ab" is a, which depends on b.
Graph graphOf(const std::vector<std::string>& edges) {
  Graph graph(26);
  for (const auto& edge : edges)
    graph.add(static_cast<Graph::Node>(edge[0] - 'a'), static_cast<Graph::Node>(edge[1] - 'a'), Condition::Running);
  return graph;
}
std::string letters(const std::vector<Graph::Node>& nodes) {
  std::string text;
  for (const auto node : nodes) text += static_cast<char>('a' + node);
  return text;
}
Graph::Node node(char letter) { return static_cast<Graph::Node>(letter - 'a'); }

}  // namespace

TEST_CASE("a name finds a program, the programs of a group, or the reason why not") {
  const Directory directory({{"db", "db"},
                             {"web", "web_0"},
                             {"web", "web_1"},
                             {"site", "cache"},
                             {"site", "front_0"},
                             {"site", "front_1"},
                             {"other", "cache"},
                             {"other", "other"},
                             {"other", "queue"}});
  CHECK(found(directory, "", "db") == "db");
  CHECK(found(directory, "", "web") == "web:web_0 web:web_1");
  CHECK(found(directory, "", "queue") == "other:queue");
  CHECK(found(directory, "", "other") == "other");  // as in supervisorctl: not the whole group
  CHECK(found(directory, "web", "web_1") == "web:web_1");
  CHECK(found(directory, "web", "*") == "web:web_0 web:web_1");
  CHECK(found(directory, "site", "front_*") == "site:front_0 site:front_1");
  CHECK(found(directory, "", "cache") == "'cache' is ambiguous: write one of site:cache, other:cache");
  CHECK(found(directory, "", "dbb") == "there is no program 'dbb'; did you mean db?");
  CHECK(found(directory, "sites", "cache") == "there is no group 'sites'; did you mean site?");
  CHECK(found(directory, "site", "nothing") == "there is no program 'site:nothing'");
  CHECK(found(directory, "site", "no*") == "there is no program 'site:no*'");
}

TEST_CASE("each condition in each state") {
  struct Row {
    Condition condition;
    bool oneshot;
    std::string met;  ///< the states that meet it; EXITED is with an expected code
  };
  const std::vector<Row> rows{
      {Condition::Started, false, "STARTING RUNNING EXITED"},
      {Condition::Started, true, "STARTING RUNNING EXITED"},
      {Condition::Running, false, "RUNNING"},
      {Condition::Running, true, "EXITED"},
      {Condition::Ready, false, "RUNNING"},
      {Condition::Ready, true, "EXITED"},
      {Condition::Healthy, false, ""},
      {Condition::Healthy, true, ""},
      {Condition::Exited, false, "EXITED"},
      {Condition::Exited, true, "EXITED"},
  };
  for (const auto& row : rows) {
    std::string met;
    for (const auto state : lifecycle::kAllStates) {
      if (meets(row.condition, {state, row.oneshot, true}))
        met += (met.empty() ? "" : " ") + std::string(toText(state));
      if (state == ProcessState::Exited) CHECK_FALSE(meets(row.condition, {state, row.oneshot, false}));
    }
    CHECK(met == row.met);
  }
}

TEST_CASE("only a program that runs is healthy") {
  for (const auto state : lifecycle::kAllStates)
    CHECK(meets(Condition::Healthy, {state, false, true, true}) == (state == ProcessState::Running));
}

TEST_CASE("what a start needs comes first, and what a stop takes along") {
  const auto graph = graphOf({"wd", "wc", "cd", "dm", "xw"});  // x needs w, w needs d and c, c needs d, d needs m
  CHECK(letters(graph.allNeeds(node('w'), {})) == "mdc");
  CHECK(letters(graph.allNeeds(node('m'), {})).empty());
  CHECK(letters(graph.allDependents(node('d'), {})) == "xwc");
  CHECK(letters(graph.allDependents(node('x'), {})).empty());
  CHECK(graph.cycle().empty());
  // An edge that does not count hides what is behind it.
  const auto notToD = [](Graph::Node, const Graph::Edge& edge) { return edge.to != node('d'); };
  CHECK(letters(graph.allNeeds(node('w'), notToD)) == "c");
}

TEST_CASE("a cycle is shown, whatever it hangs on") {
  CHECK(letters(graphOf({"aa"}).cycle()) == "aa");
  CHECK(letters(graphOf({"ab", "bc", "cd", "db", "ae"}).cycle()) == "bcdb");
  CHECK(graphOf({"ab", "ac", "bd", "cd"}).cycle().empty());
}

TEST_CASE("a long chain needs no stack") {
  constexpr Graph::Node kLength = 200'000;
  Graph graph(kLength);
  for (Graph::Node i = 0; i + 1 < kLength; ++i) graph.add(i, i + 1, Condition::Running);
  CHECK(graph.cycle().empty());
  const auto needs = graph.allNeeds(0, {});
  CHECK(needs.size() == kLength - 1);
  CHECK(needs.front() == kLength - 1);
  graph.add(kLength - 1, 0, Condition::Running);
  CHECK(graph.cycle().size() == kLength + 1);
}
