// SPDX-License-Identifier: MIT
#include "daemon/instances/turns.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "daemon/instances/edit_queue.hpp"

using instances::EditQueue;
using instances::Turns;

namespace {

/// Changes and removals that end when the test calls end(). `log` has what they did, in order.
struct Scene {
  core::EventLoop loop;
  std::vector<std::string> log;
  std::vector<core::Completion<bool>> works;  ///< of the turns under way, in the order in which they began
  Turns turns{loop};
  EditQueue edits{loop};
  core::TaskScope tasks;

  core::Task<> work() {
    (void)co_await core::completes<bool>([this](core::Completion<bool> done) { works.push_back(std::move(done)); });
  }
  core::Task<> change(std::string what, bool checking) {
    const auto turn = co_await turns.enter("a");
    if (!turn) {
      log.push_back(what + " dismissed");
      co_return;
    }
    log.push_back(what);
    turn->setChecking(checking);
    co_await work();
    log.push_back(what + (turn->over() ? " over" : " done"));
  }
  core::Task<> removal(std::string what) {
    const auto turn = co_await turns.enterRemoval("a");
    if (!turn) {
      log.push_back(what + " was done");
      co_return;
    }
    log.push_back(what);
    co_await work();
    log.push_back(what + " done");
  }
  core::Task<> edit(std::string what) {
    const auto turn = co_await edits.enter();
    log.push_back(what);
    co_await work();
    log.push_back(what + " done");
  }

  void begin(const std::string& what) { tasks.run(change(what, false)); }
  void beginCheck(const std::string& what) { tasks.run(change(what, true)); }
  void beginRemoval(const std::string& what) { tasks.run(removal(what)); }
  void beginEdit(const std::string& what) { tasks.run(edit(what)); }
  void end(std::size_t which) {
    auto done = std::move(works.at(which));
    done(true);
  }
  /// What came after the last call, with all that follows from it in the loop.
  std::vector<std::string> then() {
    bool over = false;
    core::Timer last(loop, [&over] { over = true; });
    last.armIn(core::milliseconds(1));  // deferred calls go before timers
    while (!over) loop.step(core::seconds(1));
    return std::exchange(log, {});
  }
};

using Log = std::vector<std::string>;

}  // namespace

TEST_SUITE("turns") {
  TEST_CASE("a change alone begins and ends") {
    Scene scene;
    scene.begin("1");
    CHECK(scene.log == Log{"1"});
    scene.end(0);
    CHECK(scene.then() == Log{"1", "1 done"});
    scene.begin("2");
    CHECK(scene.log == Log{"2"});
  }

  TEST_CASE("a later change replaces one that is being checked") {
    Scene scene;
    scene.beginCheck("1");
    scene.begin("2");
    CHECK(scene.then() == Log{"1", "2"});
    scene.end(0);
    scene.end(1);
    CHECK(scene.then() == Log{"1 over", "2 done"});
  }

  TEST_CASE("the latest of those that came meanwhile is next") {
    Scene scene;
    for (const auto* what : {"1", "2", "3", "4"}) scene.begin(what);
    CHECK(scene.then() == Log{"1", "2 dismissed", "3 dismissed"});
    scene.end(0);
    CHECK(scene.log == Log{"1 done"});  // the next one continues from the loop
    CHECK(scene.then() == Log{"1 done", "4"});
    scene.end(1);
    CHECK(scene.then() == Log{"4 done"});
  }

  TEST_CASE("one that comes between two turns is the latest") {
    Scene scene;
    scene.begin("1");
    scene.begin("2");
    scene.end(0);
    scene.begin("3");
    CHECK(scene.then() == Log{"1", "1 done", "3", "2 dismissed"});
  }

  TEST_CASE("a removal comes first") {
    Scene scene;
    scene.begin("1");
    scene.begin("2");
    scene.beginRemoval("removal");
    CHECK(scene.turns.isLeaving("a"));
    CHECK(scene.then() == Log{"1", "removal", "2 dismissed"});
    scene.begin("3");
    scene.end(0);
    CHECK(scene.then() == Log{"1 over"});
    scene.end(1);
    CHECK_FALSE(scene.turns.isLeaving("a"));
    CHECK(scene.then() == Log{"removal done", "3"});
  }

  TEST_CASE("a second removal waits for the first and dismisses what came between") {
    Scene scene;
    scene.beginRemoval("1");
    scene.begin("2");
    scene.beginRemoval("3");
    CHECK(scene.then() == Log{"1", "2 dismissed"});
    scene.begin("4");
    scene.end(0);
    CHECK(scene.then() == Log{"1 done", "3 was done", "4"});
  }

  TEST_CASE("edits come one after the other, in order") {
    Scene scene;
    for (const auto* what : {"1", "2", "3"}) scene.beginEdit(what);
    CHECK(scene.then() == Log{"1"});
    scene.end(0);
    CHECK(scene.log == Log{"1 done"});
    scene.beginEdit("4");  // not before those that wait
    CHECK(scene.then() == Log{"1 done", "2"});
    scene.end(1);
    CHECK(scene.then() == Log{"2 done", "3"});
    scene.end(2);
    CHECK(scene.then() == Log{"3 done", "4"});
  }

  TEST_CASE("an edit that was given up while it waited holds up nobody") {
    Scene scene;
    scene.beginEdit("1");
    {
      core::TaskScope other;
      other.run(scene.edit("2"));
    }
    scene.beginEdit("3");
    scene.end(0);
    CHECK(scene.then() == Log{"1", "1 done", "3"});
  }
}
