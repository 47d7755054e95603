// SPDX-License-Identifier: MIT
#include "tests/unit/config/scratch.hpp"

using config::LogSettings;

namespace {

/// The first process of [program:x] with these keys.
config::ProcessConfig program(const std::string& keys) {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=/bin/cat\n" + keys);
  REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : loaded.error().text));
  return *loaded->groups.at(0)->processes.at(0);
}

std::string refusal(const std::string& keys) {
  Scratch scratch;
  return scratch.refusal("[program:x]\ncommand=/bin/cat\n" + keys);
}

bool refusedWith(const std::string& keys, const std::string& start) { return refusal(keys).find(start) == 0; }

}  // namespace

TEST_CASE("defaults of a program") {
  const auto p = program("");
  CHECK(p.name == "x");
  CHECK(p.priority == 999);
  CHECK(p.autoStart);
  CHECK(p.autoRestart == config::AutoRestart::Unexpected);
  CHECK(p.stopSignal == 15);
  CHECK(p.exitCodes == std::vector<int>{0});
  CHECK_FALSE(p.serverUrl);
  CHECK(p.out.target == LogSettings::Target::Auto);
  CHECK(p.out.maxBytes == 50 * 1024 * 1024);
  CHECK(p.environment.empty());
}

TEST_CASE("numprocs makes numbered processes, sorted by name") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program:x]\ncommand=run %(process_num)d of "
      "%(numprocs)d\nnumprocs=11\nnumprocs_start=5\nprocess_name=x_%(process_num)s\n"
      "environment=N=\"%(process_num)02d\"\n");
  REQUIRE(loaded);
  const auto& processes = loaded->groups[0]->processes;
  REQUIRE(processes.size() == 11);
  CHECK(processes[0]->name == "x_10");
  CHECK(processes[0]->command == "run 10 of 11");
  CHECK(*processes.back()->environment.find("N") == "09");
  CHECK(refusedWith("numprocs=2\n", "%(process_num) must be present within process_name when numprocs > 1"));
  CHECK(refusedWith("numprocs=2000000000\nprocess_name=%(process_num)d\n", "2000000000 is more than"));
}

TEST_CASE("numprocs=0 is a group without processes") {
  Scratch scratch;
  const auto loaded = scratch.load("[program:x]\ncommand=run\nnumprocs=0\n");
  REQUIRE(loaded);
  CHECK(loaded->groups[0]->processes.empty());
}

TEST_CASE("killasgroup follows stopasgroup unless it contradicts") {
  CHECK(program("stopasgroup=true\n").killAsGroup);
  CHECK(program("killasgroup=true\n").killAsGroup);
  CHECK(refusedWith("stopasgroup=true\nkillasgroup=false\n", "Cannot set stopasgroup=true and killasgroup=false"));
}

TEST_CASE("log_backpressure: the value of the section, that of [supervisord], or block") {
  using config::Backpressure;
  CHECK(program("").backpressure == Backpressure::Block);
  CHECK_FALSE(program("").oomScoreAdjust);
  CHECK(program("oom_score_adj=-17\n").oomScoreAdjust == -17);
  CHECK(refusedWith("oom_score_adj=1001\n",
                    "not a valid oom_score_adj value: '1001', it is a number from -1000 to 1000"));
  CHECK(program("log_backpressure=Drop\n").backpressure == Backpressure::Drop);
  CHECK(refusedWith("log_backpressure=wait\n", "not a valid log_backpressure value: 'wait', it is block or drop"));
  Scratch scratch;
  const auto loaded = scratch.load(
      "log_backpressure=drop\n[program:x]\ncommand=cat\n[program:y]\ncommand=cat\nlog_backpressure=block\n");
  REQUIRE(loaded.has_value());
  CHECK(loaded->groups.at(0)->processes.at(0)->backpressure == Backpressure::Drop);
  CHECK(loaded->groups.at(1)->processes.at(0)->backpressure == Backpressure::Block);
  const auto added =
      config::parsePrograms(*loaded, "z", "z", {{"command", "cat"}}, config::GroupConfig::Kind::Programs);
  REQUIRE(added.has_value());
  CHECK(added->at(0)->backpressure == Backpressure::Drop);
}

TEST_CASE("the server's URL: automatic, none, or given") {
  CHECK_FALSE(program("serverurl= auto \n").serverUrl);
  CHECK(program("serverurl=\n").serverUrl == "");
  CHECK(program("serverurl=http://h:1\n").serverUrl == "http://h:1");
}

TEST_CASE("targets of logs") {
  CHECK(program("stdout_logfile=NONE\n").out.target == LogSettings::Target::None);
  CHECK(program("stdout_logfile=off\n").out.target == LogSettings::Target::None);
  CHECK(program("stdout_logfile=\n").out.target == LogSettings::Target::None);
  CHECK(program("stdout_logfile=/dev/stdout\n").out.path == "/dev/stdout");
  CHECK(program("stdout_logfile=%%%%.log\n").out.path == "%.log");
  const auto syslog = program("stdout_logfile=syslog\nstdout_syslog=false\n").out;
  CHECK(syslog.syslog);
  CHECK(syslog.target == LogSettings::Target::None);
  const auto redirected = program("redirect_stderr=true\nstderr_logfile=/tmp/x.log\n");
  CHECK(redirected.err.target == LogSettings::Target::None);
  CHECK(redirected.err.path.empty());
  CHECK(refusedWith("stdout_logfile=/nonexistent/x.log\n",
                    "The directory named as part of the path /nonexistent/x.log does not exist"));
}

TEST_CASE("warnings about logs are logged once per section") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program:x]\ncommand=run\nnumprocs=3\nprocess_name=%(process_num)d\nstdout_logfile_maxbytes=0\nredirect_stderr="
      "true\n"
      "stderr_logfile=/tmp/x.log\n");
  REQUIRE(loaded);
  CHECK(loaded->messages.size() == 2);
  CHECK(says(*loaded,
             "For [program:x], AUTO logging used for stdout_logfile without rollover, set maxbytes > 0 to avoid"));
  CHECK(says(*loaded, "For [program:x], redirect_stderr=true but stderr_logfile has also been set to a filename"));
}

TEST_CASE("names: the rule applies to the text before expansion") {
  CHECK(program("process_name= %(program_name)s.1 \n").name == "x.1");
  CHECK(refusedWith("process_name=a b\n", "Invalid name: 'a b' because of character: ' '"));
  Scratch scratch;
  CHECK(scratch.refusal("[program:a/b]\ncommand=run\n").find("Invalid name: 'a/b' because of character: '/'") == 0);
}

TEST_CASE("expansion in keys, and the fewer names that priority may use") {
  CHECK(program("directory=%(here)s/%(program_name)s\n").directory.ends_with("/x"));
  CHECK(program("user=%(here)s\nuser=root\n").uid == 0u);
  CHECK(refusedWith("priority=%(program_name)s\n",
                    "Format string '%(program_name)s' for 'program:x.priority' contains names"));
}

TEST_CASE("numbered siblings share what is equal") {
  Scratch scratch;
  const auto loaded =
      scratch.load("[program:x]\ncommand=run\nnumprocs=2\nprocess_name=%(process_num)d\nenvironment=A=\"1\"\n");
  REQUIRE(loaded);
  const auto& processes = loaded->groups[0]->processes;
  CHECK(&processes[0]->environment.list() == &processes[1]->environment.list());
}
