// SPDX-License-Identifier: MIT
#include "instance/config/change.hpp"

#include <array>
#include <map>
#include <set>
#include <tuple>

#include "lib/core/text.hpp"
#include "lib/dialect/extension_keys.hpp"
#include "lib/dialect/schema.hpp"
#include "tests/unit/config/sample_values.hpp"
#include "tests/unit/config/scratch.hpp"

namespace {

using config::GroupChange;
using ChangeKind = config::ProgramChange::Kind;
using Keys = std::vector<std::string>;

GroupChange change(const std::string& before, const std::string& after) {
  Scratch scratch;
  const auto one = scratch.load(before), two = scratch.load(after);
  REQUIRE(one);
  REQUIRE(two);
  REQUIRE(one->groups.size() == 1);
  REQUIRE(two->groups.size() == 1);
  return config::changeOf(*one->groups[0], *two->groups[0]);
}

/// The only change of "[program:a] command=a" with one more line.
config::ProgramChange withLine(const std::string& line) {
  const std::string a = "[program:a]\ncommand=a\n";
  const auto found = change(a, a + line + "\n");
  CAPTURE(line);
  CHECK(!found.whole);
  REQUIRE(found.programs.size() == 1);
  return found.programs[0];
}

/// A value of the key that is not its default.
const std::map<std::string_view, std::string> kValues{
    {"priority", "7"},
    {"autostart", "false"},
    {"startsecs", "7"},
    {"startretries", "7"},
    {"autorestart", "true"},
    {"exitcodes", "7"},
    {"stopsignal", "INT"},
    {"stopwaitsecs", "7"},
    {"stopasgroup", "true"},
    {"killasgroup", "true"},
    {"user", "nobody"},
    {"umask", "077"},
    {"oom_score_adj", "7"},
    {"directory", "/"},
    {"environment", "A=\"1\""},
    {"serverurl", "http://x"},
    {"redirect_stderr", "true"},
    {"stdout_logfile", "/tmp/x"},
    {"stdout_logfile_maxbytes", "7MB"},
    {"stdout_logfile_backups", "7"},
    {"stdout_capture_maxbytes", "7MB"},
    {"stdout_events_enabled", "true"},
    {"stdout_syslog", "true"},
    {"stderr_logfile", "/tmp/x"},
    {"stderr_logfile_maxbytes", "7MB"},
    {"stderr_logfile_backups", "7"},
    {"stderr_capture_maxbytes", "7MB"},
    {"stderr_events_enabled", "true"},
    {"stderr_syslog", "true"},
    {"log_backpressure", "drop"},
    {"restart_delay", "7"},
    {"restart_delay_max", "7"},
    {"restart_delay_factor", "3"},
    {"restart_limit", "7/60"},
    {"fatal_retry", "7"},
    {"reload_signal", "HUP"},
    {"reload_command", "reload"},
    {"reload_timeout", "7"},
    {"essential", "true"},
    {"max_runtime", "7"},
    {"max_age", "7"},
    {"max_age_jitter", "7"},
    {"run_window", "07:00-08:00"},
};

bool isExtension(std::string_view name) {
  return std::any_of(config::kExtensionKeys.begin(), config::kExtensionKeys.end(),
                     [&](const config::Key& key) { return key.name == name; });
}

}  // namespace

TEST_CASE("a change of each key that Supervisor does not have is named") {
  const auto values = sampleValues();
  for (const auto& key : config::kExtensionKeys) {
    const std::string name(key.name);
    if (name == "depends_on") continue;  // names other programs
    const std::string sockets = "[socket:" + values.at("sockets") + "]\nsocket=tcp://127.0.0.1:8080\n";
    const std::string a =
        name == "idle_stop"
            ? sockets + "[program:a]\ncommand=a\nautostart=ondemand\nsockets=" + values.at("sockets") + "\n"
            : sockets + "[program:a]\ncommand=a\nhealth_check=exec:/bin/true\nmemory_restart=1GB\n";
    const std::string line = name + "=" + core::replaceAll(values.at(name), "500MB", "2GB") + "\n";
    const auto found = change(
        a, name == "health_check" || name == "memory_restart" ? sockets + "[program:a]\ncommand=a\n" + line : a + line);
    CAPTURE(line);
    REQUIRE(found.programs.size() == 1);
    const auto& one = found.programs[0];
    CHECK(std::find(one.keys.begin(), one.keys.end(), name) != one.keys.end());
  }
}

