// SPDX-License-Identifier: MIT
#include "lib/dialect/scheduling.hpp"

#include <string>
#include <utility>
#include <vector>

#include "lib/core/text.hpp"
#include "lib/dialect/cron.hpp"
#include "tests/unit/config/scratch.hpp"

using config::parseCron;
using config::parseSchedule;
using core::milliseconds;
using lifecycle::Overlap;

namespace {

std::shared_ptr<const config::ProcessConfig> scheduled(const std::string& keys) {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n" + keys);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  return loaded->groups.at(0)->processes.at(0);
}

std::string scheduleRefusal(const std::string& keys) {
  Scratch scratch;
  return scratch.refusal("[program:x]\ncommand=/bin/cat\n" + keys);
}

constexpr const char* kUnits = ", it is a number of seconds, or one with a unit (500ms, 2s, 5m, 1h, 2d)";

/// The values of a set of bits: "1 2 31".
std::string valuesOf(std::uint64_t set) {
  std::vector<std::string> out;
  for (unsigned value = 0; value < 64; ++value)
    if ((set >> value & 1U) != 0) out.push_back(std::to_string(value));
  return core::join(out, " ");
}

}  // namespace

TEST_CASE("the fields of a cron expression") {
  const auto whole = parseCron("0,30 8-10 1-31/10 jan,DEC-12 Mon-fri");
  REQUIRE(whole);
  CHECK(valuesOf(whole->minutes) == "0 30");
  CHECK(valuesOf(whole->hours) == "8 9 10");
  CHECK(valuesOf(whole->days) == "1 11 21 31");
  CHECK(valuesOf(whole->months) == "1 12");
  CHECK(valuesOf(whole->weekdays) == "1 2 3 4 5");
  CHECK(!whole->everyHour);
  CHECK(!whole->everyDay);
  CHECK(!whole->everyWeekday);
  const auto stars = parseCron("*/20\t*/6  * * */2");
  REQUIRE(stars);
  CHECK(valuesOf(stars->minutes) == "0 20 40");
  CHECK(valuesOf(stars->hours) == "0 6 12 18");
  CHECK(valuesOf(stars->days).starts_with("1 2 3"));
  CHECK(valuesOf(stars->months) == "1 2 3 4 5 6 7 8 9 10 11 12");
  CHECK(valuesOf(stars->weekdays) == "0 2 4 6");
  CHECK(stars->everyHour);
  CHECK(stars->everyDay);
  CHECK(stars->everyWeekday);
}

TEST_CASE("Sunday is 0, 7 and sun") {
  for (const auto& [text, days] : std::vector<std::pair<std::string, std::string>>{{"0", "0"},
                                                                                   {"7", "0"},
                                                                                   {"sun", "0"},
                                                                                   {"5-7", "0 5 6"},
                                                                                   {"fri-sun", "0 5 6"},
                                                                                   {"sun-tue", "0 1 2"},
                                                                                   {"0-7", "0 1 2 3 4 5 6"},
                                                                                   {"sun-sun", "0"},
                                                                                   {"0-0", "0"},
                                                                                   {"6,7", "0 6"}}) {
    CAPTURE(text);
    const auto parsed = parseCron("0 0 * * " + text);
    REQUIRE(parsed);
    CHECK(valuesOf(parsed->weekdays) == days);
  }
}

