// SPDX-License-Identifier: MIT
#include "lib/core/family_kill.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "lib/core/family_mark.hpp"
#include "lib/core/process_family.hpp"

namespace {

constexpr std::uint64_t kMark = core::family_mark::of(4'000'000, 123'456'789);

/// A leader of a session with two children: one in its session, one that leads another session. The pids come from a
/// pipe, and all of them end with this object.
class FamilyOfThree {
 public:
  explicit FamilyOfThree(std::uint64_t mark = 0) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    leader = ::fork();
    if (leader == 0) live(ends[1], mark);
    for (pid_t* const pid : {&inside, &outside}) REQUIRE(::read(ends[0], pid, sizeof *pid) == sizeof *pid);
    if (inside > outside) std::swap(inside, outside);  // the one inside is started first
    ::close(ends[0]);
    ::close(ends[1]);
  }
  ~FamilyOfThree() {
    for (const pid_t pid : {leader, inside, outside})
      if (pid > 0) ::kill(pid, SIGKILL);
    if (leader > 0) ::waitpid(leader, nullptr, 0);
  }
  FamilyOfThree(const FamilyOfThree&) = delete;
  FamilyOfThree& operator=(const FamilyOfThree&) = delete;

  void endLeader() {
    ::kill(leader, SIGKILL);
    ::waitpid(leader, nullptr, 0);
    leader = 0;
  }

  pid_t leader = 0;
  pid_t inside = 0;
  pid_t outside = 0;

 private:
  /// The leader has the mark; the children inherit it, and have an environment that is empty.
  [[noreturn]] static void live(int out, std::uint64_t mark) {
    ::signal(SIGTERM, SIG_DFL);  // doctest's handler would report a crash, in a copy of the output
    ::setsid();
    if (mark != 0 && !core::family_mark::put(mark)) ::_exit(1);
    for (const bool leaves : {false, true}) {
      if (::fork() != 0) continue;
      if (leaves) ::setsid();
      char name[] = "/bin/sh";
      char option[] = "-c";
      char script[] = "exec sleep 1000";
      char* arguments[] = {name, option, script, nullptr};
      char* environment[] = {nullptr};
      const pid_t self = ::getpid();
      (void)!::write(out, &self, sizeof self);
      ::execve(name, arguments, environment);
      ::_exit(1);
    }
    for (;;) ::pause();
  }
};

std::vector<pid_t> sorted(std::vector<pid_t> pids) {
  std::sort(pids.begin(), pids.end());
  return pids;
}

