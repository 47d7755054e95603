// SPDX-License-Identifier: MIT
#include "lib/dialect/watching.hpp"

#include <signal.h>

#include <algorithm>

#include "instance/config/change.hpp"
#include "tests/unit/config/scratch.hpp"

using config::Watching;
using core::milliseconds;

namespace {

std::shared_ptr<const config::ProcessConfig> watchingProgram(const std::string& keys) {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n" + keys);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  return loaded->groups.at(0)->processes.at(0);
}

Watching watching(const std::string& keys) { return watchingProgram(keys)->extension->watching; }

std::string refusedWatch(const std::string& keys) {
  Scratch scratch;
  return scratch.refusal("[program:x]\ncommand=/bin/cat\n" + keys);
}

const std::string kPlace = " in section 'program:x' (file: 'DIR/root.conf', line 5)";

config::ProgramChange::Kind changeOfWatch(const std::string& before, const std::string& after) {
  Scratch scratch;
  const auto one = scratch.load("[program:x]\ncommand=/bin/cat\n" + before);
  const auto two = scratch.load("[program:x]\ncommand=/bin/cat\n" + after);
  REQUIRE(one);
  REQUIRE(two);
  const auto change = config::changeOf(*one->groups.at(0), *two->groups.at(0));
  REQUIRE(change.programs.size() == 1);
  return change.programs[0].kind;
}

}  // namespace

TEST_CASE("the defaults of a watch") {
  const auto found = watching("watch=/etc/app.conf\n");
  CHECK(found.paths == std::vector<std::string>{"/etc/app.conf"});
  CHECK(found.action == Watching::Action::Restart);
  CHECK(found.delay == milliseconds(500));
  for (const auto* name : {"*~", "*.pyc", ".git", ".*.sw?"})
    CHECK(std::count(found.ignored.begin(), found.ignored.end(), name) == 1);
  CHECK(watching("watch_delay=2\n").ignored.empty());
}

TEST_CASE("every key of a watch") {
  const auto found = watching(
      "watch=/a b, %(here)s/c,\n  /d\nwatch_action=Signal usr1\nwatch_delay=2s\nwatch_ignore=*.log,\n *.tmp\n");
  REQUIRE(found.paths.size() == 3);
  CHECK(found.paths[0] == "/a b");
  CHECK(found.paths[1].ends_with("/c"));
  CHECK(found.paths[2] == "/d");
  CHECK(found.action == Watching::Action::Signal);
  CHECK(found.signal == SIGUSR1);
  CHECK(found.delay == milliseconds(2000));
  CHECK(found.ignored == std::vector<std::string>{"*.log", "*.tmp"});
  CHECK(watching("watch=/a\nwatch_ignore=\n").ignored.empty());
  CHECK(watching("watch=none\n").paths.empty());
  CHECK(watching("watch=\n").paths.empty());
}

TEST_CASE("a reload needs a way to reload") {
  CHECK(watching("watch=/a\nwatch_action=reload\nreload_signal=HUP\n").action == Watching::Action::Reload);
  CHECK(watching("watch=/a\nwatch_action=reload\nreload_command=/bin/true\n").action == Watching::Action::Reload);
  CHECK(refusedWatch("watch_action=reload\nwatch=/a\n") ==
        "reload needs a reload_signal or a reload_command for key 'watch_action'" + kPlace);
}

TEST_CASE("a wrong watch is refused with its place") {
  CHECK(refusedWatch("watch=/a, b\n") ==
        "'b' is not an absolute path (%(here)s is the directory of this file) for key 'watch'" + kPlace);
  CHECK(refusedWatch("watch=/\n") ==
        "'/' is the whole system; name the directories that matter for key 'watch'" + kPlace);
  CHECK(refusedWatch("watch=/../.\n").find("'/../.' is the whole system;") == 0);
  CHECK(refusedWatch("watch_action=stop\n") ==
        "'stop' is not restart, reload or signal NAME for key 'watch_action'" + kPlace);
  CHECK(refusedWatch("watch_action=signal\n").find("'signal' is not restart, reload or signal NAME") == 0);
  CHECK(refusedWatch("watch_action=signal NONE\n").find(" for key 'watch_action'" + kPlace) != std::string::npos);
  CHECK(refusedWatch("watch_delay=99ms\n") == "'99ms' is shorter than 0.1 seconds for key 'watch_delay'" + kPlace);
  CHECK(refusedWatch("watch_delay=25h\n") == "'25h' is longer than a day for key 'watch_delay'" + kPlace);
  CHECK(refusedWatch("watch_ignore=*.pyc, a/b\n") ==
        "'a/b' has a '/'; patterns are compared with names, not with paths for key 'watch_ignore'" + kPlace);
}

TEST_CASE("a running program takes over each change of watch") {
  using Kind = config::ProgramChange::Kind;
  CHECK(changeOfWatch("watch=/a\n", "watch=/a,/b\n") == Kind::Live);
  CHECK(changeOfWatch("watch=/a\n", "watch=/a\nwatch_delay=1\nwatch_action=signal HUP\nwatch_ignore=x\n") ==
        Kind::Live);
  CHECK(changeOfWatch("", "watch=/a\n") == Kind::Live);
  CHECK(changeOfWatch("watch=/a\n", "") == Kind::Live);
  CHECK(changeOfWatch("watch=/a\n", "watch=none\n") == Kind::Live);
}
