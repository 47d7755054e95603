// SPDX-License-Identifier: MIT
#include "daemon/instances/ledger.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

using namespace instances;

namespace {

/// A state file of the test's own, named after the instance "a".
struct State {
  State() {
    char name[] = "/tmp/test-ledger-XXXXXX";
    directory = ::mkdtemp(name);
    KeyedFile file;
    file.set("mark", "a:1");
    REQUIRE(file.write(path()));
  }
  ~State() { (void)!::system(("rm -rf " + directory).c_str()); }
  std::string path() const { return directory + "/a"; }
  Ledger ledger() const {
    Ledger out(path());
    out.readFrom(KeyedFile::read(path()));
    return out;
  }
  std::string directory;
};

layout::Plan planWith(const std::string& content) {
  return {{}, {layout::Directory{"/srv/a", 1, 1, 0750}, layout::File{"/etc/a.conf", content, 0, 0, 0640}}};
}

const layout::Known& knownIn(const State& state, layout::Plan& plan) {
  state.ledger().inform(plan);
  return std::get<layout::File>(plan.nodes[1]).known;
}

bool ownsIn(const State& state) {
  for (const auto& node : state.ledger().removals(true))
    if (const auto& removal = std::get<layout::Removal>(node); removal.path == "/srv/a") return removal.own;
  return false;
}

}  // namespace

TEST_CASE("a file is recorded before it is written, and its old digest is kept until it is written") {
  const State state;
  auto plan = planWith("one");
  CHECK_FALSE(knownIn(state, plan).recorded);
  auto ledger = state.ledger();
  REQUIRE(ledger.intend(plan, {}, nullptr));
  CHECK(knownIn(state, plan).digests == std::vector{layout::digestOf("one")});
  ledger.settle(plan, {}, {}, true);
  auto next = planWith("two");
  REQUIRE(ledger.intend(next, {}, nullptr));
  CHECK(knownIn(state, next).digests == std::vector{layout::digestOf("one"), layout::digestOf("two")});
  ledger.settle(next, {}, {}, false);
  CHECK(knownIn(state, next).digests.size() == 2);
  ledger.settle(next, {}, {}, true);
  CHECK(knownIn(state, next).digests == std::vector{layout::digestOf("two")});
}

TEST_CASE("a directory belongs to the instance if the manager created it") {
  const State state;
  auto ledger = state.ledger();
  const auto plan = planWith("one");
  REQUIRE(ledger.intend(plan, {}, nullptr));
  ledger.settle(plan, {}, {}, true);
  CHECK_FALSE(ownsIn(state));
  REQUIRE(ledger.intend(plan, {"/srv/a"}, nullptr));
  CHECK(ownsIn(state));  // before it is created: a crash may follow
  ledger.settle(plan, {"/srv/a"}, {}, false);
  CHECK_FALSE(ownsIn(state));  // it could not be created
  REQUIRE(ledger.intend(plan, {"/srv/a"}, nullptr));
  ledger.settle(plan, {"/srv/a"}, {{"create directory", "/srv/a"}}, true);
  CHECK(ownsIn(state));
}

TEST_CASE("records of an earlier version are used, but only directories at default paths belong to the instance") {
  const State state;
  KeyedFile file = KeyedFile::read(state.path());
  file.add("generated", "file /etc/a.conf");
  file.add("generated", "link /usr/bin/supervisorctl_a");
  file.add("directory", "/srv/a");
  file.add("directory", "/var/log/supervisor_a");
  REQUIRE(file.write(state.path()));
  auto plan = planWith("one");
  CHECK(knownIn(state, plan).recorded);
  CHECK(knownIn(state, plan).digests.empty());
  CHECK_FALSE(ownsIn(state));
  int links = 0, own = 0;
  for (const auto& node : state.ledger().removals(true)) {
    const auto& removal = std::get<layout::Removal>(node);
    links += removal.what == layout::Removal::What::Link;
    own += removal.what == layout::Removal::What::Tree && removal.own;
  }
  CHECK(links == 1);
  CHECK(own == 1);
}

TEST_CASE("the run directory is removed with the instance, unless it is another's or has other files") {
  const State state;
  const auto removed = [&](const std::vector<std::string>& lines) {
    KeyedFile file;
    file.set("mark", "a:1");
    for (const auto& line : lines) file.add(line.substr(0, line.find('=')), line.substr(line.find('=') + 1));
    REQUIRE(file.write(state.path()));
    std::vector<std::string> out;
    for (const auto& node : state.ledger().removals(false)) out.push_back(layout::pathOf(node));
    return out;
  };
  const std::vector<std::string> run{"/run/supervisor_a"};
  CHECK(removed({"own=/run/supervisor_a", "own=/var/log/supervisor_a", "own=/etc/supervisord_a.d"}) == run);
  CHECK(removed({"own=/run/supervisor_a", "own=/run/supervisor_a.d"}) == run);
  CHECK(removed({"directory=/srv/run"}).empty());
  CHECK(removed({"own=/run/supervisor_b", "own=/srv/run"}).empty());
  CHECK(removed({"own=/run/supervisor_a", "own=/run/supervisor_a/logs"}).empty());
}

TEST_CASE("a change that cannot be recorded is refused") {
  const State state;
  auto ledger = state.ledger();
  ::unlink(state.path().c_str());
  CHECK_FALSE(ledger.intend(planWith("one"), {}, nullptr));
  CHECK(ledger.removals(true).empty());
}

TEST_CASE("a draft of an intention changes nothing before it is placed, and is the whole file then") {
  const State state;
  auto plan = planWith("one");
  auto ledger = state.ledger();
  auto draft = ledger.draft(plan, {"/srv/a"});
  REQUIRE(draft);
  CHECK(ledger.empty());
  CHECK_FALSE(knownIn(state, plan).recorded);
  REQUIRE(ledger.intend(plan, {"/srv/a"}, draft.get()));
  CHECK(knownIn(state, plan).digests == std::vector{layout::digestOf("one")});
  CHECK(KeyedFile::read(state.path()).text() == draft->text);
  CHECK_FALSE(ledger.draft(plan, {"/srv/a"}));  // there is nothing new
}

TEST_CASE("a draft that is obsolete or lost is written again") {
  const State state;
  auto plan = planWith("one");
  auto ledger = state.ledger();
  auto draft = ledger.draft(plan, {});
  REQUIRE(draft);
  auto file = KeyedFile::read(state.path());
  file.set("enabled", "no");
  REQUIRE(file.write(state.path()));
  REQUIRE(ledger.intend(plan, {}, draft.get()));
  CHECK(KeyedFile::read(state.path()).get("enabled") == "no");
  CHECK(knownIn(state, plan).recorded);

  auto next = planWith("two");
  draft = ledger.draft(next, {});
  REQUIRE(draft);
  CHECK(filesIn(state.directory).size() == 1);  // removes what looks like left by a killed manager
  REQUIRE(ledger.intend(next, {}, draft.get()));
  CHECK(knownIn(state, next).digests.size() == 2);
}
