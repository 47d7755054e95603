// SPDX-License-Identifier: MIT
#include "instance/process/path_watcher.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>

#include "instance/process/watched_place.hpp"

namespace fs = std::filesystem;

template <>
struct doctest::StringMaker<std::set<std::string>> {
  static doctest::String convert(const std::set<std::string>& paths) {
    std::string text;
    for (const auto& path : paths) text += path + " ";
    return text.c_str();
  }
};

using process::PathWatcher;

namespace {

const std::string kMemory = "/dev/shm";

/// A directory, a watcher, and what it has reported.
struct Watching final : PathWatcher::Listener {
  /// `parent`: where the directory is. Large trees are made in memory.
  explicit Watching(const std::string& parent = "/tmp") {
    auto name = parent + "/watch-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root = fs::canonical(name);
  }
  ~Watching() {
    watches.clear();
    fs::remove_all(root);
  }
  void changed(std::string_view path) noexcept override { seen.insert(std::string(path)); }

  void watch(const std::string& path, const std::vector<std::string>& ignored = {"*~", "*.pyc", ".git"}) {
    REQUIRE(watcher.watch(root + "/" + path, ignored, *this, watches));
    settle();
  }
  void until(const std::function<bool()>& reached) {
    for (int i = 0; i < 3000 && !reached(); ++i) loop.step(core::milliseconds(10));
    REQUIRE(reached());
  }
  void settle() {
    until([&] { return watcher.settled(); });
  }
  /// What was reported, without the path of the directory. Something that is reported last shows that no more comes.
  std::set<std::string> reported() {
    Watching* const self = this;
    const auto mark = root + "/mark";
    fs::create_directories(mark);
    std::vector<PathWatcher::Watch> marking;
    REQUIRE(watcher.watch(mark, {}, *this, marking));
    settle();
    write("mark/er");
    until([&] { return self->seen.contains(mark + "/er") && watcher.settled(); });
    marking.clear();
    std::set<std::string> out;
    for (const auto& path : seen)
      if (!path.starts_with(mark)) out.insert(path.substr(std::min(path.size(), root.size() + 1)));
    seen.clear();
    fs::remove_all(mark);
    return out;
  }
  void write(const std::string& path, const std::string& text = "x") const { std::ofstream(root + "/" + path) << text; }
  void rename(const std::string& from, const std::string& to) const { fs::rename(root + "/" + from, root + "/" + to); }
  void link(const std::string& to, const std::string& path) const { fs::create_symlink(to, root + "/" + path); }
  void make(const std::string& path) const { fs::create_directories(root + "/" + path); }
  void remove(const std::string& path) const { fs::remove_all(root + "/" + path); }

  core::EventLoop loop;
  PathWatcher watcher{loop};
  std::string root;
  std::vector<PathWatcher::Watch> watches;
  std::set<std::string> seen;
};

using Paths = std::set<std::string>;

/// Whether the kernel allows so many watches.
bool canWatch(int count) {
  int most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_user_watches") >> most;
  return most >= count;
}

}  // namespace

