// SPDX-License-Identifier: MIT
#include "lib/core/files.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace {

struct TemporaryDirectory {
  std::string path = "/tmp/files-test-XXXXXX";
  TemporaryDirectory() { REQUIRE(::mkdtemp(path.data())); }
  ~TemporaryDirectory() {
    for (const char* name : {"/file", "/fifo"}) ::unlink((path + name).c_str());
    ::rmdir(path.c_str());
  }
};

}  // namespace

TEST_CASE("a file is written completely and read back, up to a limit") {
  const TemporaryDirectory directory;
  const auto file = directory.path + "/file";
  REQUIRE(core::writeFileAtomically(file, "hello", 0640));
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0640);
  CHECK(*core::readFile(file, 5) == "hello");
  CHECK(core::readFile(file, 4).error().code == EFBIG);
  CHECK_FALSE(core::writeFileAtomically(directory.path + "/no/file", "x", 0600));
}

TEST_CASE("a FIFO is refused without waiting for a writer") {
  const TemporaryDirectory directory;
  const auto fifo = directory.path + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  CHECK(core::readFile(fifo, 100).error().code == EINVAL);
}

TEST_CASE("paths are like those of Python's os.path") {
  CHECK(core::directoryOf("x").empty());
  CHECK(core::directoryOf("/x") == "/");
  CHECK(core::directoryOf("/a/b/") == "/a/b");
  CHECK(core::directoryOf("a//b") == "a");
  CHECK(core::absolutePath("x/../y/./z", "/base") == "/base/y/z");
  CHECK(core::absolutePath("/../a//b/", "/base") == "/a/b");
  CHECK(core::absolutePath("..", "/") == "/");
  CHECK(core::expandHome("/~") == "/~");
  CHECK(core::expandHome("~root/x") == "/root/x");
  CHECK(core::expandHome("~nobody-of-that-name/x") == "~nobody-of-that-name/x");
}
