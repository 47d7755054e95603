// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <csignal>

#include "ctl/deploy/runner.hpp"

using namespace deploy;

namespace {

/// Gives a signal a disposition while it lives; whoever runs the tests may ignore some.
class Disposition {
 public:
  Disposition(int signal, void (*disposition)(int)) : signal_(signal), before_(std::signal(signal, disposition)) {}
  ~Disposition() { std::signal(signal_, before_); }
  Disposition(const Disposition&) = delete;
  Disposition& operator=(const Disposition&) = delete;

 private:
  int signal_;
  void (*before_)(int);
};

int statusOf(const std::string& script, const HeldSignals& signals) {
  const auto status = runProgram({"/bin/sh", "-c", script}, {"PATH=/bin", "WORD=5"}, signals);
  REQUIRE(status);
  return *status;
}

}  // namespace

TEST_CASE("the exit status is that of a shell") {
  const HeldSignals signals;
  CHECK(statusOf("exit 0", signals) == 0);
  CHECK(statusOf("exit $WORD", signals) == 5);
  CHECK(statusOf("kill -KILL $$", signals) == 128 + SIGKILL);
  CHECK(runProgram({"/nowhere"}, {}, signals).error().text == "cannot run /nowhere: No such file or directory");
}

TEST_CASE("the child has no signal blocked, and does not ignore SIGPIPE") {
  const Disposition pipe(SIGPIPE, SIG_IGN);
  const HeldSignals signals;
  CHECK(statusOf("while read -r name mask; do case $name in SigBlk:) [ $((0x$mask)) -eq 0 ] || exit 1;; "
                 "SigIgn:) [ $((0x$mask & 0x1000)) -eq 0 ] || exit 2;; esac; done </proc/$$/status",
                 signals) == 0);
}

TEST_CASE("a signal that is ignored stays ignored") {
  const Disposition hangUp(SIGHUP, SIG_IGN);
  const HeldSignals signals;
  ::raise(SIGHUP);
  CHECK(signals.take() == 0);
}

TEST_CASE("after a signal that came before, nothing is started") {
  const Disposition ends(SIGTERM, SIG_DFL);
  const HeldSignals signals;
  ::raise(SIGTERM);
  CHECK(statusOf("exit 7", signals) == 128 + SIGTERM);
  CHECK(statusOf("exit 7", signals) == 7);
}

TEST_CASE("a held signal can be taken once, and one that nobody took ends nothing") {
  const Disposition hangUp(SIGHUP, SIG_DFL);
  const Disposition interrupt(SIGINT, SIG_DFL);
  const HeldSignals signals;
  CHECK(signals.take() == 0);
  ::raise(SIGHUP);
  CHECK(signals.take() == SIGHUP);
  CHECK(signals.take() == 0);
  ::raise(SIGINT);
}

TEST_CASE("programs are found in PATH") {
  CHECK(findProgram("sh").ends_with("/sh"));
  CHECK(findProgram("no-such-program").empty());
}
