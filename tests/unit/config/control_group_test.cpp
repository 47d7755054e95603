// SPDX-License-Identifier: MIT
// memory_max, memory_high, cpu_max and tasks_max.
#include "lib/dialect/control_group.hpp"

#include "instance/config/change.hpp"
#include "tests/unit/config/scratch.hpp"

namespace {

using Limit = std::optional<std::uint64_t>;

std::string refusedLimit(const std::string& keys) {
  return Scratch().refusal("[program:x]\ncommand=/bin/cat\n" + keys);
}

std::shared_ptr<const config::ProcessConfig> limitedProgram(const std::string& keys) {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n" + keys);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  return loaded->groups.at(0)->processes.at(0);
}

}  // namespace

TEST_CASE("limits of memory") {
  for (const auto& [text, bytes] : std::initializer_list<std::pair<const char*, Limit>>{{"64MB", 64U << 20U},
                                                                                        {" 64mb ", 64U << 20U},
                                                                                        {"64M", 64U << 20U},
                                                                                        {"2G", std::uint64_t{2} << 30U},
                                                                                        {"1T", std::uint64_t{1} << 40U},
                                                                                        {"1048576", 1U << 20U},
                                                                                        {"2048KB", 2U << 20U},
                                                                                        {"infinity", std::nullopt},
                                                                                        {"Unlimited", std::nullopt}}) {
    CAPTURE(text);
    const auto parsed = config::parseGroupMemory(text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == bytes);
  }
  for (const char* const text : {"", "lots", "-1", "1.5G", "50%", "5X", "MB", "9999999999G", "1 2"}) {
    CAPTURE(text);
    CHECK_FALSE(config::parseGroupMemory(text));
  }
}

TEST_CASE("limits of processor time") {
  for (const auto& [text, quota] : std::initializer_list<std::pair<const char*, Limit>>{
           {"1%", 1000}, {"50%", 50'000}, {" 200 % ", 200'000}, {"infinity", std::nullopt}}) {
    CAPTURE(text);
    const auto parsed = config::parseGroupCpu(text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == quota);
  }
  for (const char* const text :
       {"", "0", "0.001", "0%", "-5%", "1.5.2", "1.", "1.2345", "%", "2000000%", "max 100000", "half"}) {
    CAPTURE(text);
    CHECK_FALSE(config::parseGroupCpu(text));
  }
}

TEST_CASE("limits of tasks") {
  CHECK(*config::parseGroupTasks("40") == Limit(40));
  CHECK(*config::parseGroupTasks("infinity") == Limit());
  for (const char* const text : {"", "0", "-1", "many", "10K", "99999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(config::parseGroupTasks(text));
  }
}

TEST_CASE("a limit that is refused is reported with its place") {
  CHECK(refusedLimit("memory_max=lots\n")
            .starts_with("'lots' is not a limit of memory: it is a size such as 64MB or 2GB, or infinity for key "
                         "'memory_max' in section "
                         "'program:x' (file: "));
  CHECK(refusedLimit("memory_high=512\n")
            .starts_with("'512' is less than a megabyte, with which no program runs; write 512MB for megabytes for key "
                         "'memory_high' in "
                         "section 'program:x' (file: "));
  CHECK(refusedLimit("cpu_max=0\n")
            .starts_with(
                "'0' is not a limit of processor time: it is a number of processors such as 0.5 or 2, a percentage "
                "of one such as 50%, which is written 50%%, or infinity for key 'cpu_max' in section 'program:x' "
                "(file: "));
  CHECK(limitedProgram("cpu_max=50%%\n")->extension->controlGroup.cpuQuota == 50'000);
  CHECK(refusedLimit("tasks_max=0\n")
            .starts_with("'0' is not a limit of tasks: it is a number of processes and threads from 1 on, or infinity "
                         "for key 'tasks_max' "
                         "in section 'program:x' (file: "));
  CHECK(refusedLimit("memory_max=64MB\nmemory_high=65MB\n")
            .starts_with(
                "it is above memory_max, and would never count for key 'memory_high' in section 'program:x' (file: "));
}

TEST_CASE("a process with a group takes other limits over") {
  const auto kindOf = [](const std::string& before, const std::string& after) {
    config::GroupConfig old, now;
    old.processes = {limitedProgram(before)};
    now.processes = {limitedProgram(after)};
    return config::changeOf(old, now).programs.at(0).kind;
  };
  using Kind = config::ProgramChange::Kind;
  CHECK(kindOf("memory_max=64MB\n", "memory_max=65MB\n") == Kind::Live);
  CHECK(kindOf("memory_max=64MB\n", "memory_max=64MB\ntasks_max=9\n") == Kind::Live);
  CHECK(kindOf("memory_max=64MB\n", "") == Kind::Live);
  CHECK(kindOf("", "memory_max=64MB\n") == Kind::Restarted);
  CHECK(kindOf("memory_max=infinity\n", "memory_max=64MB\n") == Kind::Restarted);
}