template <class Condition>
bool soon(const Condition& condition) {
  for (int i = 0; i < 3000; ++i, ::usleep(10'000))
    if (condition()) return true;
  return false;
}

}  // namespace

TEST_CASE("a session is found without those that left it, a tree with them") {
  FamilyOfThree f;
  CHECK(sorted(core::listFamily({f.leader, false, false})) == sorted({f.leader, f.inside}));
  CHECK(sorted(core::listFamily({f.leader, false, true})) == sorted({f.leader, f.inside, f.outside}));
}

TEST_CASE("what left the session of a leader that has ended is found by its mark") {
  FamilyOfThree f(kMark);
  const pid_t leader = f.leader;
  const auto outside = f.outside;
  f.endLeader();
  const auto list = [&](bool tree, std::uint64_t mark, uid_t account) {
    return sorted(core::listFamily({leader, true, tree, mark, account}));
  };
  CHECK(list(false, kMark, ::geteuid()) == std::vector<pid_t>{f.inside});
  CHECK(list(true, kMark - 1, ::geteuid()) == std::vector<pid_t>{f.inside});
  CHECK(list(true, 0, ::geteuid()) == std::vector<pid_t>{f.inside});
  CHECK(list(true, kMark, ::geteuid()) == sorted({f.inside, outside}));
  // Only root's count in a family of another account.
  const auto others = ::geteuid() == 0 ? sorted({f.inside, outside}) : std::vector<pid_t>{f.inside};
  CHECK(list(true, kMark, ::geteuid() + 1) == others);
}

TEST_CASE("the number of a leader that has ended may be another process's") {
  FamilyOfThree f(kMark);
  CHECK(core::listFamily({f.leader, true, true, kMark - 1, ::geteuid()}).empty());
}

TEST_CASE("all of a family are signalled and killed") {
  FamilyOfThree f;
  const core::ProcessFamily family{f.leader, false, true};
  CHECK(core::signalFamily(family, SIGCONT) == 0);
  CHECK(core::killFamily(family) == 0);
  CHECK(soon([&] { return core::listFamily(family).empty(); }));
  CHECK(core::killFamily(family) == 0);
}

TEST_CASE("families are killed together, and no others") {
  std::vector<std::unique_ptr<FamilyOfThree>> families;
  for (std::uint64_t i = 0; i < 10; ++i) families.push_back(std::make_unique<FamilyOfThree>(kMark - i));
  const FamilyOfThree other(kMark - 100);
  const auto now = core::ProcessSnapshot::take();
  core::FamilyKill kill;
  CHECK(kill.empty());
  for (std::uint64_t i = 0; i < 10; ++i)
    CHECK(kill.add({families[i]->leader, false, true, kMark - i, ::geteuid()}, now) == 0);
  CHECK(!kill.empty());
  CHECK(kill.run() == 0);
  CHECK(kill.empty());
  for (const auto& f : families) CHECK(soon([&] { return core::listFamily({f->leader, false, true}).empty(); }));
  CHECK(core::listFamily({other.leader, false, true}).size() == 3);
}

TEST_CASE("a family of which only marks are left is killed") {
  FamilyOfThree f(kMark);
  const core::ProcessFamily family{f.leader, true, true, kMark, ::geteuid()};
  f.endLeader();
  CHECK(core::listFamily(family).size() == 2);
  CHECK(core::killFamily(family) == 0);
  CHECK(soon([&] { return core::listFamily(family).empty(); }));
}

TEST_CASE("a snapshot finds processes by each of their numbers") {
  using By = core::ProcessSnapshot::By;
  const FamilyOfThree f(kMark);
  const auto now = core::ProcessSnapshot::take();
  const auto pids = [&](By by, std::uint64_t number) {
    std::vector<pid_t> out;
    for (const auto& [key, place] : now.find(by, number)) out.push_back(now.all()[place].pid);
    return sorted(std::move(out));
  };
  const auto leader = static_cast<std::uint64_t>(f.leader);
  CHECK(pids(By::Pid, leader) == std::vector<pid_t>{f.leader});
  CHECK(pids(By::Parent, leader) == sorted({f.inside, f.outside}));
  CHECK(pids(By::Session, leader) == sorted({f.leader, f.inside}));
  CHECK(pids(By::Group, static_cast<std::uint64_t>(f.outside)) == std::vector<pid_t>{f.outside});
  CHECK(pids(By::Mark, kMark) == sorted({f.leader, f.inside, f.outside}));
  CHECK(pids(By::Pid, 0).empty());
  CHECK(pids(By::Pid, ~std::uint64_t{0}).empty());
}

TEST_CASE("a signal reaches a leader that is younger than the look, and nobody by an old number") {
  const auto before = core::ProcessSnapshot::take();
  pid_t gone = 0;
  {
    FamilyOfThree f;
    const auto now = core::ProcessSnapshot::take();
    CHECK(core::signalFamily({f.leader, false, false}, SIGTERM, before) == 0);
    int status = 0;
    REQUIRE(::waitpid(f.leader, &status, 0) == f.leader);
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM));
    gone = std::exchange(f.leader, 0);
    // The others are in the look that followed, and still there.
    CHECK(core::signalFamily({gone, true, false}, 0, now) == 0);
    CHECK(core::listFamily({gone, true, false}, now).size() == 2);  // with the leader, as it was then
  }
  CHECK(core::signalFamily({gone, true, false}, SIGKILL, before) == 0);
}