TEST_CASE("a change of a stop sequence or of autostart=last is named, and needs no restart") {
  for (const auto& [old, now] : {std::pair("stopsignal=TERM 10, INT", "stopsignal=TERM 5, INT"),
                                 std::pair("autostart=true", "autostart=last")}) {
    const std::string a = "[program:a]\ncommand=a\n";
    const auto found = change(a + old + "\n", a + now + "\n");
    REQUIRE(found.programs.size() == 1);
    CHECK(found.programs[0].kind == ChangeKind::Live);
    CHECK(found.programs[0].keys == std::vector<std::string>{std::string(now).substr(0, std::string(now).find('='))});
  }
}

TEST_CASE("keys that begin, change and end while the program runs") {
  const std::string a = "[program:a]\ncommand=a\n";
  const std::tuple<const char*, const char*, Keys> cases[] = {
      {"memory_restart=1GB", "memory_restart=2GB", {"memory_restart"}},
      {"", "memory_restart=1GB\nmemory_interval=1", {"memory_restart", "memory_interval"}},
      {"memory_restart=1GB", "", {"memory_restart"}},
      {"", "health_check=tcp:80", {"health_check"}},
      {"health_check=tcp:80", "health_check=tcp:81\nhealth_retries=1", {"health_check", "health_retries"}},
      {"health_check=tcp:80", "", {"health_check"}},
      {"", "ready_timeout=7", {"ready_timeout"}},
      {"ready=tcp:80", "ready=tcp:80\nready_interval=7", {"ready_interval"}},
      {"ready=notify", "ready=notify\nnotify_status=true", {"notify_status"}},
      {"", "type=oneshot", {"type"}},
      {"", "start_delay=9\nstagger=1", {"start_delay", "stagger"}},
      {"", "exec_start_pre=x\nexec_stop=x", {"exec_start_pre", "exec_stop"}},
      {"exec_stop=x", "exec_stop=y\nexec_stop_timeout=7", {"exec_stop", "exec_stop_timeout"}},
      {"exec_stop_post=x", "exec_start_post=x", {"exec_start_post", "exec_stop_post"}},
      {"", "leftovers=stop", {"leftovers"}},
  };
  for (const auto& [old, now, keys] : cases) {
    const auto found = change(a + old + "\n", a + now + "\n");
    CAPTURE(old);
    CAPTURE(now);
    REQUIRE(found.programs.size() == 1);
    CHECK(found.programs[0].kind == ChangeKind::Live);
    CHECK(found.programs[0].keys == keys);
    CHECK(found.programs[0].causes.empty());
  }
}

TEST_CASE("dependences change while the program runs") {
  const std::string g = "[group:g]\nprograms=a,b\n[program:b]\ncommand=b\n[program:a]\ncommand=a\n";
  const auto found = change(g, g + "depends_on=b\nrestart_with_dependencies=true\n");
  REQUIRE(found.programs.size() == 1);
  CHECK(found.programs[0].kind == ChangeKind::Live);
  CHECK(found.programs[0].keys == Keys{"depends_on", "restart_with_dependencies"});
}

TEST_CASE("what a process got when it was started decides whether a change reaches it") {
  const std::string a = "[program:a]\ncommand=a\n";
  const std::tuple<const char*, const char*, ChangeKind> cases[] = {
      {"", "watchdog=10", ChangeKind::Restarted},
      {"watchdog=10", "watchdog=20", ChangeKind::Live},
      {"watchdog=20", "watchdog=10", ChangeKind::Restarted},
      {"watchdog=20", "", ChangeKind::Live},
      {"", "health_check=watchdog", ChangeKind::Restarted},
      {"health_check=tcp:80", "health_check=watchdog", ChangeKind::Restarted},
      {"health_check=watchdog", "health_check=tcp:80", ChangeKind::Live},
      {"", "ready=tcp:80", ChangeKind::Live},
      {"ready=tcp:80", "ready=log:up", ChangeKind::Live},
      {"ready=fd:3", "ready=file:/up", ChangeKind::Live},
      {"ready=notify", "", ChangeKind::Live},
      {"", "ready=fd:3", ChangeKind::Restarted},
      {"ready=fd:3", "ready=fd:4", ChangeKind::Restarted},
      {"ready=tcp:80", "ready=notify", ChangeKind::Restarted},
      {"notify_access=main", "ready=notify", ChangeKind::Live},
      {"", "notify_access=main", ChangeKind::Restarted},
      {"notify_access=main", "notify_access=all", ChangeKind::Live},
      {"notify_access=all", "", ChangeKind::Live},
      {"", "kill_scope=group", ChangeKind::Live},
      {"kill_scope=group", "kill_scope=process", ChangeKind::Live},
      {"kill_scope=group", "kill_scope=session", ChangeKind::Restarted},
      {"kill_scope=session", "kill_scope=tree", ChangeKind::Restarted},
      {"kill_scope=tree", "kill_scope=session", ChangeKind::Live},
      {"kill_scope=tree", "", ChangeKind::Restarted},
  };
  for (const auto& [old, now, kind] : cases) {
    const auto found = change(a + old + "\n", a + now + "\n");
    CAPTURE(old);
    CAPTURE(now);
    REQUIRE(found.programs.size() == 1);
    CHECK(found.programs[0].kind == kind);
    CHECK(found.programs[0].causes == (kind == ChangeKind::Live ? Keys{} : found.programs[0].keys));
  }
}

