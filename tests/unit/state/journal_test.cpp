// SPDX-License-Identifier: MIT
// What a journal keeps, and what a successor takes for one.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "tests/unit/state/journal_bench.hpp"

namespace {

/// How many pages of it there are.
long blocksOf(const Journal& journal) {
  struct stat facts {};
  REQUIRE(::fstat(journal.fd(), &facts) == 0);
  return facts.st_blocks;
}

bool unusable(core::UniqueFd memory, const char* why) {
  const auto adopted = Journal::adopt(std::move(memory));
  if (adopted) return false;
  INFO(adopted.error().text);
  CHECK(adopted.error().text.find(why) != std::string::npos);
  return true;
}

}  // namespace

TEST_CASE("records are valid from the commit on, all at once") {
  const auto journal = made();
  REQUIRE(journal->append("a\n"));
  REQUIRE(journal->append("b\n"));
  CHECK(recordsOf(*successorOf(*journal)) == "first\n");
  journal->commit();
  CHECK(recordsOf(*successorOf(*journal)) == "first\na\nb\n");
  REQUIRE(journal->append("c\n"));
  REQUIRE(journal->rewrite("new\n"));
  CHECK(recordsOf(*successorOf(*journal)) == "new\n");
  REQUIRE(journal->append("d\n"));
  journal->commit();
  CHECK(recordsOf(*successorOf(*journal)) == "new\nd\n");
}

TEST_CASE("what was read since the commit is there, in order, with where the log was") {
  const auto journal = made();
  const Pipe out, err;
  const char* bytes = nullptr;
  out.put("one");
  CHECK(journal->read(out.reader.get(), 100, 7, false, {1, 2, 3}, bytes) == 3);
  CHECK(std::string(bytes, 3) == "one");
  err.put("and two");
  CHECK(journal->read(err.reader.get(), 4, 8, true, kNoLog, bytes) == 4);
  CHECK(journal->read(err.reader.get(), 100, 8, true, kNoLog, bytes) == 3);
  CHECK(std::string(bytes, 3) == "two");

  const auto successor = successorOf(*journal);
  const auto done = successor->doings();
  REQUIRE(done.size() == 3);
  CHECK(done[0].bytes == "one");
  CHECK(done[0].program == 7);
  CHECK(!done[0].standardError);
  CHECK(done[0].log.device == 1);
  CHECK(done[0].log.inode == 2);
  CHECK(done[0].log.size == 3);
  CHECK(done[1].bytes == "and ");
  CHECK(done[1].standardError);
  CHECK(done[2].bytes == "two");

  out.put("three");  // the successor continues where the other one was
  CHECK(successor->read(out.reader.get(), 100, 7, false, kNoLog, bytes) == 5);
  CHECK(successorOf(*successor)->doings().size() == 4);
  successor->commit();
  CHECK(successorOf(*successor)->doings().empty());
}

TEST_CASE("an empty pipe, its end and a full journal leave no record") {
  Journal::Sizes small;
  small.doings = 2;
  small.staging = 4;
  const auto journal = made(small);
  Pipe pipe;
  const char* bytes = nullptr;
  CHECK(journal->read(pipe.reader.get(), 100, 1, false, kNoLog, bytes) == -1);
  CHECK(errno == EAGAIN);
  pipe.put("123456");
  CHECK(journal->read(pipe.reader.get(), 100, 1, false, kNoLog, bytes) == 4);
  CHECK(journal->crowded());
  CHECK(journal->read(pipe.reader.get(), 100, 1, false, kNoLog, bytes) == -1);
  CHECK(errno == ENOBUFS);
  journal->commit();
  CHECK(!journal->crowded());
  CHECK(journal->read(pipe.reader.get(), 100, 1, false, kNoLog, bytes) == 2);
  pipe.writer.reset();
  CHECK(journal->read(pipe.reader.get(), 100, 1, false, kNoLog, bytes) == 0);
  CHECK(successorOf(*journal)->doings().size() == 1);
  REQUIRE(journal->willSpawn(1, 0) != nullptr);
  CHECK(journal->willSpawn(1, 0) == nullptr);
  CHECK(!journal->beginFlight(1));
}

