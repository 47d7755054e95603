// SPDX-License-Identifier: MIT
#include "lib/core/pacer.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using Step = core::Pacer::Step;

/// Takes a turn, and longer than a turn of the loop may take.
core::Task<> work(core::Pacer& pacer, Step step, std::string& order, char name) {
  co_await pacer.turn(step);
  order += name;
  for (const auto end = core::Clock::now() + core::milliseconds(6); core::Clock::now() < end;) {
  }
}

}  // namespace

TEST_CASE("tasks take turns in their order, last steps first, and the loop does something else in between") {
  core::EventLoop loop;
  core::Pacer pacer(loop);
  std::string order;
  core::TaskScope tasks;
  for (const char name : {'a', 'b', 'c'}) tasks.run(work(pacer, Step::First, order, name));
  for (const char name : {'x', 'y'}) tasks.run(work(pacer, Step::Last, order, name));
  CHECK(order.empty());  // not before the next turn of the loop
  core::Timer other(loop, [&] {
    order += '.';
    if (tasks.empty()) return loop.exit(0);
    other.arm(core::Clock::now());
  });
  other.arm(core::Clock::now());
  CHECK(loop.run() == 0);
  std::string works = order;
  std::erase(works, '.');
  CHECK(works == "xyabc");
  CHECK(order.find('.') < order.find('c'));
}

TEST_CASE("a task that ends while it waits for its turn is passed over") {
  core::EventLoop loop;
  core::Pacer pacer(loop);
  std::string order;
  core::TaskScope staying;
  {
    core::TaskScope leaving;
    leaving.run(work(pacer, Step::First, order, 'a'));
    staying.run(work(pacer, Step::First, order, 'b'));
  }
  core::Timer other(loop, [&] {
    if (staying.empty()) return loop.exit(0);
    other.arm(core::Clock::now());
  });
  other.arm(core::Clock::now());
  CHECK(loop.run() == 0);
  CHECK(order == "b");
}
