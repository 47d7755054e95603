// SPDX-License-Identifier: MIT
#include "instance/output/rotating_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <limits>

#include "instance/output/lane.hpp"
#include "instance/output/outlets.hpp"
#include "lib/core/event_loop.hpp"
#include "tests/unit/output/scratch.hpp"

using output::RotatingFile;
using Names = std::vector<std::string>;

TEST_CASE("a log rotates after the write that reaches the size, and never splits a write") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  RotatingFile log(outlets, scratch.at("a.log"), 10, 2);
  REQUIRE(log.open().has_value());
  log.write("123456789");
  CHECK(scratch.list() == Names{"a.log"});
  log.write("abcdef");  // 15 bytes in one file
  CHECK(contentOf(scratch.at("a.log")).empty());
  CHECK(contentOf(scratch.at("a.log.1")) == "123456789abcdef");
  log.write("second rotation");
  log.write("third rotation");
  CHECK(scratch.list() == Names{"a.log", "a.log.1", "a.log.2"});
  CHECK(contentOf(scratch.at("a.log.1")) == "third rotation");
  CHECK(contentOf(scratch.at("a.log.2")) == "second rotation");
}

TEST_CASE("other limits count from the next write on") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  RotatingFile log(outlets, scratch.at("a.log"), 1000, 9);
  REQUIRE(log.open().has_value());
  log.write("0123456789");
  log.setLimits(5, 1);
  CHECK(scratch.list() == Names{"a.log"});
  for (const char* const text : {"a", "second", "third one"}) log.write(text);
  CHECK(scratch.list() == Names{"a.log", "a.log.1"});
  CHECK(contentOf(scratch.at("a.log.1")) == "third one");
  log.setLimits(0, 1);
  log.write("it grows without a limit");
  CHECK(contentOf(scratch.at("a.log")) == "it grows without a limit");
}

TEST_CASE("a rotation renames existing backups only, however many are allowed") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  RotatingFile log(outlets, scratch.at("a.log"), 1, std::numeric_limits<int>::max());
  REQUIRE(log.open().has_value());
  for (const char* text : {"first", "second", "third"}) log.write(text);
  CHECK(scratch.list() == Names{"a.log", "a.log.1", "a.log.2", "a.log.3"});
  CHECK(contentOf(scratch.at("a.log.3")) == "first");
  // A removed backup leaves a gap: older ones keep their names.
  ::unlink(scratch.at("a.log.2").c_str());
  log.write("fourth");
  CHECK(contentOf(scratch.at("a.log.1")) == "fourth");
  CHECK(contentOf(scratch.at("a.log.2")) == "third");
  CHECK(contentOf(scratch.at("a.log.3")) == "first");
}

TEST_CASE("without backups a full log is truncated; without a limit it grows") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  RotatingFile log(outlets, scratch.at("a.log"), 4, 0);
  REQUIRE(log.open().has_value());
  log.write("12345");
  log.write("x");
  CHECK(scratch.list() == Names{"a.log"});
  CHECK(contentOf(scratch.at("a.log")) == "x");

  RotatingFile endless(outlets, scratch.at("b.log"), 0, 3);
  REQUIRE(endless.open().has_value());
  endless.write(std::string(100'000, 'y'));
  CHECK(contentOf(scratch.at("b.log")).size() == 100'000);
}

TEST_CASE("a log appends to an existing file, whose size counts") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  std::ofstream(scratch.at("a.log")) << "12345678";
  RotatingFile log(outlets, scratch.at("a.log"), 10, 1);
  REQUIRE(log.open().has_value());
  log.write("90");
  CHECK(contentOf(scratch.at("a.log.1")) == "1234567890");
}

TEST_CASE("every byte is written as it is") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  RotatingFile log(outlets, scratch.at("a.log"), 0, 0);
  REQUIRE(log.open().has_value());
  log.write(bytes);
  CHECK(contentOf(scratch.at("a.log")) == bytes);
}

TEST_CASE("a log that others truncate (copytruncate) is not rotated too early, and has no hole") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  RotatingFile log(outlets, scratch.at("a.log"), 10, 3);
  REQUIRE(log.open().has_value());
  log.write("12345678");
  REQUIRE(::truncate(scratch.at("a.log").c_str(), 0) == 0);
  log.write("abc");
  CHECK(scratch.list() == Names{"a.log"});
  CHECK(contentOf(scratch.at("a.log")) == "abc");
}

TEST_CASE("a renamed log continues under its new name until it is reopened") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  RotatingFile log(outlets, scratch.at("a.log"), 0, 0);
  REQUIRE(log.open().has_value());
  log.write("one ");
  REQUIRE(::rename(scratch.at("a.log").c_str(), scratch.at("old").c_str()) == 0);
  log.write("two");
  log.reopen();
  log.write("three");
  CHECK(contentOf(scratch.at("old")) == "one two");
  CHECK(contentOf(scratch.at("a.log")) == "three");
}

TEST_CASE("a removed log is created again while it is written") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  RotatingFile log(outlets, scratch.at("a.log"), 0, 0);
  REQUIRE(log.open().has_value());
  ::unlink(scratch.at("a.log").c_str());
  while (::access(scratch.at("a.log").c_str(), F_OK) != 0) log.write("x");  // it looks once a second
  CHECK(contentOf(scratch.at("a.log")) == "x");
}

