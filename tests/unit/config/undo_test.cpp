// SPDX-License-Identifier: MIT
// An empty value takes a key back to its default; and keys that do nothing in their combination.
#include <map>
#include <string>

#include "lib/dialect/extension_keys.hpp"
#include "tests/unit/config/sample_values.hpp"
#include "tests/unit/config/scratch.hpp"

namespace {

const config::ProcessConfig& programOf(const config::Configuration& loaded, const std::string& name) {
  for (const auto& group : loaded.groups)
    for (const auto& process : group->processes)
      if (process->name == name) return *process;
  FAIL("there is no program " << name);
  return *loaded.groups.at(0)->processes.at(0);
}

/// Every key that Supervisor does not have. Some of the values exclude each other.
std::string allKeys(bool withValues) {
  const auto values = sampleValues();
  std::string out;
  for (const auto& key : config::kExtensionKeys) {
    const std::string name(key.name);
    out += name + "=" + (withValues ? core::replaceAll(values.at(name), "\n", "\n ") : "") + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("a program undoes every key that Supervisor does not have with an empty value") {
  Scratch scratch;
  const std::string given = allKeys(true), undone = allKeys(false);
  for (const std::string& text :
       {"[program-defaults]\n" + given + "[program:x]\ncommand=cat\n" + undone,
        "[group:g]\nprograms=x\n" + given + "[program:x]\ncommand=cat\n" + undone,
        "[DEFAULT]\n" + given + "[program-defaults]\n" + given + "[program:x]\ncommand=cat\n" + undone,
        // A group undoes them for its members.
        "[program-defaults]\n" + given + "[group:g]\nprograms=x\n" + undone + "[program:x]\ncommand=cat\n"}) {
    CAPTURE(text);
    const auto loaded = scratch.load(text);
    REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
    CHECK_FALSE(programOf(*loaded, "x").extension.given());
    CHECK(loaded->messages.empty());
  }
}

TEST_CASE("each of these keys can be undone by itself") {
  Scratch scratch;
  const auto values = sampleValues();
  for (const auto& key : config::kExtensionKeys) {
    const std::string name(key.name);
    CAPTURE(name);
    const auto loaded = scratch.load("[program-defaults]\n" + name + "=" + values.at(name) +
                                     "\n[program:x]\ncommand=cat\n" + name + "=\n");
    REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
    CHECK_FALSE(programOf(*loaded, "x").extension.given());
  }
}

TEST_CASE("one key is undone, the others stay") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program-defaults]\nready=tcp:80\nready_timeout=5\nnice=3\n"
      "[program:x]\ncommand=cat\nready=\n[program:y]\ncommand=cat\nready =  ; none\n[program:z]\ncommand=cat\n");
  REQUIRE(loaded);
  using Kind = config::Readiness::Kind;
  for (const auto* name : {"x", "y"}) CHECK(programOf(*loaded, name).extension->readiness.kind == Kind::None);
  CHECK(programOf(*loaded, "x").extension->limits.nice == 3);
  CHECK(programOf(*loaded, "z").extension->readiness.kind == Kind::Probe);
  CHECK(loaded->messages.empty());
  // An added program, and a listener.
  const auto made =
      config::parsePrograms(*loaded, "n", "n", {{"command", "cat"}, {"ready", ""}, {"ready_timeout", ""}, {"nice", ""}},
                            config::GroupConfig::Kind::Programs);
  REQUIRE(made);
  CHECK_FALSE(made->at(0)->extension.given());
  CHECK(scratch.load("[program-defaults]\nnice=3\n[eventlistener:l]\ncommand=cat\nevents=TICK_5\nnice=\n"));
}

TEST_CASE("an empty value with nothing to undo is a value as any other") {
  Scratch scratch;
  for (const std::string before :
       {"[program:x]\ncommand=cat\n", "[program-defaults]\n", "[DEFAULT]\nnice=3\n[group:g]\nprograms=x\n"})
    CHECK(scratch.refusal(before + "nice=\n" + (before.starts_with("[program:x]") ? "" : "[program:x]\ncommand=cat\n"))
              .find("'' is not a nice value: it is a number from -20 to 19 for key 'nice' in section '") == 0);
}

TEST_CASE("an empty value of Supervisor's keys undoes a default, and is refused without one") {
  struct Row {
    const char* key;
    const char* value;
  };
  for (const auto& row : {Row{"user", "root"}, Row{"umask", "077"}, Row{"oom_score_adj", "5"}, Row{"startsecs", "7"},
                          Row{"autorestart", "false"}, Row{"log_backpressure", "drop"}, Row{"priority", "3"},
                          Row{"stopasgroup", "true"}, Row{"stopsignal", "INT"}}) {
    Scratch scratch;
    const std::string key(row.key);
    CAPTURE(key);
    const std::string program = "[program:x]\ncommand=cat\n";
    const auto plain = scratch.load(program);
    REQUIRE(plain);
    const auto undone = scratch.load("[program-defaults]\n" + key + "=" + row.value + "\n" + program + key + "=\n");
    REQUIRE_MESSAGE(undone, (undone ? "" : undone.error().text));
    CHECK(programOf(*undone, "x") == programOf(*plain, "x"));
    CHECK(scratch.refusal(program + key + "=\n").find("for key '" + key + "' in section 'program:x'") !=
          std::string::npos);
  }
  // These can be empty.
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program-defaults]\nenvironment=A=\"1\"\nstdout_logfile=AUTO\nserverurl=http://x\n"
      "[program:x]\ncommand=cat\nenvironment=\nserverurl=\n");
  REQUIRE(loaded);
  CHECK(programOf(*loaded, "x").environment.find("A") == nullptr);
  CHECK(programOf(*loaded, "x").serverUrl == std::string());
}

TEST_CASE("a key that has no effect without another one") {
  Scratch scratch;
  for (const auto& [key, to] : std::map<std::string, std::string>{{"health_interval", "'health_check'"},
                                                                  {"health_action", "'health_check' or 'watchdog'"},
                                                                  {"ready_timeout", "'ready'"},
                                                                  {"memory_interval", "'memory_restart'"},
                                                                  {"exec_stop_timeout", "'exec_stop'"}}) {
    const auto line = key + "=" + sampleValues().at(key) + "\n";
    auto loaded = scratch.load("[program:x]\ncommand=cat\n" + line);
    REQUIRE(loaded);
    REQUIRE(loaded->messages.size() == 1);
    CHECK(scratch.withoutPath(loaded->messages.at(0).text) ==
          "Key '" + key + "' has no effect without " + to + " in section 'program:x' (file: 'DIR/root.conf', line 5)");
    // A default is for those that have the other key.
    loaded = scratch.load("[program-defaults]\n" + line + "[program:x]\ncommand=cat\n");
    REQUIRE(loaded);
    CHECK(loaded->messages.empty());
  }
  const auto loaded = scratch.load(
      "[program-defaults]\nhealth_check=tcp:1\n[program:x]\ncommand=cat\nhealth_interval=1\n"
      "[program:y]\ncommand=cat\nwatchdog=1\nhealth_action=stop\nhealth_check=\n");
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
  CHECK(loaded->messages.empty());
}
