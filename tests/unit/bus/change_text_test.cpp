// SPDX-License-Identifier: MIT
#include "daemon/bus/change_text.hpp"

#include <doctest/doctest.h>

using bus::linesOf;
using instances::Change;
using instances::Deed;
using instances::Failure;
using Lines = std::vector<std::string>;

TEST_CASE("each deed has the word that clients know") {
  CHECK(bus::toText(Deed::Nothing) == std::string("nothing"));
  CHECK(bus::toText(Deed::Add) == std::string("add"));
  CHECK(bus::toText(Deed::Remove) == std::string("remove"));
  CHECK(bus::toText(Deed::Change) == std::string("change"));
  CHECK(bus::toText(Deed::Start) == std::string("start"));
  CHECK(bus::toText(Deed::Stop) == std::string("stop"));
  CHECK(bus::toText(Deed::Restart) == std::string("restart"));
}

TEST_CASE("lines of an entry, and no password") {
  const Change change{.name = "a",
                      .keys = {{"nice", "5", std::nullopt},
                               {"umask", std::nullopt, "027"},
                               {"user", "a", "b"},
                               {"http_server.password", "", "", true},
                               {"http_server.password", std::nullopt, "", true}}};
  CHECK(linesOf(change) == Lines{"nice: 5 -> (default)", "umask: (default) -> 027", "user: a -> b",
                                 "http_server.password: (hidden) -> (hidden)",
                                 "http_server.password: (default) -> (hidden)"});
}

TEST_CASE("each failure has the beginning that clients look for") {
  using enum Failure::Cause;
  const auto line = [](Failure::Cause cause) { return linesOf({.name = "a", .failures = {{cause, "why"}}}); };
  CHECK(line(RefusedByCheck) == Lines{"refused: why"});
  CHECK(line(Superseded) == Lines{"skipped: a later change replaced it"});
  CHECK(line(NotRecorded) == Lines{"failed: why"});
  CHECK(line(NotStarted) == Lines{"failed: why"});
  CHECK(line(NotUpdated) == Lines{"failed: why"});
}

TEST_CASE("the order of the lines is that of the work") {
  Change change{.name = "a", .keys = {{"umask", std::nullopt, "027"}}};
  change.report.changes = {{"create directory", "/d"}, {"update file", "/f"}};
  change.report.errors = {"/g was not made by the manager"};
  change.failures = {{Failure::Cause::NotStarted, "it did not start"}, {Failure::Cause::NotRecorded, "not recorded"}};
  CHECK(linesOf(change) == Lines{"umask: (default) -> 027", "failed: not recorded", "create directory /d",
                                 "update file /f", "refused: /g was not made by the manager",
                                 "failed: it did not start"});
}
