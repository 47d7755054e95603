// SPDX-License-Identifier: MIT
#include "daemon/instances/decide.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <random>
#include <utility>

#include "daemon/entries/entry.hpp"

using entries::Declared;
using entries::Entry;
using entries::WantedState;
using instances::decide;
using instances::Decision;
using instances::Deed;
using instances::Fingerprint;
using instances::Inherited;
using instances::KeyChange;
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

/// An instance whose entry was applied, and that runs if it is up.
Seen seen(const Entry& entry, bool up) {
  return {.entry = &entry, .deployed = instances::fingerprintOf(entry), .up = up, .runs = up};
}

/// The same when a manager starts that finds what an earlier one of this boot left: `next` counts already.
Seen left(const Entry& next, std::optional<Fingerprint> deployed, bool runs, const Inherited& inherited) {
  return {.entry = &next, .deployed = std::move(deployed), .runs = runs, .inherited = inherited};
}

Decision decided(const Made& before, bool up, const Made& after) {
  const auto was = before.entry(), next = after.entry();
  return decide(seen(was, up), &next);
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
      {"managed again, what ran continues", {.managed = false}, true, {}, Deed::Change, false, false},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    const auto decision = decided(one.before, one.up, one.after);
    CHECK(decision.deed == one.deed);
    CHECK(decision.starts == one.starts);
    CHECK(decision.updates == one.updates);
  }
}

TEST_CASE("only what runs is checked before a restart or a changed program") {
  const auto before = Made{}.entry(), umask = Made{.umask = "027"}.entry(), program = Made{.commands = {"x"}}.entry(),
             stopped = Made{.state = WantedState::Stopped, .umask = "027"}.entry();
  for (const bool runs : {true, false}) {
    auto now = seen(before, true);  // without a process: it waits for its next try
    now.runs = runs;
    CHECK(decide(now, &umask).checks == runs);
    CHECK(decide(now, &program).checks == runs);
    CHECK_FALSE(decide(now, &stopped).checks);
    CHECK_FALSE(decide(now, &before).checks);
  }
}

TEST_CASE("entries that come and go") {
  const auto entry = Made{}.entry(), stopped = Made{.state = WantedState::Stopped}.entry();
  CHECK(decide({}, &entry).deed == Deed::Add);
  CHECK(decide({}, &entry).starts);
  CHECK_FALSE(decide({}, &stopped).starts);
  CHECK(decide(seen(entry, true), nullptr).deed == Deed::Remove);
  CHECK(decide(left(entry, {}, false, {}), nullptr).deed == Deed::Remove);
  CHECK(decide({}, nullptr).deed == Deed::Nothing);
}

TEST_CASE("an entry whose first time failed is still to be added") {
  const auto entry = Made{}.entry();
  CHECK(decide({.entry = &entry, .fresh = true}, &entry).deed == Deed::Add);
  CHECK(decide({.entry = &entry, .fresh = true}, &entry).starts);
  CHECK(decide({.entry = &entry, .fresh = true, .up = true}, &entry).deed == Deed::Nothing);
  const auto described = Made{.managed = false}.entry();
  CHECK(decide({.entry = &described, .fresh = true}, &described).deed == Deed::Nothing);
}

