// SPDX-License-Identifier: MIT
#include "lib/core/time_zone.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <new>
#include <string>

namespace {

using core::TimeZone;
using namespace std::chrono;

/// Seconds of a date and a time, as UTC.
std::int64_t at(int y, unsigned m, unsigned d, int hour, int minute = 0, int second = 0) {
  return (sys_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute) + seconds(second)).time_since_epoch() /
         seconds(1);
}

TimeZone zone(const char* name) {
  auto found = TimeZone::find(name);
  REQUIRE_MESSAGE(found.has_value(), found.error().text);
  return *found;
}

/// What a clock shows at the first moment of a time, and UTC then.
struct Moment {
  std::int64_t utc, shown;
};
Moment first(const char* name, std::int64_t local) {
  const auto one = zone(name);
  const auto utc = one.within([&](const core::UtcOffset& offset) { return core::firstMoment(local, offset); });
  return {utc, utc + one.offsetAt(utc)};
}

}  // namespace

TEST_CASE("zones of the system have their offsets, in summer and in winter") {
  CHECK(zone("Europe/Berlin").offsetAt(at(2026, 1, 10, 12)) == 3600);
  CHECK(zone("Europe/Berlin").offsetAt(at(2026, 7, 10, 12)) == 7200);
  CHECK(zone("Europe/Berlin").offsetAt(at(2100, 7, 10, 12)) == 7200);
  CHECK(zone("America/New_York").offsetAt(at(2026, 1, 10, 12)) == -5 * 3600);
  CHECK(zone("Asia/Kathmandu").offsetAt(at(2026, 1, 10, 12)) == 5 * 3600 + 45 * 60);
  CHECK(zone("Australia/Lord_Howe").offsetAt(at(2026, 7, 10, 12)) == 10 * 3600 + 30 * 60);
  CHECK(zone("Australia/Lord_Howe").offsetAt(at(2026, 1, 10, 12)) == 11 * 3600);
  CHECK(zone("Etc/GMT+5").offsetAt(0) == -5 * 3600);
  CHECK(zone("UTC").offsetAt(at(2026, 7, 10, 12)) == 0);
}

TEST_CASE("a question about another zone leaves local time and the environment as they were") {
  const char* const before = ::getenv("TZ");
  const std::string saved = before != nullptr ? before : "";
  for (const char* const own : {static_cast<const char*>(nullptr), "America/New_York", "WRONG", ""}) {
    own != nullptr ? ::setenv("TZ", own, 1) : ::unsetenv("TZ");
    ::tzset();
    char** const environment = environ;
    const char* const text = ::getenv("TZ");
    const auto when = at(2026, 7, 10, 12);
    const auto local = TimeZone().offsetAt(when);
    const long west = ::timezone;
    const std::string name = ::tzname[0];
    CHECK(zone("Asia/Kathmandu").offsetAt(when) == 5 * 3600 + 45 * 60);
    CHECK(TimeZone().offsetAt(when) == local);
    CHECK(::timezone == west);
    CHECK(::tzname[0] == name);
    CHECK(environ == environment);
    CHECK(::getenv("TZ") == text);
    auto seconds = static_cast<time_t>(when);
    CHECK(::localtime(&seconds)->tm_gmtoff == local);
  }
  before != nullptr ? ::setenv("TZ", saved.c_str(), 1) : ::unsetenv("TZ");
  ::tzset();
}

