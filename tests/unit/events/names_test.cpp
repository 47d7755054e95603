// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "instance/config/load.hpp"
#include "instance/events/types.hpp"

TEST_CASE("a configuration may subscribe to every type there is") {
  char directory[] = "/tmp/sm-events-XXXXXX";
  REQUIRE(::mkdtemp(directory) != nullptr);
  const std::string path = std::string(directory) + "/supervisord.conf";
  std::string names;
  for (std::size_t i = 0; i < events::kTypeCount; ++i)
    names.append(i == 0 ? "" : ",").append(events::toText(static_cast<events::Type>(i)));
  std::ofstream(path) << "[supervisord]\n[eventlistener:l]\ncommand=/bin/cat\nevents=" << names << "\n";

  config::CommandLine line;
  line.program = "supervisord";
  line.file = line.fileAsTyped = path;
  line.startDirectory = directory;
  const auto configuration = config::load(line);
  ::unlink(path.c_str());
  ::rmdir(directory);

  REQUIRE_MESSAGE(configuration.has_value(), configuration.error().text);
  REQUIRE(configuration->groups.size() == 1);
  const auto& listed = configuration->groups[0]->listener->events;
  CHECK(listed.size() == events::kTypeCount);
  CHECK(events::subscription(listed) == (events::TypeSet{1} << events::kTypeCount) - 1);
}
