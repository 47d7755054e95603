// SPDX-License-Identifier: MIT
#include "daemon/instances/sweeper.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <utility>

using namespace instances;

namespace {

using Found = std::vector<FoundProcess>;

/// A search that finds `pid` the first time and whose second answer is given by the test.
struct Search {
  pid_t pid;
  int looks = 0;
  core::Completion<Found> second;

  core::Task<Found> find() {
    if (++looks == 2)
      co_return co_await core::completes<Found>([this](core::Completion<Found> done) { second = std::move(done); });
    Found found;
    found.push_back({{pid, ::getpid(), pid, pid, ::getuid(), false}, openPidfd(pid)});
    co_return found;
  }
};

core::Task<> record(core::EventLoop* loop, Search* search, std::optional<SweepResult>* result) {
  *result = co_await sweep(
      *loop, [search] { return search->find(); }, core::Duration::zero(), core::milliseconds(200));
}

}  // namespace

TEST_CASE("a look that takes longer than the time to kill is waited for") {
  core::EventLoop loop;
  const pid_t pid = ::fork();
  if (pid == 0)
    for (;;) ::pause();
  Search search{pid, 0, {}};
  std::optional<SweepResult> result;
  core::TaskScope scope;
  scope.run(record(&loop, &search, &result));
  while (search.looks < 2) loop.step(core::seconds(5));
  bool late = false;
  core::Timer timer(loop, [&] { late = true; });
  timer.armIn(core::milliseconds(400));
  while (!late) loop.step(core::seconds(5));
  CHECK_FALSE(result);  // what the look finds is still to be ended
  search.second({});
  REQUIRE(result);
  CHECK(result->ended == 1);
  CHECK(result->left == 0);
  CHECK(::waitpid(pid, nullptr, 0) == pid);
}
