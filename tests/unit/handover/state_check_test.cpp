// SPDX-License-Identifier: MIT
#include "instance/handover/state_check.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <optional>

#include "tests/support/scratch_files.hpp"

namespace {

struct Fixture {
  core::EventLoop loop;
  core::Reaper reaper{loop};
  ScratchFiles files;
  core::UniqueFd document{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  std::optional<core::Status> outcome;
  std::optional<handover::StateCheck> check;

  std::string script(const std::string& text) {
    auto path = files.file("supervisord", "#!/bin/sh\n" + text);
    REQUIRE(::chmod(path.c_str(), 0755) == 0);
    return path;
  }
  /// The outcome of a test by `program`: its error, or "good".
  std::string outcomeOf(const std::string& program) {
    check.emplace(loop, reaper, [this](const core::Status& status) {
      outcome = status;
      check.reset();  // as an upgrade does
    });
    const auto started = check->start(program, document.get());
    if (!started) return started.error().text;
    while (!outcome && loop.step(core::seconds(30))) {
    }
    REQUIRE(outcome.has_value());
    return *outcome ? "good" : outcome->error().text;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "exit status 0 is the only success, and the program gets the state as descriptor 3") {
  CHECK(outcomeOf(script("test \"$*\" = '--check-state 3' && test -e /proc/self/fd/3 && ! test -e /proc/self/fd/9 && "
                         "echo the state is understood")) == "good");
}

TEST_CASE_FIXTURE(Fixture, "a refusal has the status and the output, safe on a terminal and short") {
  CHECK(outcomeOf(script("printf 'no \\033[31m'; echo sense >&2; exit 3")) ==
        "it ended with exit status 3: no \\x1b[31msense");
}

TEST_CASE_FIXTURE(Fixture, "a program that talks a lot is cut") {
  const auto text = outcomeOf(script("head -c 100000 /dev/zero | tr '\\0' x; exit 1"));
  CHECK(text == "it ended with exit status 1: " + std::string(1000, 'x'));
}

TEST_CASE_FIXTURE(Fixture, "a program that dies, is missing, or is none") {
  CHECK(outcomeOf(script("kill -SEGV $$")) == "it was ended by signal 11");
  outcome.reset();
  CHECK(outcomeOf(files.path() + "/missing") == "it cannot be executed: No such file or directory");
  outcome.reset();
  CHECK(outcomeOf(files.file("text", "text")) == "it cannot be executed: Permission denied");
}

TEST_CASE_FIXTURE(Fixture, "a check that is given up kills the program, and nobody hears of it") {
  const auto fifo = files.path() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const core::UniqueFd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  check.emplace(loop, reaper, [this](const core::Status& status) { outcome = status; });
  REQUIRE(check->start(script("exec 9> '" + fifo + "'; echo begun >&9; exec sleep 1000"), document.get()));
  bool begun = false, ended = false;
  core::IoWatch watch(loop, reader.get(), core::IoWatch::Read, [&](std::uint32_t) {
    char text[100];
    const auto n = ::read(reader.get(), text, sizeof text);
    begun = begun || n > 0;
    ended = begun && n == 0;
  });
  while (!begun && loop.step(core::seconds(30))) {
  }
  check.reset();
  while (!ended && loop.step(core::seconds(30))) {
  }
  CHECK(ended);
  CHECK(!outcome);
  ::unlink(fifo.c_str());
}
