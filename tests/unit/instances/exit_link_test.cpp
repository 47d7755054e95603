// SPDX-License-Identifier: MIT
#include "daemon/instances/exit_link.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

using instances::ExitLink;

namespace {

/// The next message; empty: there is none.
std::string receive(int fd) {
  char text[100];
  const auto n = ::recv(fd, text, sizeof text, MSG_DONTWAIT);
  return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : std::string();
}

}  // namespace

TEST_CASE("each end of a program is a message of its own, which waits for a reader") {
  core::EventLoop loop;
  auto ends = ExitLink::makeEnds();
  REQUIRE(ends);
  CHECK(ExitLink::isEnd(ends->ours.get()));
  CHECK(ExitLink::isEnd(ends->theirs.get()));
  ExitLink link(loop, std::move(ends->ours));
  link.ended(41, 0);
  link.ended(42, 9);
  CHECK(receive(ends->theirs.get()) == "EXITED=41 0");
  CHECK(receive(ends->theirs.get()) == "EXITED=42 9");
  CHECK(receive(ends->theirs.get()).empty());
}

TEST_CASE("what a slow reader does not read arrives in order, and nobody who does not read fills the memory") {
  core::EventLoop loop;
  auto ends = ExitLink::makeEnds();
  REQUIRE(ends);
  ExitLink link(loop, std::move(ends->ours));
  constexpr int all = 3000;
  for (int i = 1; i <= all; ++i) link.ended(i, i);
  CHECK(link.lost() == 0);
  int next = 1;
  while (next <= all) {
    for (auto text = receive(ends->theirs.get()); !text.empty(); text = receive(ends->theirs.get()), ++next)
      REQUIRE(text == "EXITED=" + std::to_string(next) + " " + std::to_string(next));
    if (next <= all) REQUIRE(loop.step(core::seconds(10)));
  }
  CHECK(receive(ends->theirs.get()).empty());
  for (int i = 0; i < 100'000; ++i) link.ended(i + 1, 0);
  CHECK(link.lost() > 90'000);
}

TEST_CASE("an instance that shuts its end down does not keep the loop busy, and nothing waits for it") {
  for (const bool before : {true, false}) {
    core::EventLoop loop;
    auto ends = ExitLink::makeEnds();
    REQUIRE(ends);
    ExitLink link(loop, std::move(ends->ours));
    if (before) REQUIRE(::shutdown(ends->theirs.get(), SHUT_RDWR) == 0);
    for (int i = 1; i <= 3000; ++i) link.ended(i, 0);
    if (!before) REQUIRE(::shutdown(ends->theirs.get(), SHUT_RDWR) == 0);
    bool over = false;
    core::Timer timer(loop, [&over] { over = true; });
    timer.armIn(core::milliseconds(50));
    int turns = 0;
    for (; !over; ++turns) REQUIRE(loop.step(core::seconds(10)));
    CHECK(turns < 10);
    CHECK(link.lost() > 0);
  }
}

TEST_CASE("nothing can be sent to the manager, which would never read it") {
  const auto ends = ExitLink::makeEnds();
  REQUIRE(ends);
  CHECK(::send(ends->theirs.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0);
}

TEST_CASE("a pipe is not an end") {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const core::UniqueFd first(pipe[0]), second(pipe[1]);
  CHECK_FALSE(ExitLink::isEnd(first.get()));
  CHECK_FALSE(ExitLink::isEnd(-1));
}
