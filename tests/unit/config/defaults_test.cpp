// SPDX-License-Identifier: MIT
// [program-defaults], and the keys that the members of a group take from it.
#include "tests/unit/config/scratch.hpp"

namespace {

using config::AutoRestart;

/// The configuration of the program, which must be one of `loaded`.
const config::ProcessConfig& program(const config::Configuration& loaded, const std::string& name) {
  for (const auto& group : loaded.groups)
    for (const auto& process : group->processes)
      if (process->name == name) return *process;
  FAIL("there is no program " << name);
  return *loaded.groups.at(0)->processes.at(0);
}

constexpr const char* kLayers =
    "[DEFAULT]\nstartsecs=1\nstopwaitsecs=1\nstartretries=1\numask=001\n"
    "[program-defaults]\nstopwaitsecs=2\nstartretries=2\numask=002\n"
    "[group:g]\nprograms=member\nstartretries=3\numask=003\n"
    "[program:member]\ncommand=cat\numask=004\n"
    "[program:alone]\ncommand=cat\n";

}  // namespace

TEST_CASE("a program's own value comes first, then its group's, that of [program-defaults], that of [DEFAULT]") {
  Scratch scratch;
  const auto loaded = scratch.load(kLayers);
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
  CHECK(loaded->messages.empty());
  const auto& member = program(*loaded, "member");
  CHECK(member.startSeconds == 1);
  CHECK(member.stopWaitSeconds == 2);
  CHECK(member.startRetries == 3);
  CHECK(member.umask == mode_t{004});
  const auto& alone = program(*loaded, "alone");
  CHECK(alone.startSeconds == 1);
  CHECK(alone.stopWaitSeconds == 2);
  CHECK(alone.startRetries == 2);
  CHECK(alone.umask == mode_t{002});
}

TEST_CASE("a value of [DEFAULT] with %(here)s does not hide those before it") {
  // In a file with [include] it becomes each section's own.
  Scratch scratch;
  scratch.file("more.ini", "[program:x]\ncommand=cat\n[program:y]\ncommand=cat\ndirectory=/y\n");
  const std::string text = "[include]\nfiles=more.ini\n[DEFAULT]\ndirectory=%(here)s\n";
  auto loaded = scratch.load(text);
  REQUIRE(loaded);
  CHECK(program(*loaded, "x").directory == scratch.path());
  loaded = scratch.load(text + "[program-defaults]\ndirectory=%(here)s/sub\n");
  REQUIRE(loaded);
  CHECK(program(*loaded, "x").directory == scratch.path() + "/sub");
  CHECK(program(*loaded, "y").directory == "/y");
}

TEST_CASE("defaults are expanded for each program") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program-defaults]\ncommand=/bin/%(program_name)s %(process_num)d\nnumprocs=2\n"
      "process_name=%(program_name)s_%(process_num)d\nenvironment=GROUP=\"%(group_name)s\"\n"
      "[program:a]\n[program:b]\ncommand=other\nnumprocs=1\n[group:g]\nprograms=b\n");
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
  CHECK(program(*loaded, "a_1").command == "/bin/a 1");
  CHECK(program(*loaded, "b_0").command == "other");
  CHECK(*program(*loaded, "b_0").environment.find("GROUP") == "g");
}

TEST_CASE("all kinds of programs take defaults, but a listener not those that would break it") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program-defaults]\nstartsecs=7\npriority=5\nredirect_stderr=true\n"
      "[program:p]\ncommand=cat\n[fcgi-program:f]\ncommand=cat\nsocket=tcp://localhost:1\n"
      "[eventlistener:l]\ncommand=cat\nevents=TICK_5\n");
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
  for (const auto* name : {"p", "f", "l"}) CHECK(program(*loaded, name).startSeconds == 7);
  for (const auto& group : loaded->groups) CHECK(group->priority == (group->name == "l" ? -1 : 5));
  CHECK(program(*loaded, "p").priority == 5);
  CHECK(program(*loaded, "l").priority == 999);
  CHECK(program(*loaded, "f").redirectStderr);
  CHECK_FALSE(program(*loaded, "l").redirectStderr);
}

