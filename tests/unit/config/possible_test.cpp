// SPDX-License-Identifier: MIT
// What the parsers take is possible, up to the last value: a state with it is never refused.
#include "lib/dialect/possible.hpp"

#include <string>

#include "tests/unit/config/scratch.hpp"

namespace {

/// What is impossible of a program with these keys; "" if nothing is.
std::string impossible(const std::string& keys, const std::string& sections = "") {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n" + keys + sections);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  const auto* const what = config::whatIsImpossible(*loaded->groups.at(0)->processes.at(0)->extension);
  return what == nullptr ? "" : what;
}

}  // namespace

TEST_CASE("the greatest values that parsers take are possible") {
  const std::string longest = "=36500d\n";
  CHECK(impossible("") == "");
  for (const char* const key : {"restart_delay", "restart_delay_max", "fatal_retry", "ready_timeout", "ready_interval",
                                "health_interval", "health_timeout", "health_start_period", "watchdog",
                                "memory_interval", "start_delay", "stagger", "reload_timeout", "exec_start_pre_timeout",
                                "exec_stop_timeout", "max_runtime", "max_age_jitter", "schedule_jitter"}) {
    CAPTURE(key);
    CHECK(impossible(key + longest) == "");
  }
  CHECK(impossible("max_age=36500d\nmax_age_jitter=36500d\n") == "");
  CHECK(impossible("schedule=@every 36500d\nschedule_jitter=1d\n") == "");
  CHECK(impossible("restart_limit=1000/36500d\nrestart_delay_factor=1000\n") == "");
  CHECK(impossible("stopsignal=TERM 36500d, RTMAX, KILL\n") == "");
  CHECK(impossible("health_retries=2147483647\nmemory_restart=8589934591GB\n") == "");
  CHECK(impossible("watch=/srv\nwatch_delay=1d\nwatch_action=signal RTMAX\n") == "");
  CHECK(impossible("memory_max=4194304T\ncpu_max=1000000.999\ntasks_max=1073741824\n") == "");
  CHECK(impossible("limit_nofile=unlimited\nnice=19\nionice=idle\ncpu_affinity=8191\n") == "");
  CHECK(impossible("run_window=sat 23:59-24:00, sun 22:00-00:00\n") == "");
  CHECK(impossible("sockets=s\nautostart=ondemand\nidle_stop=36500d\n",
                   "[socket:s]\nsocket=tcp://127.0.0.1:65535,unix:///run/x\nsocket_backlog=65535\nsocket_mode=777\n") ==
        "");
  CHECK(impossible("ready=http://127.0.0.1:65535/\n") == "");
}

TEST_CASE("the least values that parsers take are possible") {
  CHECK(impossible("restart_delay=0\nrestart_delay_max=0\nrestart_limit=1/1ms\nfatal_retry=1\n") == "");
  CHECK(impossible("fatal_retry=0\nrestart_delay_factor=1\nready_timeout=0\nready_interval=10ms\n") == "");
  CHECK(impossible("health_interval=100ms\nhealth_timeout=100ms\nhealth_retries=1\nwatchdog=0\n") == "");
  CHECK(impossible("watchdog=100ms\nmemory_restart=0\nmemory_interval=100ms\nstart_delay=0\n") == "");
  CHECK(impossible("reload_signal=0\nreload_timeout=1ms\nexec_stop_timeout=1ms\n") == "");
  CHECK(impossible("stopsignal=TERM 0, KILL 0\n") == "");
  CHECK(impossible("max_runtime=0\nmax_age=0\nmax_age_jitter=0\n") == "");
  CHECK(impossible("max_age=100ms\nschedule=@every 1\n") == "");
  CHECK(impossible("schedule=59 23 31 12 6\n") == "");
  CHECK(impossible("schedule=*/1 * * * 7\n") == "");
  CHECK(impossible("watch_delay=100ms\nwatch_action=signal 0\nnice=-20\nionice=realtime:0\ncpu_affinity=0\n") == "");
  CHECK(impossible("memory_max=1MB\ncpu_max=0.01\ntasks_max=1\nlimit_core=0\n") == "");
}
