// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/json.hpp"

#include <doctest/doctest.h>

using namespace manager;

TEST_CASE("values keep their type") {
  CHECK(json::toText(Value(std::string("a\"b\\\n"))) == R"("a\"b\\\n")");
  CHECK(json::toText(Value(true)) == "true");
  CHECK(json::toText(Value(std::int64_t{-5})) == "-5");
  CHECK(json::toText(Value(std::uint64_t{7})) == "7");
  CHECK(json::toText(Value(UINT64_MAX)) == "null");
  CHECK(json::toText(Value(std::map<std::string, std::uint32_t>{{"RUNNING", 2}})) == R"({"RUNNING":2})");
}

TEST_CASE("objects and arrays") {
  CHECK(json::object({}) == "{}");
  CHECK(json::object({{"a", "1"}, {"b", "[]"}}) == R"({"a":1,"b":[]})");
  CHECK(json::strings({"x", "y"}) == R"(["x","y"])");
}

TEST_CASE("values as text") {
  const Properties properties{
      {"A", true}, {"B", std::uint64_t{3}}, {"C", std::map<std::string, std::uint32_t>{{"FATAL", 1}, {"RUNNING", 2}}}};
  CHECK(textOf(properties, "A") == "yes");
  CHECK(textOf(properties, "C") == "1 FATAL, 2 RUNNING");
  CHECK(textOf(properties, "none") == "");
  CHECK(numberOf(properties, "B") == 3);
  CHECK(numberOf(properties, "A") == 0);
}

TEST_CASE("a property of the bus has the key that lists have for it") {
  CHECK(json::keyOf("MainPID") == "main_pid");
  CHECK(json::keyOf("SubState") == "sub_state");
  CHECK(json::keyOf("UID") == "uid");
  CHECK(json::keyOf("PIDDirectory") == "pid_directory");
  CHECK(json::keyOf("NRestarts") == "n_restarts");
  CHECK(json::keyOf("CPUUsageUSec") == "cpu_usage_usec");
  CHECK(json::keyOf("StatusText") == "reason");
}
