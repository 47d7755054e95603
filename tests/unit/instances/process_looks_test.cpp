// SPDX-License-Identifier: MIT
#include "daemon/instances/process_looks.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <utility>

using namespace instances;

namespace {

/// Without processes: no helper is needed.
constexpr uid_t kNobodys = 54321;

struct Looks {
  core::EventLoop loop;
  core::Reaper reaper{loop};
  MainProcesses mains;
  ProcessSnapshot snapshot{mains};
  std::size_t stopping = 0;
  ProcessLooks looks{loop, reaper, snapshot, mains, stopping};
  core::TaskScope scope;

  using Seen = std::shared_ptr<const AccountLook>;
  static core::Task<> record(Looks* looks, core::Duration age, Seen* seen) {
    *seen = co_await looks->looks.get(kNobodys, age);
  }
  void ask(core::Duration age, Seen& seen) { scope.run(record(this, age, &seen)); }
};

}  // namespace

TEST_CASE("instances that end one after the other get one look") {
  Looks test;
  test.stopping = 1;
  Looks::Seen first, second;
  test.ask(core::Duration::zero(), first);
  core::Timer next(test.loop, [&] {
    test.stopping = 0;
    test.ask(core::Duration::zero(), second);
  });
  next.armIn(core::milliseconds(1));
  while (!first || !second) test.loop.step(core::seconds(5));
  CHECK(&first->index() == &second->index());
}

TEST_CASE("a look does not wait for an instance that does not end") {
  Looks test;
  test.stopping = 1;
  Looks::Seen seen;
  test.ask(core::Duration::zero(), seen);
  while (!seen) test.loop.step(core::seconds(5));
  CHECK_FALSE(seen->index().all().empty());
}

TEST_CASE("a start that an old look would do for does not wait for ends") {
  Looks test;
  test.stopping = 1;
  Looks::Seen ended, starts;
  test.ask(core::Duration::zero(), ended);
  test.ask(core::seconds(100), starts);
  while (!starts) test.loop.step(core::seconds(5));
  CHECK(ended);  // it shares the look that has begun after it
}
