// SPDX-License-Identifier: MIT
#include "instance/handover/legacy.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "instance/handover/successor.hpp"
#include "instance/state/sealed.hpp"
#include "instance/state/text.hpp"

namespace {

/// A legacy whose state is `document`, and whose predecessor is this program. Their descriptors are closed with it.
handover::Legacy legacyOf(const std::string& document) {
  const int old = ::open("/proc/self/exe", O_PATH);
  REQUIRE(old >= 0);
  ::setenv(handover::kPredecessorVariable, std::to_string(old).c_str(), 1);
  auto file = state::writeSealed(document);
  REQUIRE(file);
  ::setenv(handover::kStateVariable, std::to_string(file->release()).c_str(), 1);
  REQUIRE(handover::Legacy::announced());
  return handover::Legacy({"supervisord"});
}

state::State stateOfThisProcess() {
  state::State state;
  state.daemon.pid = ::getpid();
  return state;
}

bool isOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

}  // namespace

TEST_CASE("the variables leave the environment, whatever they are") {
  for (const char* const value : {"", "x", "-1", "0", "1000000", "99999999999999999999"}) {
    ::setenv(handover::kStateVariable, value, 1);
    ::setenv(handover::kPredecessorVariable, value, 1);
    ::setenv(handover::kRefusedVariable, "why", 1);
    handover::Legacy legacy({"supervisord"});
    CHECK(!handover::Legacy::announced());
    CHECK(::getenv(handover::kPredecessorVariable) == nullptr);
    CHECK(::getenv(handover::kRefusedVariable) == nullptr);
    const auto read = legacy.read();
    REQUIRE(!read);
    CHECK(read.error().text ==
          std::string("SUPERVISORD_STATE is '") + value +
              "', which is not an open descriptor: the variable is only for a supervisord that upgrades itself");
    CHECK(legacy.giveBack("x").text == "x");
  }
}

TEST_CASE("descriptors are duplicated, and the originals stay until the state is accepted") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  auto state = stateOfThisProcess();
  state.descriptors = {{"p1.out", ends[0]}, {"p1.in", ends[1]}};
  auto legacy = legacyOf(state::encode(state));
  REQUIRE(legacy.read());
  CHECK(!legacy.refused());
  const auto out = legacy.descriptors.take("p1.out");
  CHECK(out.get() != ends[0]);
  CHECK((::fcntl(out.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(isOpen(ends[0]));
  legacy.accept();
  CHECK(!isOpen(ends[0]));
  CHECK(!isOpen(ends[1]));
  CHECK(isOpen(out.get()));
}

TEST_CASE("a state that names descriptors that are not open, or standard ones, is refused") {
  for (const int fd : {0, 2, -1, 1'000'000}) {
    auto state = stateOfThisProcess();
    state.descriptors = {{"p1.out", fd}};
    const auto read = legacyOf(state::encode(state)).read();
    REQUIRE(!read);
    CHECK(read.error().text.find("p1.out") != std::string::npos);
  }
}

TEST_CASE("the state of another process is refused") {
  auto state = stateOfThisProcess();
  state.daemon.pid = 1;
  const auto read = legacyOf(state::encode(state)).read();
  REQUIRE(!read);
  CHECK(read.error().text == "the state is that of process 1, and this is process " + std::to_string(::getpid()));
}

TEST_CASE("a text that is not a state is refused") {
  CHECK(!legacyOf("").read());
  CHECK(!legacyOf("supervisord-state 1\n").read());
}

TEST_CASE("without a predecessor the descriptors are taken as they are") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  auto state = stateOfThisProcess();
  state.descriptors = {{"p1.out", ends[0]}, {"p1.in", ends[1]}};
  auto file = state::writeSealed(state::encode(state));
  REQUIRE(file);
  ::setenv(handover::kStateVariable, std::to_string(file->release()).c_str(), 1);
  ::setenv(handover::kRefusedVariable, "why", 1);
  handover::Legacy legacy({"supervisord"});
  REQUIRE(legacy.read());
  const auto out = legacy.descriptors.take("p1.out"), in = legacy.descriptors.take("p1.in");
  CHECK(out.get() == ends[0]);
  CHECK((::fcntl(out.get(), F_GETFD) & FD_CLOEXEC) != 0);
  legacy.accept();
  CHECK(isOpen(ends[0]));
  CHECK(isOpen(ends[1]));
  CHECK(legacy.refused().value_or("").ends_with(" refuses: why"));
}

TEST_CASE("a descriptor with two names is refused") {
  const core::UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto state = stateOfThisProcess();
  state.descriptors = {{"p1.out", null.get()}, {"p1.in", null.get()}};
  CHECK(!legacyOf(state::encode(state)).read());
}
