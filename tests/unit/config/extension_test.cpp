// SPDX-License-Identifier: MIT
// What holds for every key that Supervisor does not have: a new one is tested here too.
#include <algorithm>
#include <array>

#include "lib/dialect/extension_keys.hpp"
#include "tests/unit/config/sample_values.hpp"
#include "tests/unit/config/scratch.hpp"

namespace {

/// Keys that take any text, so that none is refused before the program starts.
constexpr auto kAnyText = std::to_array<std::string_view>(
    {"exec_start_pre", "exec_start_post", "exec_stop", "exec_stop_post", "reload_command", "watch_ignore"});

using Options = std::vector<std::pair<std::string, std::string>>;

core::Expected<config::ProcessConfig> made(const config::Configuration& base, Options options) {
  options.emplace_back("command", "/bin/cat");
  const auto programs = config::parsePrograms(base, "x", "x", options, config::GroupConfig::Kind::Programs);
  if (!programs) return core::Err{programs.error()};
  return *programs->at(0);
}

struct Place {
  const char* section;  ///< that gets the value
  std::string before;
  std::string after;
};

const std::array kPlaces{
    Place{"program:x", "[program:x]\ncommand=cat\n", ""},
    Place{"fcgi-program:x", "[fcgi-program:x]\ncommand=cat\nsocket=tcp://localhost:1\n", ""},
    Place{"eventlistener:x", "[eventlistener:x]\ncommand=cat\nevents=TICK_5\n", ""},
    Place{"program-defaults", "[program-defaults]\n", "[program:x]\ncommand=cat\n"},
    Place{"group:g", "[group:g]\nprograms=x\n", "[program:x]\ncommand=cat\n"},
};

/// Requires that the value is refused in every section, with its place.
void refusedEverywhere(const std::string& key, const std::string& value) {
  Scratch scratch;
  for (const auto& place : kPlaces) {
    const auto why = scratch.refusal(place.before + key + "=" + value + "\n" + place.after);
    CAPTURE(key);
    CAPTURE(why);
    const auto lines = 3 + std::count(place.before.begin(), place.before.end(), '\n');
    CHECK(why.find(" for key '" + key + "' in section '" + place.section + "' (file: 'DIR/root.conf', line " +
                   std::to_string(lines) + ")") != std::string::npos);
  }
}

}  // namespace

TEST_CASE("the sample's value of every key is right, and getAllConfigInfo gets its text") {
  Scratch scratch;
  const auto values = sampleValues();
  const auto base = scratch.load("[socket:" + values.at("sockets") + "]\nsocket=tcp://127.0.0.1:8080\n");
  REQUIRE(base);
  Options all{{"autostart", "ondemand"}};
  for (const auto& key : config::kExtensionKeys) {
    CAPTURE(key.name);
    REQUIRE(values.count(std::string(key.name)) == 1);
    if (key.name != "reload_command")  // not beside reload_signal
      all.emplace_back(key.name, values.at(std::string(key.name)));
  }
  for (const auto& key : config::kExtensionKeys) {
    const Options::value_type option(key.name, values.at(std::string(key.name)));
    CAPTURE(option.first);
    auto program = made(*base, {option});
    if (!program) program = made(*base, all);  // a key that needs another one
    REQUIRE_MESSAGE(program, (program ? "" : program.error().text));
    REQUIRE(program->extension.given());
    const auto& given = program->extension->given;
    CHECK(std::any_of(given.begin(), given.end(), [&](const auto& pair) { return pair.first == option.first; }));
  }
}

TEST_CASE("a program without such a key has no extension") {
  Scratch scratch;
  const auto base = scratch.load("");
  REQUIRE(base);
  CHECK_FALSE(made(*base, {{"autorestart", "true"}})->extension.given());
}

TEST_CASE("a wrong value of every key is refused with file, line, section and key") {
  for (const auto& key : config::kExtensionKeys) {
    const std::string name(key.name);
    refusedEverywhere(name, "%(nosuch)s");
    if (std::find(kAnyText.begin(), kAnyText.end(), name) == kAnyText.end()) refusedEverywhere(name, "!!");
  }
}
