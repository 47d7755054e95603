// SPDX-License-Identifier: MIT
#include "instance/config/command_line.hpp"

#include <doctest/doctest.h>

#include "instance/config/version.hpp"
#include "lib/core/files.hpp"

namespace {

std::string problem(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "supervisord");
  const auto line = config::parseCommandLine(arguments);
  return line ? "(accepted)" : line.error().text;
}

}  // namespace

TEST_CASE("a relative file becomes absolute when the options are read") {
  const auto line = config::parseCommandLine({"supervisord", "-nc", "x/../y.conf", "--logfile=e.log"});
  REQUIRE(line);
  CHECK(line->file == core::currentDirectory() + "/y.conf");
  CHECK(line->fileAsTyped == "x/../y.conf");
  CHECK(line->noDaemon);
}

TEST_CASE("long options by unique prefix") {
  CHECK(config::parseCommandLine({"supervisord", "-c", "x", "--nod"})->noDaemon);
  CHECK(config::parseCommandLine({"supervisord", "-c", "x", "--logfile=a"})->logFile == "a");
  CHECK(problem({"--log", "x"}) == "option --log not a unique prefix");
  CHECK(problem({"--nope"}) == "option --nope not recognized");
  CHECK(problem({"--nodaemon=1"}) == "option --nodaemon must not have an argument");
  CHECK(problem({"--user"}) == "option --user requires argument");
}

TEST_CASE("usage errors") {
  CHECK(problem({"-Z"}) == "option -Z not recognized");
  CHECK(problem({"-c"}) == "option -c requires argument");
  CHECK(problem({"foo", "it's"}) == "positional arguments are not supported: ['foo', \"it's\"]");
  CHECK(problem({"-m", "9"}) == "invalid value for -m '9': 9 can not be converted to an octal type");
  CHECK(problem({"-n", "--nodaemon"}) == "conflicting command line option '--nodaemon'");
  CHECK(config::usageError("supervisord", "x") == "Error: x\nFor help, use supervisord -h\n");
}

TEST_CASE("help and version have precedence over options after them") {
  CHECK(config::parseCommandLine({"supervisord", "-h", "-n", "-n"})->action == config::CommandLine::Action::Help);
  CHECK(config::parseCommandLine({"supervisord", "-?"})->action == config::CommandLine::Action::Help);
  CHECK(config::parseCommandLine({"supervisord", "--version"})->action == config::CommandLine::Action::Version);
  CHECK(config::usage("supervisord").find("--configuration") != std::string::npos);
  CHECK(config::usage("supervisord")
            .ends_with("\nThis is supervisor-manager " + std::string(config::packageVersion) +
                       ", a replacement for Supervisor 4.2.5.\n"));
}
