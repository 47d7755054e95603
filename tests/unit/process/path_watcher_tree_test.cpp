// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include "instance/process/watched_place.hpp"
#include "tests/unit/process/path_watching.hpp"

namespace {

const std::string kMemory = "/dev/shm";

/// Whether the kernel allows so many watches.
bool canWatch(int count) {
  int most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_user_watches") >> most;
  return most >= count;
}

}  // namespace

TEST_CASE("a tree: new, moved and removed directories") {
  Watching it;
  it.make("tree/a/b");
  it.write("tree/a/b/file");
  it.watch("tree");
  it.write("tree/a/b/file", "more");
  CHECK(it.reported() == Paths{"tree/a/b/file"});
  it.make("tree/c/d");
  CHECK(it.reported() == Paths{"tree/c"});
  it.write("tree/c/d/file");
  CHECK(it.reported() == Paths{"tree/c/d/file"});
  it.rename("tree/c", "tree/e");
  CHECK(it.reported() == Paths{"tree/c", "tree/e"});
  it.write("tree/e/d/file", "more");
  CHECK(it.reported() == Paths{"tree/e/d/file"});
  it.rename("tree/e", "away");
  CHECK(it.reported() == Paths{"tree/e"});
  it.write("away/d/file", "more");
  CHECK(it.reported() == Paths{});
  it.remove("tree/a/b/file");
  CHECK(it.reported() == Paths{"tree/a/b/file"});
}

TEST_CASE("files in a directory that is newer than its watch count with it") {
  Watching it;
  it.make("tree");
  it.watch("tree");
  it.make("prepared/x/y");
  it.write("prepared/x/y/file");
  it.rename("prepared", "tree/prepared");
  CHECK(it.reported() == Paths{"tree/prepared"});
  it.write("tree/prepared/x/y/file", "more");
  CHECK(it.reported() == Paths{"tree/prepared/x/y/file"});
}

TEST_CASE("a watched directory is removed and made again") {
  Watching it;
  it.make("tree/a");
  it.watch("tree");
  for (int i = 0; i < 3; ++i) {
    it.remove("tree");
    CHECK(it.reported().contains("tree"));
    it.make("tree/a");
    CHECK(it.reported() == Paths{"tree"});
    it.write("tree/a/file");
    CHECK(it.reported() == Paths{"tree/a/file"});
    it.remove("tree");  // followed by a new one, which may have the same inode
    it.make("tree/a");
    CHECK(it.reported().contains("tree"));
    it.write("tree/a/file");
    CHECK(it.reported() == Paths{"tree/a/file"});
  }
}

TEST_CASE("a file becomes a directory") {
  Watching it;
  it.write("app");
  it.watch("app");
  it.remove("app");
  it.make("app");
  CHECK(it.reported() == Paths{"app"});
  it.write("app/x");
  CHECK(it.reported() == Paths{"app/x"});
}

TEST_CASE("names that do not count") {
  Watching it;
  it.make("tree/.git/objects");
  it.watch("tree");
  it.write("tree/a.pyc");
  it.write("tree/a~");
  it.write("tree/.git/objects/1");
  it.make("tree/x.pyc");
  it.write("tree/x.pyc/file");
  CHECK(it.reported() == Paths{});
  it.write("tree/a.py");
  CHECK(it.reported() == Paths{"tree/a.py"});
}

TEST_CASE("a watched path counts whatever its name") {
  Watching it;
  it.make("app.pyc");
  it.watch("app.pyc");
  it.write("app.pyc/file");
  CHECK(it.reported() == Paths{"app.pyc/file"});
}

TEST_CASE("in a tree links are not followed, and FIFOs are not opened") {
  Watching it;
  it.make("tree");
  it.make("outside");
  it.link("../outside", "tree/link");
  it.link(".", "tree/self");
  REQUIRE(::mkfifo((it.root + "/tree/fifo").c_str(), 0600) == 0);
  it.watch("tree");
  it.watch("tree/fifo");
  it.write("outside/file");
  CHECK(it.reported() == Paths{});
}

TEST_CASE("programs share the watches of a path, and the last one ends them") {
  Watching it;
  it.make("tree/a");
  it.make("tree/b");
  CHECK(it.watcher.idle());
  it.watch("tree");
  const auto watches = it.watcher.watches();
  it.watch("tree");
  it.watch("tree/a");  // another path, the same directories
  CHECK(it.watcher.watches() == watches);
  it.watches.clear();
  CHECK(it.watcher.idle());
  CHECK(it.watcher.watches() == 0);
  it.watch("tree");
  it.write("tree/file");
  CHECK(it.reported() == Paths{"tree/file"});
}

TEST_CASE("one of two watches of a directory ends, the other one stays") {
  Watching it;
  it.make("tree/a");
  it.watch("tree");
  std::vector<process::PathWatcher::Watch> other;
  REQUIRE(it.watcher.watch(it.root + "/tree/a", {}, it, other));
  it.settle();
  other.clear();
  it.write("tree/a/file");
  CHECK(it.reported() == Paths{"tree/a/file"});
}

TEST_CASE("a tree of five thousand directories is read in pieces") {
  if (!canWatch(20'000)) return;
  Watching it(kMemory);
  for (int i = 0; i < 50; ++i)
    for (int k = 0; k < 100; ++k) it.make("tree/" + std::to_string(i) + "/" + std::to_string(k));
  REQUIRE(it.watcher.watch(it.root + "/tree", {}, it, it.watches));
  CHECK_FALSE(it.watcher.settled());
  int turns = 0;
  it.until([&] { return ++turns, it.watcher.settled(); });
  CHECK(turns > 50);
  CHECK(it.watcher.watches() >= 5050);
  it.write("tree/49/99/file");
  CHECK(it.reported() == Paths{"tree/49/99/file"});
}

TEST_CASE("of a greater tree the rest is left out") {
  if (!canWatch(20'000)) return;
  Watching it(kMemory);
  constexpr auto kMost = process::WatchedPlace::kMostDirectories;
  for (std::size_t i = 0; i < kMost + 100; ++i)
    it.make("tree/" + std::to_string(i / 100) + "/" + std::to_string(i % 100));
  it.watch("tree");
  CHECK(it.watcher.watches() >= kMost);
  CHECK(it.watcher.watches() <= kMost + 10);  // and the directories on the way
}

TEST_CASE("when events are lost, everything counts as changed and is read again") {
  Watching it(kMemory);
  it.make("tree/a");
  it.watch("tree");
  std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
  int most = 0;
  limit >> most;
  for (int i = 0; i < most; ++i) {
    it.write("tree/a/1");
    it.write("tree/a/2");
  }
  it.make("tree/lost");
  it.until([&] { return it.seen.contains(it.root + "/tree"); });
  it.settle();
  it.reported();
  it.write("tree/lost/file");
  CHECK(it.reported() == Paths{"tree/lost/file"});
}
