// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/status_text.hpp"

#include <doctest/doctest.h>

#include "ctl/supervisorctl/output.hpp"

namespace {

ctl::StatusRow row(std::string group, std::string name, ctl::ProcessState state, std::string word, std::string text) {
  ctl::StatusRow made;
  made.info.group = std::move(group);
  made.info.name = std::move(name);
  made.info.state = static_cast<int>(state);
  made.info.stateName = std::move(word);
  made.info.description = std::move(text);
  return made;
}

}  // namespace

TEST_CASE("the columns are Supervisor's") {
  const auto cat = row("cat", "cat", ctl::ProcessState::Running, "RUNNING", "pid 1, uptime 0:00:01");
  CHECK(ctl::statusText({cat}, {}) == "cat                              RUNNING   pid 1, uptime 0:00:01\n");
  const std::string name(40, 'x');
  const auto wide = row(name, name, ctl::ProcessState::Starting, "STARTING", "");
  CHECK(ctl::statusText({cat, wide}, {}) ==
        "cat" + std::string(40, ' ') + "RUNNING   pid 1, uptime 0:00:01\n" + name + "   STARTING  \n");
}

TEST_CASE("columns are counted in characters") {
  const auto cheese = row("k\xC3\xA4se", "k\xC3\xA4se", ctl::ProcessState::Running, "RUNNING", "x");
  CHECK(ctl::statusText({cheese}, {}) == "k\xC3\xA4se" + std::string(29, ' ') + "RUNNING   x\n");
}

TEST_CASE("a line is coloured as a whole, and only in trouble") {
  using ctl::ProcessState;
  const ctl::StatusStyle style{.colours = true, .resources = false};
  for (const auto state : {ProcessState::Fatal, ProcessState::Backoff, ProcessState::Unknown}) {
    const auto cat = row("cat", "cat", state, "FATAL", "x");
    CHECK(ctl::statusText({cat}, style) == "\033[31mcat                              FATAL     x\033[0m\n");
  }
  for (const auto state : {ProcessState::Running, ProcessState::Starting, ProcessState::Stopping, ProcessState::Stopped,
                           ProcessState::Exited}) {
    const auto cat = row("cat", "cat", state, "RUNNING", "x");
    CHECK(ctl::statusText({cat}, style) == ctl::statusText({cat}, {}));
  }
}

TEST_CASE("unknown resources are a dash, and null in JSON") {
  auto cat = row("cat", "cat", ctl::ProcessState::Running, "RUNNING", "x");
  CHECK(ctl::statusText({cat}, {.colours = false, .resources = true}).ends_with("RUNNING        -       -  x\n"));
  CHECK(ctl::statusJson({cat}, {.resources = true}).find("\"memory_bytes\":null") != std::string::npos);
  cat.usage = ctl::Usage{3 * 1024 * 1024, 5, 100};
  CHECK(ctl::statusText({cat}, {.colours = false, .resources = true}).ends_with("RUNNING     3.0M    5.0%  x\n"));
}

TEST_CASE("the health is a column, and the reason of an unhealthy program is added") {
  auto cat = row("cat", "cat", ctl::ProcessState::Running, "RUNNING", "x");
  const ctl::StatusStyle style{.health = true};
  CHECK(ctl::statusText({cat}, style).ends_with("RUNNING   -          x\n"));
  CHECK(ctl::statusJson({cat}, style).find("\"health\":null") != std::string::npos);
  cat.info.health = ctl::HealthInfo{"", 0, 0, ""};
  CHECK(ctl::statusText({cat}, style).ends_with("RUNNING   -          x\n"));
  cat.info.health = ctl::HealthInfo{"healthy", 5, 0, "was bad"};
  CHECK(ctl::statusText({cat}, style).ends_with("RUNNING   healthy    x\n"));
  cat.info.health = ctl::HealthInfo{"unhealthy", 5, 3, "bad\x1b"};
  CHECK(ctl::statusText({cat}, style).find("RUNNING   unhealthy  x; bad") != std::string::npos);
  CHECK(ctl::statusText({cat}, style).find('\x1b') == std::string::npos);
  CHECK(ctl::statusText({cat}, {}) ==
        ctl::statusText({row("cat", "cat", ctl::ProcessState::Running, "RUNNING", "x")}, {}));
  CHECK(ctl::statusText({cat}, {.colours = true, .health = true}).starts_with("\033[31mcat"));
  CHECK(ctl::statusText({cat}, {.colours = true}).starts_with("cat"));
}