TEST_CASE("a listener is neither a job nor tied to programs by a default") {
  Scratch scratch;
  const std::string keys =
      "schedule=@hourly\nschedule_jitter=1m\nrun_window=08:00-18:00\ntime_zone=UTC\ndepends_on=db\n"
      "restart_with_dependencies=true\nmax_runtime=1h\ntype=oneshot\nautorestart=unexpected\nready=notify\nnotify_"
      "status=true\n"
      "health_check=tcp:1\nhealth_interval=1s\nwatchdog=9s\nautostart=ondemand\nsockets=s\nidle_stop=9s\n";
  const std::string others =
      "[socket:s]\nsocket=tcp://localhost:1\n[program:db]\ncommand=cat\ndepends_on=\nrestart_with_dependencies=\n"
      "[program:p]\ncommand=cat\n";
  const std::string listener = "[eventlistener:l]\ncommand=cat\nevents=TICK_5\n";
  const auto loaded = scratch.load("[program-defaults]\nnice=3\n" + keys + others + listener);
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
  const auto plain = scratch.load(listener + "nice=3\n");
  REQUIRE_MESSAGE(plain, (plain ? "" : plain.error().text));
  CHECK(program(*loaded, "l") == program(*plain, "l"));
  CHECK(program(*loaded, "p").extension->scheduling.given());
  CHECK(program(*loaded, "p").extension->activation.onDemand);
  // What it gives itself counts.
  const auto own = scratch.load("[program-defaults]\n" + keys + others + listener + "run_window=09:00-10:00\n");
  REQUIRE_MESSAGE(own, (own ? "" : own.error().text));
  CHECK(program(*own, "l").extension->lifetime.window.size() == 1);
}

TEST_CASE("the priority of a group stays its own") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[group:g]\nprograms=a,f\npriority=3\nautorestart=false\n[program:a]\ncommand=cat\n"
      "[fcgi-program:f]\ncommand=cat\nsocket=tcp://localhost:1\n");
  REQUIRE(loaded);
  CHECK(loaded->groups.at(0)->priority == 3);
  CHECK(program(*loaded, "a").priority == 999);
  CHECK(program(*loaded, "a").autoRestart == AutoRestart::Never);
  CHECK(program(*loaded, "f").autoRestart == AutoRestart::Never);
}

TEST_CASE("a refusal names the section that the value is from, and the program") {
  Scratch scratch;
  const std::string programs = "[program:x]\ncommand=cat\n[group:g]\nprograms=x\n";
  CHECK(scratch.refusal(programs + "[program-defaults]\nstartsecs=soon\n") ==
        "invalid literal for int() with base 10: 'soon' for key 'startsecs' in section 'program-defaults' (file: "
        "'DIR/root.conf', line 8), taken by section 'program:x'");
  CHECK(scratch.refusal(programs + "autostart=perhaps\n") ==
        "not a valid boolean value: 'perhaps' (autostart is true, false, last or ondemand) for key 'autostart' in "
        "section "
        "'group:g' (file: "
        "'DIR/root.conf', line 7), taken by section 'program:x'");
  CHECK(scratch.refusal("[program-defaults]\nnumprocs=2\n[program:x]\ncommand=cat\n") ==
        "%(process_num) must be present within process_name when numprocs > 1 for key 'numprocs' in section "
        "'program-defaults' (file: 'DIR/root.conf', line 4), taken by section 'program:x'");
}

TEST_CASE("mistakes in [program-defaults]") {
  Scratch scratch;
  auto loaded = scratch.load("[program-defaults]\nautorestrat=true\n[program_defaults]\n");
  REQUIRE(loaded);
  CHECK(says(*loaded, "Unknown key 'autorestrat' (did you mean 'autorestart'?) in section 'program-defaults'"));
  CHECK(says(*loaded, "Unknown section (did you mean [program-defaults]?)"));
  scratch.file("more.ini", "[program-defaults]\nstartsecs=2\n");
  loaded = scratch.load("[include]\nfiles=more.ini\n[program-defaults]\nstartsecs=1\n[program:x]\ncommand=cat\n");
  REQUIRE(loaded);
  CHECK(program(*loaded, "x").startSeconds == 2);
  CHECK(says(*loaded, "[program-defaults] is defined a second time"));
}

TEST_CASE("a program that is added at run time takes the defaults") {
  Scratch scratch;
  const auto base = scratch.load(std::string(kLayers) + "[group:h]\nprograms=\n");
  REQUIRE(base);
  const auto added = [&](const std::string& group) {
    const auto made = config::parsePrograms(*base, "new", group, {{"command", "cat"}, {"startsecs", "9"}},
                                            config::GroupConfig::Kind::Programs);
    REQUIRE(made);
    return *made->at(0);
  };
  CHECK(added("g").startRetries == 3);
  CHECK(added("g").startSeconds == 9);
  CHECK(added("h").startRetries == 2);
  CHECK(scratch.load("[program:x]\ncommand=cat\n[group:g]\nprograms=x\npriority=1\n")->defaults.empty());
}
