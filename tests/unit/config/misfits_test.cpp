// SPDX-License-Identifier: MIT
// Defaults that do not go with what a program says itself are left out for it.
#include <array>

#include "tests/unit/config/scratch.hpp"

namespace {

constexpr const char* kUnix = "[socket:s]\nsocket=unix:///run/x\n";
constexpr const char* kUdp = "[socket:s]\nsocket=udp://localhost:1\n";

/// Lines of [program-defaults], and lines of a program, which contradict each other.
struct Contradiction {
  const char* theirs;
  const char* own;
  const char* key;  ///< of the default, which the warning names; null: there is none
  const char* more = "";
};

constexpr auto kContradictions = std::to_array<Contradiction>({
    {"restart_with_dependencies=true", "", nullptr},
    {"notify_status=true", "", nullptr},
    {"watch_action=reload", "watch=/etc", nullptr},
    {"idle_stop=60", "", nullptr},
    {"autostart=ondemand\nidle_stop=60", "", nullptr},
    {"notify_status=true", "notify_access=none", "notify_status"},
    {"notify_access=none", "ready=notify", "notify_access"},
    {"notify_access=none", "watchdog=5", "notify_access"},
    {"notify_access=none", "health_check=watchdog", "notify_access"},
    {"ready=notify", "notify_access=none", "ready"},
    {"watchdog=5", "notify_access=none", "watchdog"},
    {"watchdog=0", "health_check=watchdog", "watchdog"},
    {"health_check=watchdog", "watchdog=0", "health_check"},
    {"kill_scope=tree", "stopasgroup=true", "kill_scope"},
    {"kill_scope=tree", "killasgroup=false", "kill_scope"},
    {"killasgroup=true\nstopasgroup=true", "kill_scope=tree", "killasgroup"},
    {"killasgroup=false", "stopasgroup=true", "killasgroup"},
    {"stopasgroup=true", "killasgroup=false", "stopasgroup"},
    {"leftovers=stop", "kill_scope=process", "leftovers"},
    {"kill_scope=process", "leftovers=stop", "kill_scope"},
    {"type=oneshot", "autorestart=true", "type"},
    {"autorestart=true", "type=oneshot", "autorestart"},
    {"autorestart=true", "schedule=@daily", "autorestart"},
    {"schedule=@daily", "autorestart=true", "schedule"},
    {"schedule_jitter=60", "schedule=@every 5", "schedule_jitter"},
    {"reload_command=/bin/true", "reload_signal=HUP", "reload_command"},
    {"reload_signal=HUP", "reload_command=/bin/true", "reload_signal"},
    {"memory_high=2GB", "memory_max=1GB", "memory_high"},
    {"memory_max=1GB", "memory_high=2GB", "memory_max"},
    {"ready=fd:3", "sockets=s", "ready", kUnix},
    {"sockets=s", "ready=fd:3", "sockets", kUnix},
    {"idle_stop=60", "autostart=true\nsockets=s", "idle_stop", kUnix},
    {"idle_stop=60", "autostart=ondemand\nsockets=s", "idle_stop", kUdp},
});

/// What [program-defaults] and the program's section have, in a file; `group`: [group:x] instead of [program-defaults].
std::string fileOf(const Contradiction& row, bool group = false) {
  const std::string program = std::string("[program:x]\ncommand=cat\n") + row.own + "\n";
  const std::string theirs = group ? "[group:g]\nprograms=x\n" : "[program-defaults]\n";
  return theirs + row.theirs + "\n" + program + row.more;
}

}  // namespace

TEST_CASE("a default that does not go with the program's own keys is left out, with a warning") {
  Scratch scratch;
  for (const auto& row : kContradictions) {
    for (const bool group : {false, true}) {
      const auto text = fileOf(row, group);
      CAPTURE(text);
      const auto loaded = scratch.load(text);
      REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
      if (!row.key) {
        CHECK(loaded->messages.empty());
        continue;
      }
      REQUIRE_FALSE(loaded->messages.empty());
      CHECK(says(*loaded, "Key '" + std::string(row.key) + "' does not count for section 'program:x', which has '"));
    }
  }
}

TEST_CASE("what is left is as if the default were not there") {
  Scratch scratch;
  for (auto row : kContradictions) {
    CAPTURE(row.theirs);
    CAPTURE(row.own);
    const auto with = scratch.load(fileOf(row));
    row.theirs = "";
    const auto without = scratch.load(fileOf(row));
    REQUIRE(with);
    REQUIRE(without);
    CHECK(*with->groups.at(0)->processes.at(0) == *without->groups.at(0)->processes.at(0));
  }
}

TEST_CASE("two defaults that contradict each other are refused, as two keys of a program are") {
  Scratch scratch;
  for (const auto& row : kContradictions) {
    if (!row.key) continue;
    const auto both = std::string(row.theirs) + "\n" + row.own + "\n";
    CAPTURE(both);
    const std::string program = "[program:x]\ncommand=cat\n";
    CHECK_FALSE(scratch.load("[program-defaults]\n" + both + program + row.more));
    CHECK_FALSE(scratch.load("[group:g]\nprograms=x\n" + both + program + row.more));
    CHECK_FALSE(scratch.load(program + both + row.more));
  }
  CHECK(scratch.refusal("[program-defaults]\nleftovers=stop\nkill_scope=process\n[program:x]\ncommand=cat\n") ==
        "with kill_scope=process nothing else is stopped for key 'leftovers' in section 'program-defaults' (file: "
        "'DIR/root.conf', line 4), taken by section 'program:x'");
  CHECK(scratch.refusal("[program:x]\ncommand=cat\nrestart_with_dependencies=true\n") ==
        "it needs depends_on, which is missing for key 'restart_with_dependencies' in section 'program:x' (file: "
        "'DIR/root.conf', line 5)");
}

TEST_CASE("each default is warned of once, with its place, the program and the key there") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program-defaults]\nkill_scope=tree\nnotify_status=true\n"
      "[program:a]\ncommand=cat\nstopasgroup=true\nnumprocs=2\nprocess_name=%(process_num)d\n"
      "[program:b]\ncommand=cat\nkillasgroup=true\n[program:c]\ncommand=cat\nready=notify\n");
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
  REQUIRE(loaded->messages.size() == 1);
  CHECK(scratch.withoutPath(loaded->messages.at(0).text) ==
        "Key 'kill_scope' does not count for section 'program:a', which has 'stopasgroup' in section "
        "'program-defaults' (file: 'DIR/root.conf', line 4)");
  const auto& last = *loaded->groups.back()->processes.at(0);
  CHECK(last.extension->stopping.scope == config::KillScope::Tree);
  CHECK(last.extension->readiness.showStatus);
}

TEST_CASE("a group's value counts before that of [program-defaults]") {
  Scratch scratch;
  const std::string program = "[program:x]\ncommand=cat\n";
  auto loaded = scratch.load("[program-defaults]\nready=notify\n[group:g]\nprograms=x\nnotify_access=none\n" + program);
  REQUIRE(loaded);
  CHECK(says(*loaded, "Key 'ready' does not count for section 'program:x', which has 'notify_access' in"));
  // Of three layers two are left out.
  loaded = scratch.load("[program-defaults]\nkill_scope=tree\n[group:g]\nprograms=x\nkill_scope=group\n" + program +
                        "stopasgroup=true\n");
  REQUIRE(loaded);
  CHECK(loaded->groups.at(0)->processes.at(0)->stopAsGroup);
  CHECK(loaded->messages.size() == 2);
}
