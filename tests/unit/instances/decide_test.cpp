// SPDX-License-Identifier: MIT
#include "daemon/instances/decide.hpp"

#include <doctest/doctest.h>

#include <random>

using entries::Declared;
using entries::Entry;
using entries::WantedState;
using instances::decide;
using instances::Decision;
using instances::Deed;
using instances::Seen;

namespace {

/// An entry as the loader makes it: what counts as a value is also among the written lines.
struct Made {
  WantedState state = WantedState::Started;
  bool managed = true;
  const char* umask = nullptr;
  const char* priority = nullptr;
  std::vector<const char*> commands = {};  // of its programs

  [[nodiscard]] Entry entry() const {
    Entry out;
    out.name = "a";
    out.confFile = "/etc/supervisord_a.conf";
    out.state = state;
    out.managed = managed;
    if (state != WantedState::Started) out.written.emplace_back("state", toText(state));
    if (!managed) out.written.emplace_back("managed", "no");
    if (umask) out.written.emplace_back("umask", umask);
    if (priority) out.written.emplace_back("priority", priority);
    for (const auto* command : commands) {
      Declared program;
      program.name = "p" + std::to_string(out.declared.size());
      program.keys = {{"command", command}};
      out.declared.push_back(program);
    }
    return out;
  }
};

Decision decided(const Made& before, bool up, const Made& after) {
  const auto was = before.entry(), next = after.entry();
  const Seen now{was, instances::fingerprintOf(was), up};
  return decide(&now, &next);
}

}  // namespace

TEST_CASE("what a reload does, case by case") {
  using enum WantedState;
  struct Case {
    const char* what;
    Made before;
    bool up;
    Made after;
    Deed deed;
    bool starts;
    bool updates;
  };
  const Case cases[] = {
      {"nothing changed, running", {}, true, {}, Deed::Nothing, false, false},
      {"nothing changed, stopped by hand", {}, false, {}, Deed::Nothing, false, false},
      {"priority", {}, true, {.priority = "5"}, Deed::Change, false, false},
      {"umask", {}, true, {.umask = "027"}, Deed::Restart, true, false},
      {"umask, stopped", {}, false, {.umask = "027"}, Deed::Start, true, false},
      {"umask, and stopped is wanted", {}, true, {.state = Stopped, .umask = "027"}, Deed::Stop, false, false},
      {"umask, any state will do",
       {.state = Current},
       true,
       {.state = Current, .umask = "027"},
       Deed::Restart,
       true,
       false},
      {"the same, stopped", {.state = Current}, false, {.state = Current, .umask = "027"}, Deed::Change, false, false},
      {"a program", {}, true, {.commands = {"x"}}, Deed::Change, false, true},
      {"a program, stopped", {}, false, {.commands = {"x"}}, Deed::Start, true, false},
      {"a program and state = stopped", {}, true, {.state = Stopped, .commands = {"x"}}, Deed::Stop, false, false},
      {"a program and state = started", {.state = Stopped}, false, {.commands = {"x"}}, Deed::Start, true, false},
      {"a program and umask", {}, true, {.umask = "027", .commands = {"x"}}, Deed::Restart, true, false},
      {"no longer managed", {}, true, {.managed = false}, Deed::Change, false, false},
      {"no longer managed, and umask", {}, true, {.managed = false, .umask = "027"}, Deed::Change, false, false},
      {"no longer managed, and stopped", {}, true, {.state = Stopped, .managed = false}, Deed::Change, false, false},
      {"managed again", {.managed = false}, false, {}, Deed::Start, true, false},
      {"managed again, running before", {.managed = false}, true, {}, Deed::Change, false, false},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    const auto decision = decided(one.before, one.up, one.after);
    CHECK(std::string(toText(decision.deed)) == toText(one.deed));
    CHECK(decision.starts == one.starts);
    CHECK(decision.updates == one.updates);
  }
}

TEST_CASE("entries that come and go") {
  const auto entry = Made{}.entry(), stopped = Made{.state = WantedState::Stopped}.entry();
  const Seen now{entry, instances::fingerprintOf(entry), true};
  CHECK(decide(nullptr, &entry).deed == Deed::Add);
  CHECK(decide(nullptr, &entry).starts);
  CHECK_FALSE(decide(nullptr, &stopped).starts);
  CHECK(decide(&now, nullptr).deed == Deed::Remove);
  CHECK(decide(nullptr, nullptr).deed == Deed::Nothing);
}

TEST_CASE("details name each line that changed, and no password") {
  auto before = Made{.umask = "022"}.entry(), after = Made{.umask = "027"}.entry();
  before.written.emplace_back("nice", "5");
  before.written.emplace_back("http_server.password", "old");
  after.written.emplace_back("http_server.password", "new");
  const Seen now{before, instances::fingerprintOf(before), true};
  CHECK(decide(&now, &after).details == std::vector<std::string>{"nice: 5 -> (default)", "umask: 022 -> 027",
                                                                 "http_server.password: (hidden) -> (hidden)"});
}

TEST_CASE("once a decision is done there is nothing more to do") {
  std::mt19937 random(7);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const auto make = [&] {
    Made out;
    out.state = static_cast<WantedState>(pick(3));
    out.managed = pick(4) > 0;
    const char* const umasks[] = {nullptr, "022", "027"};
    const char* const priorities[] = {nullptr, "5"};
    out.umask = umasks[pick(3)];
    out.priority = priorities[pick(2)];
    for (int i = pick(3); i > 0; --i) out.commands.push_back(pick(2) ? "x" : "y");
    return out;
  };
  for (int i = 0; i < 20000; ++i) {
    const auto before = make().entry(), next = make().entry();
    const bool up = pick(2) > 0;
    const Seen now{before, instances::fingerprintOf(before), up};
    const auto decision = decide(&now, &next);
    const bool stops = decision.deed == Deed::Stop || decision.deed == Deed::Restart;
    const bool upThen = decision.starts || (up && !stops);
    const Seen then{next, instances::fingerprintOf(next), upThen};
    const auto again = decide(&then, &next);
    CHECK(again.deed == Deed::Nothing);
    CHECK_FALSE(again.starts);
    CHECK_FALSE(again.updates);
    // The reported deed is what is done.
    CHECK((decision.deed == Deed::Start) == (!up && decision.starts));
    CHECK((decision.deed == Deed::Restart) == (up && decision.starts));
    if (!next.managed) CHECK(upThen == up);
  }
}