TEST_CASE("the link of an account leads root only to what this account may look at") {
  if (::geteuid() != 0) return;
  constexpr uid_t kOther = 65534, kThird = 65533;
  Watching it;
  REQUIRE(::chmod(it.root.c_str(), 0755) == 0);
  it.make("public/private/below");
  it.make("public/open");
  it.make("home/own/deep");
  const auto own = [&](const std::string& path, uid_t owner) {
    REQUIRE(::lchown((it.root + "/" + path).c_str(), owner, static_cast<gid_t>(-1)) == 0);
  };
  const auto mode = [&](const std::string& path, mode_t bits) {
    REQUIRE(::chmod((it.root + "/" + path).c_str(), bits) == 0);
  };
  mode("public/private", 0700);
  mode("public/private/below", 0755);
  it.write("public/private/file");
  it.write("public/open/secret");
  mode("public/open/secret", 0600);
  for (const auto* const path : {"home", "home/own", "home/own/deep"}) own(path, kOther);
  mode("home/own/deep", 0700);
  const auto seesOf = [&](const std::string& to, const std::string& changes, uid_t owner) {
    it.link(to, "home/link");
    own("home/link", owner);
    it.watch("home/link");
    (void)it.reported();
    it.write(changes, "changed");
    const auto seen = it.reported();
    it.watches.clear();
    it.remove("home/link");
    return seen.contains(changes);
  };
  const auto root = it.root;
  for (const auto owner : {uid_t{0}, kOther}) {
    const bool isRoot = owner == 0;
    CAPTURE(owner);
    CHECK(seesOf(root + "/public", "public/new" + std::to_string(owner), owner));
    CHECK(seesOf(root + "/public/open", "public/open/file", owner));
    CHECK(seesOf("own/deep", "home/own/deep/file", owner));
    CHECK(seesOf(root + "/home/own/deep", "home/own/deep/file", owner));
    CHECK(seesOf(root + "/public/open/secret", "public/open/secret", owner));  // stat() tells as much
    // Neither as the end of the way, nor on it, nor below its end, nor by "..".
    CHECK(seesOf(root + "/public/private", "public/private/file", owner) == isRoot);
    CHECK(seesOf(root + "/public/private/file", "public/private/file", owner) == isRoot);
    CHECK(seesOf(root + "/public/private/below", "public/private/below/file", owner) == isRoot);
    CHECK(seesOf(root + "/public", "public/private/file", owner) == isRoot);
    CHECK(seesOf("../public/private/below/..", "public/private/file", owner) == isRoot);
  }
  CHECK(!seesOf("own/deep", "home/own/deep/file", kThird));
  // A link of root after one of the account makes no difference.
  it.link(root + "/public/private", "public/rootlink");
  CHECK(!seesOf(root + "/public/rootlink", "public/private/file", kOther));
  CHECK(seesOf(root + "/public/rootlink", "public/private/file", 0));
}

TEST_CASE("a file is written, replaced, removed and made again") {
  Watching it;
  it.write("app.conf");
  it.write("other.conf");
  it.watch("app.conf");
  CHECK(it.reported() == Paths{});
  it.write("app.conf", "in place");
  CHECK(it.reported() == Paths{"app.conf"});
  it.write("app.conf.new");
  it.rename("app.conf.new", "app.conf");
  CHECK(it.reported() == Paths{"app.conf"});
  it.remove("app.conf");
  CHECK(it.reported() == Paths{"app.conf"});
  it.write("app.conf", "again");
  CHECK(it.reported() == Paths{"app.conf"});
  it.write("app.conf", "the new one is watched, too");
  CHECK(it.reported() == Paths{"app.conf"});
  it.write("other.conf", "of no interest");
  CHECK(it.reported() == Paths{});
}

TEST_CASE("an editor keeps the old file under another name") {
  Watching it;
  it.write("app.conf");
  it.watch("app.conf");
  it.rename("app.conf", "app.conf~");
  it.write("app.conf", "new");
  it.remove("app.conf~");
  CHECK(it.reported() == Paths{"app.conf"});
}