TEST_CASE("a log that cannot be opened reports why, by errno") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  RotatingFile nowhere(outlets, scratch.at("missing/a.log"), 0, 0);
  CHECK(nowhere.open().error().code == ENOENT);
  RotatingFile directory(outlets, scratch.path(), 0, 0);
  CHECK(directory.open().error().code == EISDIR);
  CHECK_FALSE(directory.isOpen());
}

TEST_CASE("trouble is logged once; when it is over, so is what was lost") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  const LogCatcher catcher;
  RotatingFile log(outlets, scratch.at("a.log"), 0, 0);
  REQUIRE(log.open().has_value());
  // A file where the log's directory would have to be: reopening fails.
  REQUIRE(::unlink(scratch.at("a.log").c_str()) == 0);
  REQUIRE(::mkdir(scratch.at("a.log").c_str(), 0700) == 0);
  log.reopen();
  log.write("12345");
  log.write("67");
  CHECK(log.lost() == 7);
  const auto first = catcher.text().find("cannot write");
  CHECK(first != std::string::npos);
  CHECK(catcher.text().find("cannot write", first + 1) == std::string::npos);
  REQUIRE(::rmdir(scratch.at("a.log").c_str()) == 0);
  log.reopen();
  log.write("back");
  CHECK(catcher.text().find("works again, 7 bytes were lost") != std::string::npos);
  CHECK(contentOf(scratch.at("a.log")) == "back");
  CHECK(log.lost() == 0);
}

TEST_CASE("/dev/full is a failure that does not end the program") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const LogCatcher catcher;
  RotatingFile log(outlets, "/dev/full", 100, 1);
  REQUIRE(log.open().has_value());
  log.write("abc");
  log.write("def");
  CHECK(log.lost() == 6);
  CHECK(catcher.text().find("/dev/full: cannot write: No space left on device") != std::string::npos);
}

TEST_CASE("clearing removes the file and begins a new one; links stay") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  RotatingFile log(outlets, scratch.at("a.log"), 0, 0);
  REQUIRE(log.open().has_value());
  log.write("old");
  int notices = 0;
  const auto subscription = log.notice().subscribe([&] { ++notices; });
  REQUIRE(log.clear().has_value());
  CHECK(notices == 1);
  log.write("new");
  CHECK(notices == 2);
  CHECK(contentOf(scratch.at("a.log")) == "new");

  std::ofstream(scratch.at("target")) << "text";
  REQUIRE(::symlink(scratch.at("target").c_str(), scratch.at("link").c_str()) == 0);
  RotatingFile linked(outlets, scratch.at("link"), 0, 0);
  REQUIRE(linked.clear().has_value());
  CHECK(::access(scratch.at("link").c_str(), F_OK) == 0);
  CHECK(contentOf(scratch.at("target")).empty());
  RotatingFile device(outlets, "/dev/stdout", 0, 0);
  REQUIRE(device.clear().has_value());
  CHECK(::access("/dev/stdout", F_OK) == 0);
}

TEST_CASE("a FIFO without a reader delays nobody, and keeps its bytes for the next reader") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  REQUIRE(::mkfifo(scratch.at("fifo").c_str(), 0600) == 0);
  RotatingFile log(outlets, scratch.at("fifo"), 5, 1);
  REQUIRE(log.open().has_value());
  log.write("hello world");  // beyond maxbytes: a FIFO is not rotated
  core::UniqueFd reader(::open(scratch.at("fifo").c_str(), O_RDONLY | O_NONBLOCK));
  char buffer[64];
  CHECK(::read(reader.get(), buffer, sizeof buffer) == 11);
  log.write(std::string(1 << 20, 'x'));  // more than the pipe holds: waits for the reader
  CHECK(log.lost() == 0);
  REQUIRE(log.lane() != nullptr);
  CHECK(log.lane()->fullOutlet() != nullptr);
  reader.reset();  // now there is no reader
  loop.step(core::seconds(10));
  CHECK(log.lost() > 0);
  CHECK(log.lane()->fullOutlet() == nullptr);
  CHECK(scratch.list() == Names{"fifo"});
}

TEST_CASE("what a pipe does not take immediately is sent when it does, in order") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  const core::UniqueFd reader(ends[0]), writer(ends[1]);
  RotatingFile log(outlets, "/dev/fd/" + std::to_string(writer.get()), 0, 0);
  REQUIRE(log.open().has_value());
  std::string sent;
  for (int i = 0; sent.size() < 100'000; ++i) sent += std::to_string(i) + '\n';
  log.write(sent);
  CHECK(log.lost() == 0);
  std::string got;
  while (got.size() < sent.size()) {
    char buffer[8192];
    const ssize_t n = ::read(reader.get(), buffer, sizeof buffer);
    if (n > 0)
      got.append(buffer, static_cast<std::size_t>(n));
    else
      loop.step(core::seconds(10));
  }
  CHECK(got == sent);
}

TEST_CASE("a descriptor of a file is shared: nobody overwrites output of the others") {
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const Scratch scratch;
  const core::UniqueFd out(::open(scratch.at("out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  RotatingFile log(outlets, "/dev/fd/" + std::to_string(out.get()), 0, 0);
  CHECK(::write(out.get(), "ours ", 5) == 5);
  REQUIRE(log.open().has_value());
  log.write("a program's ");
  CHECK(::write(out.get(), "and ours", 8) == 8);
  CHECK(contentOf(scratch.at("out")) == "ours a program's and ours");
}