TEST_CASE("a schedule can begin, change and end while the program runs") {
  const std::string a = "[program:a]\ncommand=a\n";
  const std::tuple<const char*, const char*, std::vector<std::string>> cases[] = {
      {"", "schedule=@daily\n", {"autostart", "schedule"}},
      {"schedule=@daily\n", "schedule=@every 5\nschedule_jitter=1\n", {"schedule", "schedule_jitter"}},
      {"schedule=@daily\n",
       "schedule=@daily\ntime_zone=UTC\nschedule_overlap=kill\n",
       {"schedule_overlap", "time_zone"}},
      {"schedule=@daily\n", "", {"autostart", "schedule"}},
  };
  for (const auto& [old, now, keys] : cases) {
    const auto found = change(a + old, a + now);
    CAPTURE(now);
    REQUIRE(found.programs.size() == 1);
    CHECK(found.programs[0].kind == ChangeKind::Live);
    CHECK(found.programs[0].keys == keys);
  }
}

TEST_CASE("a change of a socket is one of the programs that use it") {
  const std::string a = "[program:a]\ncommand=a\nsockets=web\n";
  const auto found =
      change("[socket:web]\nsocket=tcp://*:80\n" + a, "[socket:web]\nsocket=tcp://*:81\n" + a + "startsecs=7\n");
  REQUIRE(found.programs.size() == 1);
  CHECK(found.programs[0].kind == ChangeKind::Restarted);
  CHECK(found.programs[0].keys == std::vector<std::string>{"startsecs", "sockets"});
}

TEST_CASE("idle_stop begins, changes and ends live") {
  const std::string a = "[socket:web]\nsocket=tcp://*:80\n[program:a]\ncommand=a\nsockets=web\nautostart=ondemand\n";
  const std::tuple<const char*, const char*, ChangeKind> cases[] = {{"idle_stop=1", "idle_stop=2", ChangeKind::Live},
                                                                    {"", "idle_stop=2", ChangeKind::Live},
                                                                    {"idle_stop=1", "", ChangeKind::Live}};
  for (const auto& [old, now, kind] : cases) {
    const auto found = change(a + old + "\n", a + now + "\n");
    CAPTURE(now);
    REQUIRE(found.programs.size() == 1);
    CHECK(found.programs[0].kind == kind);
  }
}

TEST_CASE("the table of keys knows each key of a program") {
  for (const auto& [name, value] : kValues) {
    const auto one = withLine(std::string(name) + "=" + value);
    CHECK_MESSAGE(std::find(one.keys.begin(), one.keys.end(), name) != one.keys.end(), name);
    const bool live = std::all_of(one.keys.begin(), one.keys.end(),
                                  [](const auto& key) { return config::reachOf(key) == config::Reach::Live; });
    CHECK_MESSAGE(one.kind == (live ? ChangeKind::Live : ChangeKind::Restarted), name);
  }
}

TEST_CASE("no key of Supervisor is missing in the test") {
  // Keys that name processes, the command that every case has, and Supervisor 2's names of others.
  const std::set<std::string_view> others{"command", "process_name", "numprocs", "numprocs_start"};
  for (const auto& key : config::keysOf(config::SectionKind::Program)) {
    if (others.contains(key.name) || key.successor != nullptr) continue;
    if (key.name == "log_stdout" || isExtension(key.name)) continue;
    CHECK_MESSAGE(kValues.contains(key.name), key.name);
  }
}

TEST_CASE("what restarts a program, and what does not") {
  for (const char* const key : {"autorestart", "exitcodes", "startsecs", "startretries", "stopwaitsecs", "stopsignal",
                                "priority", "stdout_logfile_maxbytes", "stderr_logfile_backups", "fatal_retry",
                                "stdout_events_enabled", "autostart", "killasgroup"})
    CHECK_MESSAGE(config::reachOf(key) == config::Reach::Live, key);
  for (const char* const key : {"command", "environment", "user", "directory", "stdout_logfile", "redirect_stderr",
                                "umask", "serverurl", "a key that nobody knows"})
    CHECK_MESSAGE(config::reachOf(key) == config::Reach::Restart, key);
}