TEST_CASE("JSON has the members that Supervisor does not have, as XML-RPC has them") {
  using xmlrpc::Struct;
  using xmlrpc::Value;
  const auto json = [](const char* name, const Value& value, const ctl::StatusStyle& style = {}) {
    const auto info = ctl::toProcessInfo(Value{Struct{{"name", Value{std::string("cat")}}, {name, value}}});
    const std::string out = ctl::statusJson({{info, std::nullopt}}, style);
    const auto from = out.find("\"stderr_logfile\":\"\"") + 19;
    return out.substr(from, out.rfind('}') - from);
  };
  CHECK(json("ready", Value{true}) == ",\"ready\":true");
  CHECK(json("restarts", Value{std::int64_t{3}}) == ",\"restarts\":3");
  CHECK(json("nextStart", Value{std::int64_t{0}}) == ",\"nextStart\":0");
  CHECK(json("disabled", Value{true}) == ",\"disabled\":true");
  CHECK(json("waitingFor", Value{xmlrpc::Array{Value{std::string("db")}, Value{std::string("a\"b")}}}) ==
        R"(,"waitingFor":["db","a\"b"])");
  CHECK(json("waitingFor", Value{xmlrpc::Array{}}) == ",\"waitingFor\":[]");
  CHECK(json("lastExit", Value{Struct{{"code", Value{std::int64_t{1}}}, {"reason", Value{std::string("exit")}}}}) ==
        R"(,"lastExit":{"code":1,"reason":"exit"})");
  const Value health{Struct{{"state", Value{std::string("unhealthy")}}, {"failures", Value{std::int64_t{3}}}}};
  const std::string shown = R"(,"health":{"state":"unhealthy","failures":3})";
  CHECK(json("health", health) == shown);
  CHECK(json("health", health, {.health = true}) == shown);
  CHECK(json("later", Value{1.5}) == ",\"later\":1.5");
  CHECK(json("later", Value{}) == ",\"later\":null");
  // What Supervisor has is there once, under the names of before.
  CHECK(json("logfile", Value{std::string("x")}).empty());
}

TEST_CASE("JSON holds any text") {
  CHECK(ctl::statusJson({}, {}) == "[]\n");
  const auto odd = row("g", "a\"b", ctl::ProcessState::Exited, "EXITED", "line\nend");
  const std::string json = ctl::statusJson({odd}, {});
  CHECK(json.find(R"("name":"g:a\"b")") != std::string::npos);
  CHECK(json.find(R"("description":"line\nend")") != std::string::npos);
}

TEST_CASE("bytes for people") {
  CHECK(ctl::bytesText(0) == "0.0K");
  CHECK(ctl::bytesText(999 * 1024) == "999K");
  CHECK(ctl::bytesText(1023 * 1024) == "1.0M");
  CHECK(ctl::bytesText(std::uint64_t{5} << 30) == "5.0G");
}

TEST_CASE("words in columns, first down, then across") {
  CHECK(ctl::inColumns({}, 79).empty());
  CHECK(ctl::inColumns({"a", "bb", "c"}, 79) == "a  bb  c\n");
  CHECK(ctl::inColumns({"aaa", "b", "cc"}, 7) == "aaa  cc\nb  \n");
  CHECK(ctl::inColumns({"aaa", "b"}, 3) == "aaa\nb  \n");
}
