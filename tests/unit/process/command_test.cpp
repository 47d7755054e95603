// SPDX-License-Identifier: MIT
#include "instance/process/command.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "instance/config/model.hpp"
#include "instance/process/description.hpp"
#include "instance/process/launch.hpp"
#include "instance/process/settings.hpp"

namespace {

std::string problem(const std::string& command, config::Environment environment = {}) {
  config::ProcessConfig config;
  config.command = command;
  config.environment = std::move(environment);
  const auto resolved = process::resolveCommand(config);
  return resolved ? "" : resolved.error().text;
}

}  // namespace

TEST_CASE("commands that cannot be started are refused with Supervisor's text") {
  CHECK(problem("/bin/sh -c 'exit 0'").empty());
  CHECK(problem("") == "command is empty");
  CHECK(problem("  ") == "command is empty");
  CHECK(problem("/bin/sh 'x") == "can't parse command \"/bin/sh 'x\": No closing quotation");
  CHECK(problem("/no/such") == "can't find command '/no/such'");
  CHECK(problem("no-such-command") == "can't find command 'no-such-command'");
  CHECK(problem("/tmp") == "command at '/tmp' is a directory");
  CHECK(problem("/etc/passwd") == "command at '/etc/passwd' is not executable");
}

TEST_CASE("the first match in PATH is used, even if it cannot be executed") {
  char name[] = "/tmp/command-test-XXXXXX";
  const std::string directory = ::mkdtemp(name);
  std::ofstream(directory + "/sh") << "not a program";
  CHECK(problem("sh", {{"PATH", directory + ":/bin"}}) == "command at '" + directory + "/sh' is not executable");
  CHECK(problem("sh", {{"PATH", "/nowhere:/bin:" + directory}}).empty());
  CHECK(problem("sh", {{"PATH", ""}}) == "can't find command 'sh'");
  ::unlink((directory + "/sh").c_str());
  ::rmdir(directory.c_str());
}

TEST_CASE("arguments are split as a shell splits them") {
  config::ProcessConfig config;
  config.command = "/bin/echo a\\ b 'c d' \"e \\\"f\\\"\" # $x *";
  const auto resolved = process::resolveCommand(config);
  REQUIRE(resolved.has_value());
  CHECK(resolved->arguments == std::vector<std::string>{"/bin/echo", "a b", "c d", "e \"f\"", "#", "$x", "*"});
}

TEST_CASE("the environment of a child: ours, Supervisor's variables, the configuration's") {
  const std::vector<std::string> inherited{"HOME=/root", "SUPERVISOR_ENABLED=0", "A=ours", "AB=stays"};
  const process::SupervisorSettings settings{"id", "/tmp", "unix:///s", false};
  config::ProcessConfig config;
  config.name = "web_1";
  config.environment = {{"A", "theirs"}, {"SUPERVISOR_GROUP_NAME", "mine"}};
  const std::string group = "web";
  const process::LaunchContext around{inherited, settings, group};
  CHECK(process::childEnvironment(config, around) ==
        std::vector<std::string>{"HOME=/root", "SUPERVISOR_ENABLED=1", "A=theirs", "AB=stays",
                                 "SUPERVISOR_SERVER_URL=unix:///s", "SUPERVISOR_PROCESS_NAME=web_1",
                                 "SUPERVISOR_GROUP_NAME=mine"});
  config.serverUrl = "";
  for (const auto& entry : process::childEnvironment(config, around))
    CHECK_FALSE(entry.starts_with("SUPERVISOR_SERVER_URL"));
}

TEST_CASE("spans, times and causes are written as Supervisor writes them") {
  using core::seconds;
  CHECK(process::uptimeText(seconds(-5)) == "0:00:00");
  CHECK(process::uptimeText(seconds(303)) == "0:05:03");
  CHECK(process::uptimeText(seconds(86400 + 3600)) == "1 day, 1:00:00");
  CHECK(process::uptimeText(seconds(864003)) == "10 days, 0:00:03");
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  CHECK(process::stopTimeText(0) == "Jan 01 12:00 AM");
  CHECK(process::stopTimeText(1'795'227'138) == "Nov 21 02:12 AM");
  CHECK(process::stopTimeText(1'795'263'138) == "Nov 21 12:12 PM");
  CHECK(process::describeWaitStatus(3 << 8) == "exit status 3");
  CHECK(process::describeWaitStatus(9) == "terminated by SIGKILL");
  CHECK(process::describeWaitStatus(6 | 0x80) == "terminated by SIGABRT (core dumped)");
  CHECK(process::describeWaitStatus(0x137f) == "unknown termination cause 0x137f");
  CHECK(process::signalName(40) == "signal 40");
}