TEST_CASE("spawns, signals and flights") {
  const auto journal = made();
  pid_t* const pid = journal->willSpawn(3, 77);
  REQUIRE(pid != nullptr);
  CHECK(successorOf(*journal)->doings().front().pid == 0);
  *pid = 4711;
  journal->willSignal(4);
  auto flight = journal->beginFlight(5);
  flight.filled(10);
  auto done = successorOf(*journal)->doings();
  REQUIRE(done.size() == 3);
  CHECK(done[0].kind == Done::Kind::Spawn);
  CHECK(done[0].pid == 4711);
  CHECK(done[0].startedAfter == 77);
  CHECK(done[1].kind == Done::Kind::Signal);
  CHECK(done[1].program == 4);
  CHECK(done[2].kind == Done::Kind::Flight);
  CHECK(done[2].length == 10);
  CHECK(done[2].sent == -1);
  flight.done(6);
  CHECK(successorOf(*journal)->doings()[2].sent == 6);
}

TEST_CASE("a journal without room is not trusted before it is whole again") {
  Journal::Sizes small;
  small.text = 16;
  const auto journal = made(small);
  CHECK(!journal->append("more than sixteen bytes\n"));
  CHECK(!journal->rewrite("more than sixteen bytes\n"));
  CHECK(unusable(duplicate(journal->fd()), "not complete"));
  CHECK(!journal->append("a\n"));
  REQUIRE(journal->rewrite("short\n"));
  CHECK(recordsOf(*successorOf(*journal)) == "short\n");
}

TEST_CASE("the attempts to take over that did not succeed are counted") {
  const auto journal = made();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 3; ++i) CHECK(successorOf(*journal)->attempt());
    successorOf(*journal)->served();
  }
  for (int i = 0; i < 3; ++i) CHECK(successorOf(*journal)->attempt());
  CHECK(!successorOf(*journal)->attempt());
}

TEST_CASE("nobody takes over from one that stops its programs") {
  const auto journal = made();
  journal->end();
  CHECK(unusable(duplicate(journal->fd()), "stopping all programs"));
}

TEST_CASE("it takes no more memory than it uses") {
  const auto journal = made();
  const long atFirst = blocksOf(*journal);
  CHECK(atFirst <= 3 * 8);
  const std::string record(1000, 'x');
  while (!journal->wantsRewrite()) {
    REQUIRE(journal->append(record));
    journal->commit();
  }
  CHECK(blocksOf(*journal) > atFirst);
  REQUIRE(journal->rewrite("short\n"));
  CHECK(blocksOf(*journal) <= atFirst);
}

TEST_CASE("what is not a journal is refused") {
  Pipe pipe;
  CHECK(unusable(std::move(pipe.reader), "not a memory"));
  CHECK(unusable(core::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)), "not a memory"));
  core::UniqueFd memory(::memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  CHECK(unusable(duplicate(memory.get()), "not a memory"));
  REQUIRE(::ftruncate(memory.get(), 8) == 0);
  REQUIRE(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0);
  CHECK(unusable(std::move(memory), "short"));

  // Each of the first bytes wrong, in each way of a few: refused or accepted, but no crash.
  for (int at = 0; at < 48; ++at)
    for (const std::uint8_t value : std::initializer_list<std::uint8_t>{0x00, 0x01, 0x7f, 0xff}) {
      const auto journal = made();
      const Pipe full;
      full.put("read");
      const char* bytes = nullptr;
      REQUIRE(journal->read(full.reader.get(), 100, 1, false, kNoLog, bytes) == 4);
      REQUIRE(::pwrite(journal->fd(), &value, 1, at) == 1);
      if (const auto adopted = Journal::adopt(duplicate(journal->fd()))) {
        (void)(*adopted)->text();
        (void)(*adopted)->doings();
      }
      if (at < 8 && value == 0) CHECK(unusable(duplicate(journal->fd()), "version"));
    }
}

TEST_CASE("what was read is not where it should be") {
  const auto journal = made();
  const Pipe pipe;
  pipe.put("read");
  const char* bytes = nullptr;
  REQUIRE(journal->read(pipe.reader.get(), 100, 1, false, kNoLog, bytes) == 4);
  const std::int64_t far = 1LL << 40;
  REQUIRE(::pwrite(journal->fd(), &far, sizeof far, 4096 + 24) == sizeof far);
  CHECK(unusable(duplicate(journal->fd()), "not where it should be"));
}