TEST_CASE("keys of live and restarted programs together") {
  const std::string a = "[program:a]\ncommand=";
  const auto both = change(a + "a\n", a + "b\nautorestart=true\n");
  REQUIRE(both.programs.size() == 1);
  CHECK(both.programs[0].kind == ChangeKind::Restarted);
  CHECK(both.programs[0].keys == Keys{"command", "autorestart"});
  CHECK(both.programs[0].causes == Keys{"command"});
  CHECK(change(a + "a\n", a + "a\n").programs.empty());
}

TEST_CASE("one program of a group changes") {
  const std::string g = "[group:g]\nprograms=a,b,c\n[program:a]\ncommand=a\n[program:b]\ncommand=b\n";
  const auto found = change(g + "[program:c]\ncommand=c\n", g + "[program:c]\ncommand=d\n");
  CHECK(!found.whole);
  CHECK(found.keys.empty());
  REQUIRE(found.programs.size() == 1);
  CHECK(found.programs[0].name == "c");
  CHECK(found.byName().at("c") == &found.programs[0]);
  CHECK_FALSE(found.byName().contains("a"));
}

TEST_CASE("numprocs grows and shrinks") {
  const std::string p = "[program:p]\ncommand=p\nprocess_name=%(process_num)d\nnumprocs=";
  const auto more = change(p + "2\n", p + "3\n");
  REQUIRE(more.programs.size() == 1);
  CHECK(more.programs[0].kind == ChangeKind::Added);
  CHECK(more.programs[0].name == "2");
  const auto less = change(p + "3\n", p + "1\nautorestart=true\n");
  REQUIRE(less.programs.size() == 3);
  CHECK(less.programs[0].kind == ChangeKind::Live);
  CHECK(less.programs[1].kind == ChangeKind::Removed);
  CHECK(less.programs[2].name == "2");
}

TEST_CASE("the group itself") {
  const std::string g = "[program:a]\ncommand=a\n[group:g]\nprograms=a\n";
  CHECK(change(g, g + "priority=4\n").keys == Keys{"priority"});
  CHECK(!change(g, g + "priority=4\n").whole);
  const std::string f = "[fcgi-program:f]\ncommand=f\nsocket=unix:///tmp/f.sock\n";
  CHECK(change(f, f + "socket_mode=0770\n").whole);
  CHECK(change(f, f + "socket_mode=0770\n").keys == Keys{"socket"});
  CHECK(change(f, "[program:f]\ncommand=f\n").whole);
  const std::string l = "[eventlistener:l]\ncommand=l\nevents=TICK_5\n";
  const auto events = change(l, "[eventlistener:l]\ncommand=l\nevents=TICK_60\nbuffer_size=3\n");
  CHECK(events.keys == Keys{"events", "buffer_size"});
  CHECK(!events.whole);
  CHECK(events.programs.empty());
  CHECK(change(l, l + "result_handler=supervisor_stdout:event_handler\n").whole);
}

TEST_CASE("pacing: a key that is given, changed and gone") {
  const std::string a = "[program:a]\ncommand=a\n";
  CHECK(change(a, a + "restart_delay=1\n").programs[0].keys == Keys{"restart_delay"});
  CHECK(change(a + "restart_delay=1\n", a + "restart_delay=2\nfatal_retry=3\n").programs[0].keys ==
        Keys{"restart_delay", "fatal_retry"});
  CHECK(change(a + "restart_delay=1\n", a).programs[0].kind == ChangeKind::Live);
}

TEST_CASE("a part of a change") {
  Scratch scratch;
  const std::string g = "[group:g]\nprograms=a,b\n";
  const auto one = scratch.load(g + "[program:a]\ncommand=a\n[program:b]\ncommand=b\n");
  const auto two = scratch.load(g + "[program:a]\ncommand=x\n[program:b]\ncommand=y\n");
  REQUIRE(one);
  REQUIRE(two);
  const Keys names{"b", "other"};
  const auto part = config::partOf(*one->groups[0], *two->groups[0], names);
  CHECK(part->processes[0] == one->groups[0]->processes[0]);
  CHECK(part->processes[1] == two->groups[0]->processes[1]);
  CHECK(config::changeOf(*part, *two->groups[0]).programs.size() == 1);
}
