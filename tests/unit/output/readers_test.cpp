// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "instance/output/auto_log.hpp"
#include "instance/output/log_follower.hpp"
#include "instance/output/log_reader.hpp"
#include "tests/unit/output/scratch.hpp"

using output::readLog;
using output::tailLog;
using Kind = output::ReadError::Kind;

TEST_CASE("a log is read by offset and length") {
  const Scratch scratch;
  const auto path = scratch.at("log");
  std::ofstream(path) << "0123456789";
  CHECK(*readLog(path, 0, 0) == "0123456789");
  CHECK(*readLog(path, 4, 0) == "456789");
  CHECK(*readLog(path, 4, 3) == "456");
  CHECK(*readLog(path, 8, 100) == "89");
  CHECK(*readLog(path, -3, 0) == "789");
  CHECK(*readLog(path, -100, 0) == "0123456789");
  CHECK(readLog(path, 11, 5)->empty());
  CHECK(readLog(path, INT64_MAX, INT64_MAX)->empty());
  CHECK(*readLog(path, INT64_MIN, 0) == "0123456789");
  CHECK(readLog(path, -3, 1).error().kind == Kind::BadArguments);
  CHECK(readLog(path, 0, -1).error().kind == Kind::BadArguments);
  CHECK(readLog(scratch.at("none"), 0, 0).error().kind == Kind::NoFile);
  CHECK(readLog("/dev/zero", 0, 10).error().kind == Kind::NoFile);
}

TEST_CASE("the tail of a log has the size of the log and whether it outran the reader") {
  const Scratch scratch;
  const auto path = scratch.at("log");
  std::ofstream(path) << "0123456789";
  const auto check = [&](std::int64_t offset, std::int64_t length, const char* bytes, bool overflow) {
    CAPTURE(offset);
    CAPTURE(length);
    const auto tail = tailLog(path, offset, length);
    CHECK(tail.bytes == bytes);
    CHECK(tail.size == 10);
    CHECK(tail.overflow == overflow);
  };
  check(0, 10, "0123456789", false);
  check(0, 5, "56789", true);
  check(8, 100, "0123456789", false);
  check(10, 5, "", false);
  check(20, 5, "", false);
  check(0, 0, "", true);
  CHECK(tailLog(scratch.at("none"), 0, 10).bytes.empty());
  CHECK(tailLog(scratch.at("none"), 0, 10).size == 0);
}

TEST_CASE("a follower survives truncation and rotation") {
  const Scratch scratch;
  const auto path = scratch.at("log");
  std::ofstream(path) << "0123456789";
  output::LogFollower follower(path);
  REQUIRE(follower.open(3).has_value());
  CHECK(follower.read(100) == "789");
  CHECK(follower.read(100).empty());
  std::ofstream(path, std::ios::app) << "abc";
  CHECK(follower.read(2) == "ab");
  CHECK(follower.read(2) == "c");
  REQUIRE(::truncate(path.c_str(), 0) == 0);
  std::ofstream(path, std::ios::app) << "new";
  CHECK(follower.read(100) == "new");
  std::ofstream(path, std::ios::app) << "end";
  REQUIRE(::rename(path.c_str(), scratch.at("log.1").c_str()) == 0);
  std::ofstream(path) << "fresh";
  CHECK(follower.read(100) == "end");
  CHECK(follower.read(100) == "fresh");
  ::unlink(path.c_str());
  CHECK(follower.read(100).empty());
}

TEST_CASE("AUTO logs have names like Supervisor's, are private, and are found again") {
  const Scratch scratch;
  const auto path = output::createAutoLog(scratch.path(), "web", "stdout", "supervisor");
  REQUIRE(path.has_value());
  const auto name = path->substr(scratch.path().size() + 1);
  CHECK(name.starts_with("web-stdout---supervisor-"));
  CHECK(name.ends_with(".log"));
  CHECK(name.size() == std::string("web-stdout---supervisor-12345678.log").size());
  struct stat facts {};
  REQUIRE(::stat(path->c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
  CHECK(output::createAutoLog(scratch.at("none"), "a", "stdout", "s").error().code == ENOENT);

  CHECK(output::isAutoLog(name, "supervisor"));
  CHECK(output::isAutoLog(name + ".10", "supervisor"));
  CHECK_FALSE(output::isAutoLog(name, "other"));
  CHECK_FALSE(output::isAutoLog("---supervisor-x.log", "supervisor"));
  CHECK_FALSE(output::isAutoLog("a---supervisor-x y.log", "supervisor"));
  CHECK_FALSE(output::isAutoLog("a---supervisor-.log", "supervisor"));
  CHECK_FALSE(output::isAutoLog("supervisor.log", "supervisor"));
  std::ofstream(scratch.at("keep.log")) << "x";
  output::removeAutoLogs(scratch.path(), "supervisor");
  CHECK(scratch.list() == std::vector<std::string>{"keep.log"});
}