TEST_CASE("what the start of a manager does, case by case") {
  using enum WantedState;
  enum class Last { None, Unknown, Before };
  struct Case {
    const char* what;
    Last last;
    Made before;
    Made next;
    bool runs;
    Inherited inherited;
    Deed deed;
    const char* does;  // c: checks, f: files, s: starts, u: updates
  };
  const Inherited wanted{.wanted = true}, unwanted{.wanted = false}, stopped{.wanted = false, .stopping = true},
      again{.wanted = true, .stopping = true}, boot{}, disabled{.enabled = false};
  const Made plain{}, umask{.umask = "027"}, program{.commands = {"x"}}, stop{.state = Stopped}, keep{.state = Current},
      keepUmask{.state = Current, .umask = "027"}, described{.managed = false};
  const Case cases[] = {
      {"described only", Last::None, plain, described, false, boot, Deed::Nothing, ""},
      // It has no process.
      {"a boot", Last::Before, plain, plain, false, boot, Deed::Start, "s"},
      {"a boot, disabled", Last::Before, plain, plain, false, disabled, Deed::Nothing, "f"},
      {"a boot, disabled, changed", Last::Before, plain, umask, false, disabled, Deed::Start, "fs"},
      {"a boot, changed, state = current", Last::Before, keep, keepUmask, false, boot, Deed::Start, "fs"},
      {"a boot, disabled, changed, current", Last::Before, keep, keepUmask, false, disabled, Deed::Change, "f"},
      {"a boot, state = stopped and not changed", Last::Before, stop, stop, false, boot, Deed::Start, "s"},
      {"a boot, changed to stopped", Last::Before, plain, stop, false, boot, Deed::Change, "f"},
      {"new", Last::None, plain, plain, false, boot, Deed::Add, "fs"},
      {"new, disabled", Last::None, plain, plain, false, disabled, Deed::Add, "fs"},
      {"new, state = stopped", Last::None, plain, stop, false, boot, Deed::Add, "f"},
      {"new, state = current", Last::None, plain, keep, false, boot, Deed::Add, "f"},
      {"written by another version", Last::Unknown, plain, umask, false, boot, Deed::Start, "s"},
      {"it died meanwhile", Last::Before, plain, plain, false, wanted, Deed::Start, "s"},
      {"it died meanwhile, changed to stopped", Last::Before, plain, stop, false, wanted, Deed::Change, "f"},
      {"stopped by hand in this boot", Last::Before, plain, plain, false, unwanted, Deed::Nothing, "f"},
      {"stopped by hand, changed", Last::Before, plain, umask, false, unwanted, Deed::Start, "fs"},
      // It has one.
      {"it runs", Last::Before, plain, plain, true, wanted, Deed::Nothing, ""},
      {"it runs, unknown", Last::Unknown, plain, umask, true, wanted, Deed::Nothing, ""},
      {"it runs, its state file was lost", Last::None, plain, umask, true, wanted, Deed::Nothing, ""},
      {"it runs, lost, state = stopped", Last::None, plain, stop, true, wanted, Deed::Stop, ""},
      {"it runs, umask", Last::Before, plain, umask, true, wanted, Deed::Restart, "cfs"},
      {"it runs, a program", Last::Before, plain, program, true, wanted, Deed::Change, "cfu"},
      {"it runs, state = current", Last::Before, plain, keep, true, wanted, Deed::Change, "f"},
      {"it runs, changed to stopped", Last::Before, plain, stop, true, wanted, Deed::Stop, "f"},
      {"it runs, state = stopped and not changed", Last::Before, stop, stop, true, wanted, Deed::Nothing, ""},
      {"it was being stopped", Last::Before, plain, plain, true, stopped, Deed::Stop, ""},
      {"it was being stopped, unknown", Last::Unknown, plain, umask, true, stopped, Deed::Stop, ""},
      {"it was being stopped, changed", Last::Before, plain, umask, true, stopped, Deed::Restart, "fs"},
      {"it was being stopped, changed, current", Last::Before, keep, keepUmask, true, stopped, Deed::Stop, "f"},
      {"it was being restarted", Last::Before, plain, plain, true, again, Deed::Restart, "fs"},
      {"it was being restarted, changed", Last::Before, plain, umask, true, again, Deed::Restart, "fs"},
      {"it was being restarted, changed to stopped", Last::Before, plain, stop, true, again, Deed::Stop, "f"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.what);
    const auto next = one.next.entry();
    std::optional<Fingerprint> deployed;
    if (one.last == Last::Before) deployed = instances::fingerprintOf(one.before.entry());
    auto now = left(next, deployed, one.runs, one.inherited);
    now.fresh = one.last == Last::None;
    const auto decision = decide(now, &next);
    std::string does;
    if (decision.checks) does += 'c';
    if (decision.files) does += 'f';
    if (decision.starts) does += 's';
    if (decision.updates) does += 'u';
    CHECK(decision.deed == one.deed);
    CHECK(does == one.does);
  }
}