TEST_CASE("touch counts, a change of the mode does not") {
  Watching it;
  it.write("app.conf");
  it.make("tree");
  it.write("tree/file");
  const timespec old[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  for (const auto* file : {"/app.conf", "/tree/file"})
    REQUIRE(::utimensat(AT_FDCWD, (it.root + file).c_str(), old, 0) == 0);
  it.watch("app.conf");
  it.watch("tree");
  ::chmod((it.root + "/app.conf").c_str(), 0600);
  ::chmod((it.root + "/tree/file").c_str(), 0600);
  CHECK(it.reported() == Paths{});
  REQUIRE(::utimensat(AT_FDCWD, (it.root + "/app.conf").c_str(), nullptr, 0) == 0);
  REQUIRE(::utimensat(AT_FDCWD, (it.root + "/tree/file").c_str(), nullptr, 0) == 0);
  CHECK(it.reported() == Paths{"app.conf", "tree/file"});
}

TEST_CASE("a file that is still being written counts when it is closed") {
  Watching it;
  it.make("tree");
  it.watch("tree");
  it.watch("app.conf");
  std::ofstream slow(it.root + "/tree/slow"), conf(it.root + "/app.conf");
  slow << "begun" << std::flush;
  conf << "begun" << std::flush;
  CHECK(it.reported() == Paths{});
  slow.close();
  conf.close();
  CHECK(it.reported() == Paths{"tree/slow", "app.conf"});
}

TEST_CASE("links and files without a name count when they get one") {
  Watching it;
  it.make("tree");
  it.write("file");
  it.watch("tree");
  fs::create_hard_link(it.root + "/file", it.root + "/tree/hard");
  it.link("nowhere", "tree/soft");
  CHECK(it.reported() == Paths{"tree/hard", "tree/soft"});
  const int fd = ::open((it.root + "/tree").c_str(), O_TMPFILE | O_RDWR, 0600);
  if (fd < 0) return;  // not on this file system
  REQUIRE(::linkat(AT_FDCWD, ("/proc/self/fd/" + std::to_string(fd)).c_str(), AT_FDCWD,
                   (it.root + "/tree/late").c_str(), AT_SYMLINK_FOLLOW) == 0);
  ::close(fd);
  CHECK(it.reported().size() == 1);
}

TEST_CASE("a path that is not there is waited for") {
  Watching it;
  it.watch("a/b/app.conf");
  it.make("a");
  CHECK(it.reported() == Paths{});
  it.make("a/b");
  CHECK(it.reported() == Paths{});
  it.write("a/b/app.conf");
  CHECK(it.reported() == Paths{"a/b/app.conf"});
  it.remove("a");
  CHECK(it.reported() == Paths{"a/b/app.conf"});
  it.make("c/b");
  it.write("c/b/app.conf");
  it.rename("c", "a");
  CHECK(it.reported() == Paths{"a"});
  it.write("a/b/app.conf", "more");
  CHECK(it.reported() == Paths{"a/b/app.conf"});
}

TEST_CASE("a configuration that is replaced as a whole by a link") {
  Watching it;
  it.make("conf/..1");
  it.write("conf/..1/app.conf");
  it.link("..1", "conf/..data");
  it.link("..data/app.conf", "conf/app.conf");
  it.watch("conf/app.conf");
  it.make("conf/..2");
  it.write("conf/..2/app.conf");
  CHECK(it.reported() == Paths{});
  it.link("..2", "conf/..new");
  it.rename("conf/..new", "conf/..data");
  it.remove("conf/..1");
  CHECK(it.reported() == Paths{"conf/..data"});
  it.write("conf/..2/app.conf", "in place");
  CHECK(it.reported() == Paths{"conf/..2/app.conf"});
}

TEST_CASE("a link to the directory that is deployed") {
  Watching it;
  it.make("releases/1/app");
  it.make("releases/2/app");
  it.write("releases/1/app/main");
  it.write("releases/2/app/main");
  it.link("releases/1", "current");
  it.watch("current");
  it.write("releases/2/app/main", "not deployed yet");
  CHECK(it.reported() == Paths{});
  it.write("releases/1/app/main", "deployed");
  CHECK(it.reported() == Paths{"releases/1/app/main"});
  it.link("releases/2", "next");
  it.rename("next", "current");
  CHECK(it.reported() == Paths{"current"});
  it.write("releases/1/app/main", "not deployed any more");
  CHECK(it.reported() == Paths{});
  it.write("releases/2/app/main", "deployed");
  CHECK(it.reported() == Paths{"releases/2/app/main"});
}

TEST_CASE("a link that leads in a circle, to itself or up") {
  Watching it;
  it.link("circle", "circle");
  it.watch("circle/app.conf");
  it.make("down");
  it.link("../up.conf", "down/app.conf");
  it.watch("down/app.conf");
  it.write("up.conf");
  CHECK(it.reported() == Paths{"up.conf"});
}

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
  std::vector<PathWatcher::Watch> other;
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
