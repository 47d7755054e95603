// SPDX-License-Identifier: MIT
// What logs and targets know goes over to a successor.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "instance/config/model.hpp"
#include "instance/output/lane.hpp"
#include "instance/output/open_target.hpp"
#include "instance/output/outlets.hpp"
#include "instance/output/rotating_file.hpp"
#include "lib/core/event_loop.hpp"
#include "tests/unit/output/scratch.hpp"

using config::Backpressure;
using output::RotatingFile;

namespace {

/// A FIFO, its reader, and the outlets of a supervisord.
struct Fifo {
  explicit Fifo(const Scratch& scratch) : path(scratch.at("fifo")) {
    ::signal(SIGPIPE, SIG_IGN);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    reader.reset(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(::fcntl(reader.get(), F_SETPIPE_SZ, 4096) == 4096);
  }
  /// Reads until `size` bytes have come.
  std::string readAll(core::EventLoop& loop, std::size_t size) const {
    std::string got;
    const auto limit = core::Clock::now() + core::seconds(30);
    while (got.size() < size && core::Clock::now() < limit) {
      char bytes[1000];
      const ssize_t n = ::read(reader.get(), bytes, sizeof bytes);
      if (n > 0) got.append(bytes, static_cast<std::size_t>(n));
      loop.step(core::milliseconds(1));
    }
    return got;
  }
  std::string path;
  core::UniqueFd reader;
};

core::UniqueFd duplicate(int fd) { return core::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

}  // namespace

TEST_CASE("bytes that a target has not taken are queued again in order, and new ones follow them") {
  const Scratch scratch;
  const Fifo fifo(scratch);
  const auto text = numbered(20'000);
  core::EventLoop before, after;
  std::unique_ptr<RotatingFile> a, b;  // destroyed after their target has been given up: they write nothing then
  output::Outlets first(before), second(after);
  // Two writers, one of which drops what has no room after 64 KiB; and a half line of each.
  a = std::make_unique<RotatingFile>(first, fifo.path, 0, 0, Backpressure::Block);
  b = std::make_unique<RotatingFile>(first, fifo.path, 0, 0, Backpressure::Drop);
  REQUIRE(a->open().has_value());
  REQUIRE(b->open().has_value());
  a->write(text + "half of a");
  b->write("whole of b\nhalf of b");
  std::vector<state::Unsent> unsent;
  state::Outgoing outgoing;
  first.save(unsent, outgoing, {a->lane(), b->lane()});
  REQUIRE(unsent.size() == 1);
  CHECK(unsent[0].name == "log file " + fifo.path);
  REQUIRE(outgoing.all().size() == 1);
  CHECK(outgoing.all()[0].first == "fifo.0");
  CHECK(a->save().line == "half of a");
  CHECK(b->save() == state::Lane{"half of b", "whole of b\n", {}, false});

  second.restore(unsent);
  second.restore(unsent);  // has no effect
  RotatingFile c(second, fifo.path, 0, 0, Backpressure::Block), d(second, fifo.path, 0, 0, Backpressure::Drop);
  c.restore(core::UniqueFd(), a->rotateAt(), a->save());
  d.restore(core::UniqueFd(), b->rotateAt(), b->save());
  CHECK(c.save() == a->save());
  CHECK(d.save() == b->save());
  c.write(" ends\n");
  d.write(" ends\n");
  const auto expected = text + "half of a ends\nwhole of b\nhalf of b ends\n";
  CHECK(fifo.readAll(after, expected.size()) == expected);
}

TEST_CASE("what the owner of a lane does not save is saved with the target") {
  const Scratch scratch;
  const Fifo fifo(scratch);
  core::EventLoop before, after;
  std::unique_ptr<RotatingFile> log;  // destroyed after its target has been given up
  output::Outlets first(before), second(after);
  log = std::make_unique<RotatingFile>(first, fifo.path, 0, 0, Backpressure::Drop);
  REQUIRE(log->open().has_value());
  const auto text = numbered(2'000);
  log->write(text);
  log->write("kept\n");
  std::vector<state::Unsent> unsent;
  state::Outgoing outgoing;
  first.save(unsent, outgoing, {});
  CHECK(unsent.size() == 2);
  second.restore(unsent);
  CHECK(fifo.readAll(after, text.size() + 5) == text + "kept\n");
}

TEST_CASE("a target that is gone is reported with the size of what is lost") {
  const Scratch scratch;
  const LogCatcher caught;
  core::EventLoop loop;
  output::Outlets outlets(loop);
  outlets.restore({{scratch.at("none/fifo"), "log file x", "", 0, "12345"}});
  CHECK(caught.text().find("log file x: 5 bytes were lost: " + scratch.at("none/fifo") + ": No such file") !=
        std::string::npos);
}

TEST_CASE("a log continues in its file: as large, after losses, and with a rotation that is late") {
  const Scratch scratch;
  const LogCatcher caught;
  core::EventLoop loop;
  output::Outlets outlets(loop);
  const auto path = scratch.at("a.log");
  RotatingFile first(outlets, path, 10, 1);
  REQUIRE(first.open().has_value());
  first.write("123456");
  RotatingFile second(outlets, path, 10, 1);
  CHECK(first.rotateAt() == 0);
  second.restore(duplicate(first.descriptor()), 0, first.save());
  second.write("7890ab");
  CHECK(contentOf(scratch.at("a.log.1")) == "1234567890ab");
  CHECK(contentOf(path).empty());

  RotatingFile late(outlets, path, 10, 1);
  late.restore(duplicate(second.descriptor()), 15, {});
  CHECK(late.rotateAt() == 15);
  late.write("more than ten");
  CHECK(contentOf(path) == "more than ten");
  late.write("!!");
  CHECK(contentOf(path).empty());

  RotatingFile troubled(outlets, path, 0, 0);
  troubled.restore(core::UniqueFd(), 0, state::Lane{"", "", 42, false});
  CHECK(troubled.lost() == 42);
  CHECK(troubled.save() == state::Lane{"", "", 42, false});
  troubled.write("x");
  CHECK(caught.text().find("log file " + path + ": works again, 42 bytes were lost") != std::string::npos);
  CHECK_FALSE(troubled.save().lost.has_value());
}

TEST_CASE("a log that cannot be opened any more loses its bytes with a message, until it can") {
  const Scratch scratch;
  const LogCatcher caught;
  core::EventLoop loop;
  output::Outlets outlets(loop);
  RotatingFile log(outlets, scratch.at("none/a.log"), 0, 0);
  log.restore(core::UniqueFd(), 0, {});
  CHECK(log.isOpen());
  log.write("lost");
  CHECK(log.lost() == 4);
  CHECK(caught.text().find("none/a.log: cannot write: No such file or directory") != std::string::npos);
  REQUIRE(::mkdir(scratch.at("none").c_str(), 0700) == 0);
  log.reopen();
  log.write("kept");
  CHECK(contentOf(scratch.at("none/a.log")) == "kept");
  ::unlink(scratch.at("none/a.log").c_str());
  ::rmdir(scratch.at("none").c_str());
}

TEST_CASE("a descriptor of something else than a regular file is not taken for the log's") {
  const Scratch scratch;
  core::EventLoop loop;
  output::Outlets outlets(loop);
  RotatingFile log(outlets, scratch.at("a.log"), 0, 0);
  log.restore(core::UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC)), 0, {});
  log.write("text");
  CHECK(contentOf(scratch.at("a.log")) == "text");
}
