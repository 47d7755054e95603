// SPDX-License-Identifier: MIT
#include "ctl/echo_supervisord_conf/sample.hpp"

#include "lib/dialect/schema.hpp"
#include "tests/unit/config/scratch.hpp"

TEST_CASE("the sample is a configuration without warnings") {
  Scratch scratch;
  const auto loaded = scratch.loadWhole(std::string(sampleConfiguration()));
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  CHECK(loaded->messages.empty());
  CHECK(loaded->daemon.logFile == "/tmp/supervisord.log");
  CHECK(loaded->servers.at(0).path == "/tmp/supervisor.sock");
  CHECK(loaded->interfaces.at(0).name == "supervisor");
}

TEST_CASE("the sample shows every current key") {
  using config::SectionKind;
  const std::string sample(sampleConfiguration());
  for (const auto kind :
       {SectionKind::Supervisord, SectionKind::Supervisorctl, SectionKind::UnixServer, SectionKind::InetServer,
        SectionKind::Program, SectionKind::ProgramDefaults, SectionKind::FcgiProgram, SectionKind::Group}) {
    for (const auto& key : config::keysOf(kind)) {
      if (key.successor || key.name == "chgrp") continue;
      CAPTURE(key.name);
      const bool shown = sample.find("\n" + std::string(key.name) + "=") != std::string::npos ||
                         sample.find("\n;" + std::string(key.name) + "=") != std::string::npos;
      CHECK(shown);
    }
  }
}
