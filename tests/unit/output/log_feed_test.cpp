// SPDX-License-Identifier: MIT
#include "instance/output/log_feed.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdio.h>

#include <string>

#include "lib/core/event_loop.hpp"
#include "tests/unit/output/scratch.hpp"

using output::LogFeed;

namespace {

/// A log that is written by hand, and the feeds of two programs that read it one after the other.
struct TwoFeeds {
  TwoFeeds() { write("old\n"); }

  void write(std::string_view text, const char* name = "log") const {
    std::ofstream(scratch.at(name), std::ios::app | std::ios::binary) << text;
  }
  void rotate() const { REQUIRE(::rename(scratch.at("log").c_str(), scratch.at("log.1").c_str()) == 0); }
  /// Lets the feeds read what was written.
  void turn() {
    notice.notify();
    for (int i = 0; i < 50; ++i) loop.step(core::Duration::zero());
  }
  void open() { REQUIRE(before.open().has_value()); }
  /// Hands `place` over, as the only or first one.
  void resume(const LogFeed::Place& place, std::int64_t last = 0) {
    after.resume(core::UniqueFd(::fcntl(place.file, F_DUPFD_CLOEXEC, 0)), place.offset, std::max(place.offset, last));
  }
  static std::string rest(const LogFeed& feed, std::uint64_t& position) {
    std::string all;
    for (;;) {
      const auto bytes = feed.read(position, 1000);
      if (bytes.empty()) return all;
      all += bytes;
    }
  }
  std::string rest(std::int64_t offset) {
    turn();
    auto position = after.positionAt(offset);
    return rest(after, position);
  }

  Scratch scratch;
  core::EventLoop loop;
  output::AppendNotice notice;
  LogFeed before{loop, scratch.at("log"), notice};
  LogFeed after{loop, scratch.at("log"), notice};
};

}  // namespace

TEST_CASE_FIXTURE(TwoFeeds, "a follower continues at its byte in the feed of the next program") {
  open();
  write("read\nunread\n");
  turn();
  const auto place = before.place(before.start() + 9);
  CHECK(place.before.empty());
  CHECK(place.offset == 9);
  write("later\n");
  resume(place);
  CHECK(rest(place.offset) == "unread\nlater\n");
}

TEST_CASE_FIXTURE(TwoFeeds, "followers at different bytes share the feed of the next program") {
  open();
  write(std::string(3000, 'x') + "\n12345\n");
  turn();
  const auto slow = before.place(4);
  const auto quick = before.place(3011);
  resume(slow, quick.offset);
  CHECK(rest(quick.offset) == contentOf(scratch.at("log")).substr(3011));
  CHECK(rest(slow.offset) == contentOf(scratch.at("log")).substr(4));
  CHECK(after.start() == 3011 - 1024);  // a new one gets the end of the log, as before
}

TEST_CASE_FIXTURE(TwoFeeds, "a log that is rotated during the change is read to its end, and then the new one") {
  open();
  turn();
  const auto place = before.place(before.start() + 4);
  write("last\n");
  rotate();
  write("new\n");
  resume(place);
  CHECK(rest(place.offset) == "last\nnew\n");
}

TEST_CASE_FIXTURE(TwoFeeds, "what a follower has not read of an earlier file is handed over as text") {
  open();
  turn();
  const auto start = before.start();
  write("last\n");
  turn();
  rotate();
  write("new\n");
  turn();
  const auto behind = before.place(start + 4);
  CHECK(behind.before == "last\n");
  CHECK(behind.offset == 0);
  const auto halfway = before.place(start + 7);
  CHECK(halfway.before == "t\n");
  const auto there = before.place(start + 11);
  CHECK(there.before.empty());
  CHECK(there.offset == 2);
  resume(behind, there.offset);
  CHECK(rest(behind.offset) == "new\n");
  CHECK(rest(there.offset) == "w\n");
}

TEST_CASE_FIXTURE(TwoFeeds, "a follower that has missed bytes gets their number before it continues") {
  open();
  const std::string line(1023, 'y');
  for (int i = 0; i < 1100; ++i) write(line + "\n");
  turn();
  const auto place = before.place(before.start() - before.start());
  CHECK(place.before.starts_with("\n[... "));
  CHECK(place.before.ends_with(" bytes skipped ...]\n"));
  const auto content = contentOf(scratch.at("log"));
  REQUIRE(place.offset > 4);
  CHECK(content[static_cast<std::size_t>(place.offset) - 1] == '\n');
  CHECK(place.before == "\n[... " + std::to_string(place.offset) + " bytes skipped ...]\n");
  resume(place);
  CHECK(rest(place.offset) == content.substr(static_cast<std::size_t>(place.offset)));
}

TEST_CASE_FIXTURE(TwoFeeds, "a log that was truncated during the change is read from its start") {
  open();
  write(std::string(5000, 'x'));
  turn();
  const auto place = before.place(5004);
  CHECK(place.offset == 5004);
  REQUIRE(::truncate(scratch.at("log").c_str(), 0) == 0);
  write("fresh\n");
  resume(place);
  CHECK(rest(place.offset) == "fresh\n");
}

TEST_CASE_FIXTURE(TwoFeeds, "an offset that no log has is harmless") {
  const LogFeed::Place place{::open(scratch.at("log").c_str(), O_RDONLY | O_CLOEXEC), -5, {}};
  const core::UniqueFd file(place.file);
  resume(place, std::numeric_limits<std::int64_t>::max());
  CHECK(rest(-5) == "old\n");
  CHECK(rest(std::numeric_limits<std::int64_t>::max()) == "old\n");
}
