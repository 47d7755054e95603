// SPDX-License-Identifier: MIT
#include "lib/core/event_loop.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>

#include "lib/core/unique_fd.hpp"

TEST_CASE("a callback may destroy its own watch") {
  core::EventLoop loop;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  core::UniqueFd reader(ends[0]), writer(ends[1]);
  std::optional<core::IoWatch> watch;
  int calls = 0;
  watch.emplace(loop, reader.get(), core::IoWatch::Read, [&](std::uint32_t) {
    calls++;
    watch.reset();
    loop.exit(7);
  });
  REQUIRE(::write(writer.get(), "x", 1) == 1);
  CHECK(loop.run() == 7);
  CHECK(calls == 1);
}

TEST_CASE("an exception in a callback disables its source and the loop goes on") {
  core::EventLoop loop;
  core::Deferred bad(loop, [] { throw std::runtime_error("boom"); });
  bad.schedule();
  core::Timer timer(loop, [&] { loop.exit(3); });
  timer.armIn(core::milliseconds(1));
  CHECK(timer.armed());
  CHECK(loop.run() == 3);
}