TEST_CASE("names of schedules, and periods") {
  for (const auto& [name, means] : std::vector<std::pair<std::string, std::string>>{{"@hourly", "0 * * * *"},
                                                                                    {"@daily", "0 0 * * *"},
                                                                                    {" @Midnight ", "0 0 * * *"},
                                                                                    {"@weekly", "0 0 * * 0"},
                                                                                    {"@monthly", "0 0 1 * *"},
                                                                                    {"@yearly", "0 0 1 1 *"},
                                                                                    {"@annually", "0 0 1 1 *"}}) {
    CAPTURE(name);
    const auto parsed = parseSchedule(name);
    REQUIRE(parsed);
    CHECK(parsed->calendar == *parseCron(means));
    CHECK(parsed->given());
  }
  CHECK(parseSchedule("@every 5m")->every == milliseconds(300'000));
  CHECK(parseSchedule("@every  1.5")->every == milliseconds(1500));
  CHECK(!parseSchedule("@every 5m")->calendar.given());
}

TEST_CASE("a program with a schedule is a job") {
  const auto job = scheduled("schedule=30 2 * * *\nschedule_overlap=Queue\nschedule_jitter=1m\ntime_zone=UTC\n");
  const auto& scheduling = job->extension->scheduling;
  CHECK(scheduling.given());
  CHECK(scheduling.timetable.overlap == Overlap::Queue);
  CHECK(scheduling.timetable.jitter == milliseconds(60'000));
  CHECK(scheduling.zone == "UTC");
  CHECK(!job->autoStart);
  CHECK(job->extension->dependences.oneshot);
  CHECK(scheduled("schedule=@daily\nautostart=true\n")->autoStart);
  CHECK(!scheduled("schedule=@daily\ntype=simple\nautorestart=true\n")->extension->dependences.oneshot);
  CHECK(scheduled("schedule_overlap=kill\n")->autoStart);
  CHECK(!scheduled("time_zone=UTC\n")->extension->dependences.oneshot);
}

TEST_CASE("each process of a section has its own schedule") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program:x]\ncommand=/bin/cat\nnumprocs=2\nprocess_name=%(process_num)d\n"
      "schedule=1%(process_num)d * * * *\n");
  REQUIRE(loaded);
  const auto& programs = loaded->groups.at(0)->processes;
  CHECK(valuesOf(programs.at(0)->extension->scheduling.timetable.calendar.minutes) == "10");
  CHECK(valuesOf(programs.at(1)->extension->scheduling.timetable.calendar.minutes) == "11");
}

TEST_CASE("a schedule with a mistake is refused") {
  const std::string five = ", and a schedule has five: minute, hour, day of the month, month and day of the week";
  const std::string names =
      " is not one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually and @every DURATION";
  const std::pair<std::string, std::string> cases[] = {
      {"", "it is empty"},
      {"30 2 * *", "'30 2 * *' has 4 fields" + five},
      {"daily", "'daily' has 1 field" + five},
      {"0 30 2 * * *", "'0 30 2 * * *' has 6 fields" + five},
      {"60 * * * *", "'60' is not a minute (0 to 59)"},
      {"-1 * * * *", "'' is not a minute (0 to 59)"},
      {"1000 * * * *", "'1000' is not a minute (0 to 59)"},
      {"0 24 * * *", "'24' is not an hour (0 to 23)"},
      {"0 0 0 * *", "'0' is not a day of the month (1 to 31)"},
      {"0 0 * 13 *", "'13' is not a month (1 to 12, or jan to dec)"},
      {"0 0 * mon *", "'mon' is not a month (1 to 12, or jan to dec)"},
      {"0 0 * * 8", "'8' is not a day of the week (0 to 7, or sun to sat)"},
      {"0 0 * * monday", "'monday' is not a day of the week (0 to 7, or sun to sat)"},
      {"0 1, * * *", "'' is not an hour (0 to 23)"},
      {"0 22-6 * * *", "'22-6' ends before it begins"},
      {"*/0 * * * *", "the step in '*/0' is not a number of at least 1"},
      {"*/x * * * *", "the step in '*/x' is not a number of at least 1"},
      {"5/10 * * * *", "'5/10' has a step without a range; 5-59/10 is one"},
      {"** * * * *", "'**' is not a minute (0 to 59)"},
      {"30 2 30 2 *", "'30 2 30 2 *' never comes: no month has such a day"},
      {"@reboot", "'@reboot' is not a schedule: with autostart=true a program starts when supervisord does"},
      {"@often", "'@often'" + names},
      {"@daily 5", "'@daily 5'" + names},
      {"@every", "'@every'" + names},
      {"@every 0.5", "'0.5' is less than a second"},
      {"@every day", "not a valid duration: 'day'" + std::string(kUnits)},
  };
  for (const auto& [text, reason] : cases) {
    CAPTURE(text);
    const auto why = scheduleRefusal("schedule=" + text + "\n");
    CHECK_MESSAGE(
        why.starts_with(reason + " for key 'schedule' in section 'program:x' (file: 'DIR/root.conf', line 5)"), why);
  }
}

TEST_CASE("the keys beside a schedule are refused with a mistake") {
  const std::pair<std::string, std::string> cases[] = {
      {"schedule_overlap=wait", "'wait' is not one of skip, queue and kill for key 'schedule_overlap'"},
      {"schedule_jitter=soon", "not a valid duration: 'soon'" + std::string(kUnits) + " for key 'schedule_jitter'"},
      {"schedule=@every 5\nschedule_jitter=5",
       "it is not shorter than the time between two runs for key 'schedule_jitter'"},
      {"time_zone=Europe/Atlantis",
       "there is no time zone 'Europe/Atlantis' in /usr/share/zoneinfo (such as Europe/Berlin) for key 'time_zone'"},
      {"time_zone=../../../etc/passwd",
       "'../../../etc/passwd' is not the name of a time zone, such as Europe/Berlin for key 'time_zone'"},
      {"time_zone=", "'' is not the name of a time zone, such as Europe/Berlin for key 'time_zone'"},
      {"schedule=@daily\nautorestart=true",
       "a program with a schedule is done when it has ended: autorestart must not be true, or type must be simple for "
       "key 'schedule'"},
  };
  for (const auto& [keys, reason] : cases) {
    CAPTURE(keys);
    const auto why = scheduleRefusal(keys + "\n");
    CHECK_MESSAGE(why.starts_with(reason), why);
  }
}

TEST_CASE("a schedule that is never within the run_window") {
  Scratch scratch;
  const std::string program = "[program:x]\ncommand=cat\n";
  auto loaded = scratch.load(program + "schedule=30 2 * * *\nrun_window=08:00-18:00\n");
  REQUIRE(loaded);
  REQUIRE(loaded->messages.size() == 1);
  CHECK(loaded->messages.at(0).level == logging::Level::Warn);
  CHECK(scratch.withoutPath(loaded->messages.at(0).text) ==
        "Key 'schedule' never starts the program: none of its times is within 'run_window' in section 'program:x' "
        "(file: 'DIR/root.conf', line 5)");
  // Once for all processes, and where the key is.
  loaded = scratch.load("[program-defaults]\nschedule=30 2 * * *\n" + program +
                        "run_window=08:00-18:00\nnumprocs=3\nprocess_name=%(process_num)d\n");
  REQUIRE(loaded);
  REQUIRE(loaded->messages.size() == 1);
  CHECK(loaded->messages.at(0).text.find("in section 'program-defaults' (file: ") != std::string::npos);
  for (const char* const keys : {"schedule=30 2 * * *\nrun_window=02:00-03:00\n", "schedule=30 2 * * *\n",
                                 "run_window=02:00-03:00\n", "schedule=@every 1d\nrun_window=02:00-03:00\n",
                                 "schedule=30 2 * * *\nschedule_jitter=1h\nrun_window=03:00-04:00\n"}) {
    CAPTURE(keys);
    const auto fine = scratch.load(program + keys);
    REQUIRE(fine);
    CHECK(fine->messages.empty());
  }
}