TEST_CASE("a computation exchanges the zone once, whatever it asks") {
  const auto berlin = zone("Europe/Berlin");
  const auto when = at(2026, 7, 10, 12);
  const auto local = TimeZone().offsetAt(when);
  char** const environment = environ;
  const auto before = TimeZone::exchanges();
  // A time that is skipped needs the most questions.
  const auto moment = berlin.within([](const core::UtcOffset& offset) {
    for (int day = 0; day < 1000; ++day) (void)offset(day * core::kDaySeconds);
    return core::firstMoment(at(2026, 3, 29, 2, 30), offset);
  });
  CHECK(moment == at(2026, 3, 29, 1));
  CHECK(TimeZone::exchanges() == before + 1);
  CHECK_THROWS_AS(berlin.within([](const core::UtcOffset&) { throw std::bad_alloc(); }), std::bad_alloc);
  CHECK(environ == environment);
  CHECK(TimeZone().offsetAt(when) == local);
  CHECK(TimeZone().within([&](const core::UtcOffset& offset) { return offset(when); }) == local);
  CHECK(TimeZone::exchanges() == before + 2);
}

TEST_CASE("a name without a zone is refused, and leads nowhere else") {
  for (const char* const bad : {"", "/etc/localtime", "../../../etc/passwd", "Europe/../UTC", "Europe//Berlin",
                                "Europe/", ".", "a b", "UTC\n", ":UTC", "CET-1CEST,M3.5.0,M10.5.0/3"}) {
    const auto found = TimeZone::find(bad);
    REQUIRE(!found.has_value());
    CHECK(found.error().text.find("is not the name of a time zone, such as Europe/Berlin") != std::string::npos);
  }
  CHECK(TimeZone::find("Europe/Atlantis").error().text ==
        "there is no time zone 'Europe/Atlantis' in /usr/share/zoneinfo (such as Europe/Berlin)");
  CHECK(!TimeZone::find("Europe"));  // a directory
  CHECK(!TimeZone::find("null", "/dev"));
  CHECK(!TimeZone::find("passwd", "/etc"));
}

TEST_CASE("the first moment of a local time") {
  // An ordinary one, on either side of UTC.
  CHECK(first("Europe/Berlin", at(2026, 3, 28, 2, 30)).utc == at(2026, 3, 28, 1, 30));
  CHECK(first("America/New_York", at(2026, 6, 1, 22)).utc == at(2026, 6, 2, 2));
  CHECK(first("Asia/Kathmandu", at(2026, 6, 1, 0)).utc == at(2026, 5, 31, 18, 15));
  // Just before and after a change.
  CHECK(first("Europe/Berlin", at(2026, 3, 29, 1, 59, 59)).utc == at(2026, 3, 29, 0, 59, 59));
  CHECK(first("Europe/Berlin", at(2026, 3, 29, 3)).utc == at(2026, 3, 29, 1));
  CHECK(first("Europe/Berlin", at(2026, 3, 29, 3, 30)).utc == at(2026, 3, 29, 1, 30));
  // Skipped: the first moment after the gap.
  CHECK(first("Europe/Berlin", at(2026, 3, 29, 2)).utc == at(2026, 3, 29, 1));
  CHECK(first("Europe/Berlin", at(2026, 3, 29, 2, 30)).utc == at(2026, 3, 29, 1));
  CHECK(first("Europe/Berlin", at(2026, 3, 29, 2, 30)).shown == at(2026, 3, 29, 3));
  CHECK(first("America/New_York", at(2026, 3, 8, 2, 15)).shown == at(2026, 3, 8, 3));
  CHECK(first("Australia/Lord_Howe", at(2026, 10, 4, 2, 10)).shown == at(2026, 10, 4, 2, 30));
  CHECK(first("Pacific/Apia", at(2011, 12, 30, 12)).shown == at(2011, 12, 31, 0));
  // Twice: the first time.
  CHECK(first("Europe/Berlin", at(2026, 10, 25, 2, 30)).utc == at(2026, 10, 25, 0, 30));
  CHECK(first("America/New_York", at(2026, 11, 1, 1, 30)).utc == at(2026, 11, 1, 5, 30));
  CHECK(first("Australia/Lord_Howe", at(2026, 4, 5, 1, 45)).utc == at(2026, 4, 4, 14, 45));
  // After what comes twice.
  CHECK(first("Europe/Berlin", at(2026, 10, 25, 3)).utc == at(2026, 10, 25, 2));
}
