// SPDX-License-Identifier: MIT
#include "lib/dialect/lifetime.hpp"

#include "tests/unit/config/scratch.hpp"

namespace {

using lifecycle::RunWindow;

config::Lifetime read(const std::string& keys) {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n" + keys);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  return loaded->groups.at(0)->processes.at(0)->extension->lifetime;
}

RunWindow window(const std::string& text) { return read("run_window=" + text + "\n").window; }

std::string refusedKey(const std::string& key, const std::string& value) {
  Scratch scratch;
  auto text = scratch.refusal("[program:x]\ncommand=/bin/cat\n" + key + "=" + value + "\n");
  const auto end = " for key '" + key + "' in section 'program:x' (file: 'DIR/root.conf', line 5)";
  const auto at = text.find(end);
  return at == std::string::npos ? text : text.substr(0, at);
}

std::string refusedWindow(const std::string& value) { return refusedKey("run_window", value); }

}  // namespace

TEST_CASE("without these keys a program lives as long as it wants") {
  CHECK(read("restart_delay=1\n") == config::Lifetime());
}

TEST_CASE("the limits of a lifetime") {
  const auto lifetime = read("max_runtime=90m\nmax_age=2d\nessential=yes\n");
  CHECK(lifetime.maxRuntime == std::chrono::minutes(90));
  CHECK(lifetime.maxAge == std::chrono::hours(48));
  CHECK(lifetime.maxAgeJitter == std::chrono::minutes(288));  // a tenth
  CHECK(lifetime.essential);
  CHECK(read("max_age=10s\nmax_age_jitter=0\n").maxAgeJitter == core::milliseconds(0));
  CHECK(read("max_age=10s\nmax_age_jitter=1m\n").maxAgeJitter == std::chrono::minutes(1));
  CHECK_FALSE(read("max_age=0\nmax_runtime=0\n").timed());
}

TEST_CASE("the parts of a window") {
  CHECK(window("08:00-18:00") == RunWindow{{0x7f, 480, 1080}});
  CHECK(window("8:05-24:00") == RunWindow{{0x7f, 485, 1440}});
  CHECK(window("22:00-06:00") == RunWindow{{0x7f, 1320, 360}});
  CHECK(window("22:00-00:00") == RunWindow{{0x7f, 1320, 0}});
  CHECK(window("mon-fri 08:00-18:00, Sat 10:00-12:00") == RunWindow{{0x3e, 480, 1080}, {0x40, 600, 720}});
  CHECK(window("fri-mon 00:00-24:00") == RunWindow{{0x63, 0, 1440}});
  CHECK(window("mon wed fri 1:00-2:00") == RunWindow{{0x2a, 60, 120}});
  CHECK(window("sun 1:00-2:00") == RunWindow{{0x01, 60, 120}});
}

TEST_CASE("a window that is none is refused, with what is expected") {
  const auto form = " is not a time such as 08:00-18:00, which can have days in front of it: mon-fri 08:00-18:00";
  for (const char* text : {"8-18", "08:00", "08:00-", "08:00-25:00", "08:00-24:01", "08:60-09:00", "08:0-09:00",
                           "008:00-09:00", "-1:00-02:00", "mon", "a8:00-09:00"})
    CHECK(refusedWindow(text) == "'" + std::string(text) + "'" + form);
  CHECK(refusedWindow("08:00 - 18:00") == "'18:00'" + std::string(form));
  CHECK(refusedWindow("monday 08:00-18:00") ==
        "'monday' is not a day or days of the week: mon, tue, wed, thu, fri, sat, sun or, for instance, mon-fri");
  CHECK(refusedWindow("mon-xyz 08:00-18:00") ==
        "'mon-xyz' is not a day or days of the week: mon, tue, wed, thu, fri, sat, sun or, for instance, mon-fri");
  CHECK(refusedWindow("24:00-01:00") == "24:00 is the end of a day; a window begins at 00:00");
  CHECK(refusedWindow("08:00-08:00") == "'08:00-08:00' begins and ends at the same time; a whole day is 00:00-24:00");
  CHECK(refusedWindow("08:00-18:00,") == "a time such as 08:00-18:00 is missing");
  CHECK(refusedWindow("00:00-24:00") == "it never closes; without run_window a program always runs");
  std::string many = "01:00-02:00";
  for (int i = 0; i < 50; ++i) many += ",01:00-02:00";
  CHECK(refusedWindow(many) == "more than 50 times");
}

TEST_CASE("other values of a lifetime that are refused") {
  const auto duration = ", it is a number of seconds, or one with a unit (500ms, 2s, 5m, 1h, 2d)";
  for (const char* key : {"max_runtime", "max_age", "max_age_jitter"})
    CHECK(refusedKey(key, "soon") == "not a valid duration: 'soon'" + std::string(duration));
  CHECK(refusedKey("max_age", "99ms") == "it is less than 0.1 seconds; 0 is never");
  CHECK(refusedKey("essential", "very") == "not a valid boolean value: 'very'");
}

TEST_CASE("exit_when is a word") {
  Scratch scratch;
  const auto load = [&](const std::string& value) {
    return scratch.loadWhole("[supervisord]\nlogfile=%(here)s/d.log\nexit_when=" + value + "\n");
  };
  CHECK(scratch.load("")->daemon.exitWhen == config::ExitWhen::Never);
  CHECK(load("never")->daemon.exitWhen == config::ExitWhen::Never);
  CHECK(load(" All_Exited ")->daemon.exitWhen == config::ExitWhen::AllExited);
  CHECK(scratch.withoutPath(load("always").error().text) ==
        "'always' is neither never nor all_exited for key 'exit_when' in section 'supervisord' "
        "(file: 'DIR/root.conf', line 3)");
}
