// SPDX-License-Identifier: MIT
// Real values of the keys that Supervisor does not have go over to a successor.
#include <doctest/doctest.h>

#include "instance/config/load.hpp"
#include "instance/state/text.hpp"
#include "lib/dialect/extension_keys.hpp"
#include "tests/unit/config/sample_values.hpp"
#include "tests/unit/state/generated.hpp"

TEST_CASE("the sample's value of every key goes through the text and back") {
  const auto values = sampleValues();
  std::vector<std::pair<std::string, std::string>> options{{"command", "/bin/cat"}, {"autostart", "last"}};
  for (const auto& key : config::kExtensionKeys)
    if (key.name != "reload_command" && key.name != "idle_stop")  // not beside reload_signal, or autostart=last
      options.emplace_back(key.name, values.at(std::string(key.name)));
  config::Configuration base;
  base.defaults = {
      {"socket:" + values.at("sockets"), {{"socket", "unix:///run/x, udp://*:53"}, {"socket_owner", "0"}}}};
  const auto programs = config::parsePrograms(base, "x", "g", options, config::GroupConfig::Kind::Programs);
  REQUIRE_MESSAGE(programs, (programs ? "" : programs.error().text));
  state::State before;
  auto group = std::make_shared<config::GroupConfig>();
  group->name = "g";
  group->processes = *programs;
  before.configured.push_back(group);
  before.configuration.defaults = {{"program-defaults", {{"restart_delay", "2"}, {"startsecs", "a\nb"}}}};
  const auto after = state::decode(state::encode(before));
  REQUIRE_MESSAGE(after, (after ? "" : after.error().text));
  REQUIRE(after->configured.size() == 1);
  CHECK(*after->configured[0]->processes.at(0) == *programs->at(0));
  CHECK(after->configured[0]->processes[0]->extension->startAsLast);
  CHECK(after->configuration.defaults == before.configuration.defaults);
}