TEST_CASE("each line that changed is named, without a password") {
  auto before = Made{.umask = "022"}.entry(), after = Made{.umask = "027"}.entry();
  before.written.emplace_back("nice", "5");
  before.written.emplace_back("http_server.password", "old");
  after.written.emplace_back("http_server.password", "new");
  CHECK(decide(seen(before, true), &after).keys == std::vector<KeyChange>{{"nice", "5", std::nullopt},
                                                                          {"umask", "022", "027"},
                                                                          {"http_server.password", "", "", true}});
}

namespace {

/// Entries and numbers by chance, the same in each run.
class Chance {
 public:
  int pick(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  Entry entry() {
    Made out;
    out.state = static_cast<WantedState>(pick(3));
    out.managed = pick(4) > 0;
    const char* const umasks[] = {nullptr, "022", "027"};
    const char* const priorities[] = {nullptr, "5"};
    out.umask = umasks[pick(3)];
    out.priority = priorities[pick(2)];
    for (int i = pick(3); i > 0; --i) out.commands.push_back(pick(2) ? "x" : "y");
    return out.entry();
  }

 private:
  std::mt19937 random_{7};
};

bool isUpAfter(const Decision& decision, bool up) {
  const bool stops = decision.deed == Deed::Stop || decision.deed == Deed::Restart;
  return decision.starts || (up && !stops);
}

}  // namespace

TEST_CASE("once a decision is done there is nothing more to do") {
  Chance chance;
  for (int i = 0; i < 20000; ++i) {
    const auto before = chance.entry(), next = chance.entry();
    const bool up = chance.pick(2) > 0;
    const auto decision = decide(seen(before, up), &next);
    const bool upThen = isUpAfter(decision, up);
    const auto again = decide(seen(next, upThen), &next);
    CHECK(again.deed == Deed::Nothing);
    CHECK_FALSE(again.starts);
    CHECK_FALSE(again.updates);
    // The deed names what is done.
    CHECK((decision.deed == Deed::Start) == (!up && decision.starts));
    CHECK((decision.deed == Deed::Restart) == (up && decision.starts));
    if (!next.managed) CHECK(upThen == up);
  }
}

TEST_CASE("an edit while no manager runs does what a reload would have done") {
  Chance chance;
  for (int i = 0; i < 20000; ++i) {
    const auto before = chance.entry();
    auto next = chance.entry();
    next.managed = true;
    const auto was = instances::fingerprintOf(before), will = instances::fingerprintOf(next);
    const bool wanted = chance.pick(2) > 0;
    const bool runs = chance.pick(2) > 0;  // not wanted: it is being stopped; wanted, but not running: it died
    auto now = seen(before, wanted);
    now.runs = runs;
    const auto reload = decide(now, &next);
    const auto start = decide(left(next, was, runs, {.wanted = wanted, .stopping = runs && !wanted}), &next);
    CHECK(isUpAfter(start, wanted && runs) == isUpAfter(reload, wanted));
    if (was != will) CHECK(start.files);
    if (wanted && runs && was != will) {
      CHECK(start.deed == reload.deed);
      CHECK(start.checks == reload.checks);
      CHECK(start.starts == reload.starts);
      CHECK(start.updates == reload.updates);
    }
    // And then neither a reload nor the next manager has anything to do.
    const bool up = isUpAfter(start, wanted && runs);
    CHECK(decide(seen(next, up), &next).deed == Deed::Nothing);
    const auto later = decide(left(next, will, up, {.wanted = up}), &next);
    CHECK(later.deed == Deed::Nothing);
    CHECK_FALSE(later.starts);
    CHECK_FALSE(later.checks);
    CHECK(later.files == !up);
  }
}
