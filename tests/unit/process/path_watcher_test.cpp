// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/process/path_watching.hpp"

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
  std::filesystem::create_hard_link(it.root + "/file", it.root + "/tree/hard");
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
