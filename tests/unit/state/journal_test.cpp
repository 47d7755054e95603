// SPDX-License-Identifier: MIT
#include "instance/state/journal.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

namespace {

using state::Done;
using state::Journal;
using state::LogMark;

constexpr LogMark kNoLog{};

struct Pipe {
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
  }
  void put(std::string_view bytes) const {
    REQUIRE(::write(writer.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  core::UniqueFd reader, writer;
};

std::unique_ptr<Journal> made(Journal::Sizes sizes = {}) {
  auto journal = Journal::create(sizes);
  REQUIRE(journal);
  REQUIRE((*journal)->rewrite("first\n"));
  return std::move(*journal);
}

core::UniqueFd duplicate(int fd) { return core::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

/// What a successor finds.
std::unique_ptr<Journal> successorOf(const Journal& journal) {
  auto adopted = Journal::adopt(duplicate(journal.fd()));
  REQUIRE_MESSAGE(adopted, adopted.error().text);
  return std::move(*adopted);
}

std::string textOf(const Journal& journal) {
  auto text = journal.text();
  REQUIRE(text);
  return *text;
}

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
  CHECK(textOf(*successorOf(*journal)) == "first\n");
  journal->commit();
  CHECK(textOf(*successorOf(*journal)) == "first\na\nb\n");
  REQUIRE(journal->append("c\n"));
  REQUIRE(journal->rewrite("new\n"));
  CHECK(textOf(*successorOf(*journal)) == "new\n");
  REQUIRE(journal->append("d\n"));
  journal->commit();
  CHECK(textOf(*successorOf(*journal)) == "new\nd\n");
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
  CHECK(textOf(*successorOf(*journal)) == "short\n");
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

namespace {

/// Appends numbers, one a line, to a log, from a pipe, as supervisord does: reads, writes the log, and commits how many
/// bytes it has handled. Continues after a killed one.
class LogWriter {
 public:
  LogWriter(std::unique_ptr<Journal> journal, int pipe, int log)
      : journal_(std::move(journal)), pipe_(pipe), log_(log) {
    const auto text = textOf(*journal_);
    const auto line = text.rfind("handled ");
    if (line != std::string::npos) handled_ = std::stoll(text.substr(line + 8));
    for (const auto& one : journal_->doings()) {
      REQUIRE(one.kind == Done::Kind::Read);
      // What the log has already of it is skipped.
      struct stat facts {};
      REQUIRE(::fstat(log_, &facts) == 0);
      const auto has = static_cast<std::size_t>(std::max<std::int64_t>(0, facts.st_size - one.log.size));
      if (has < one.bytes.size()) write(one.bytes.substr(has));
      handled_ += static_cast<std::int64_t>(one.bytes.size());
    }
    commit();
  }
  /// One read. False: there is nothing to read.
  bool step(std::size_t limit) {
    struct stat facts {};
    if (::fstat(log_, &facts) != 0) ::_exit(3);
    const char* bytes = nullptr;
    const auto n = journal_->read(pipe_, limit, 1, false, {0, 1, facts.st_size}, bytes);
    if (n <= 0) return false;
    write({bytes, static_cast<std::size_t>(n)});
    handled_ += n;
    return true;
  }
  void commit() {
    const auto record = "handled " + std::to_string(handled_) + "\n";
    if (journal_->wantsRewrite() || !journal_->append(record)) {
      if (!journal_->rewrite(record)) ::_exit(4);
    } else {
      journal_->commit();
    }
  }
  [[nodiscard]] std::int64_t handled() const { return handled_; }

 private:
  void write(std::string_view bytes) {
    // In two pieces, so that a kill can come between them.
    const auto half = bytes.size() / 2;
    if (::write(log_, bytes.data(), half) != static_cast<ssize_t>(half)) ::_exit(5);
    if (::write(log_, bytes.data() + half, bytes.size() - half) != static_cast<ssize_t>(bytes.size() - half))
      ::_exit(5);
  }

  std::unique_ptr<Journal> journal_;
  int pipe_;
  int log_;
  std::int64_t handled_ = 0;
};

/// Writes 0, 1, 2, … until it is killed.
pid_t counter(const Pipe& pipe) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::fcntl(pipe.writer.get(), F_SETFL, 0);
  for (long n = 0;; ++n) {
    const auto line = std::to_string(n) + "\n";
    if (::write(pipe.writer.get(), line.data(), line.size()) < 0) ::_exit(0);
  }
}

std::string contentOf(int file) {
  struct stat facts {};
  REQUIRE(::fstat(file, &facts) == 0);
  std::string all(static_cast<std::size_t>(facts.st_size), '\0');
  REQUIRE(::pread(file, all.data(), all.size(), 0) == static_cast<ssize_t>(all.size()));
  return all;
}

/// The lines are 0, 1, 2, … without a gap or a double; the last one may be cut.
void checkCounts(const std::string& log) {
  const char* at = log.data();
  const char* const end = log.data() + log.size();
  for (long expected = 0; at < end; ++expected) {
    const char* const line = static_cast<const char*>(::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (line == nullptr) return;
    long n = -1;
    std::from_chars(at, line, n);
    if (n != expected) REQUIRE(n == expected);
    at = line + 1;
  }
}

void killAndReap(pid_t pid) {
  REQUIRE(::kill(pid, SIGKILL) == 0);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFSIGNALED(status));
}

}  // namespace

TEST_CASE("kill -9 at any moment of a reader loses and doubles no byte") {
  constexpr int kKills = 300;
  const Pipe pipe;
  const core::UniqueFd log(::memfd_create("log", MFD_CLOEXEC));
  REQUIRE(::fcntl(log.get(), F_SETFL, O_APPEND) == 0);
  const auto journal = made();
  const pid_t writer = counter(pipe);
  unsigned moment = 1;
  std::int64_t before = 0;
  int advanced = 0;
  for (int i = 0; i < kKills; ++i) {
    const pid_t reader = ::fork();
    if (reader == 0) {
      LogWriter successor(successorOf(*journal), pipe.reader.get(), log.get());
      for (unsigned n = 0;; ++n) {
        successor.step(n % 2 == 0 ? 128 * 1024 : 1000);
        if (n % 3 != 0) successor.commit();
      }
    }
    moment = moment * 1103515245 + 12345;
    ::usleep(200 + moment / 65536 % 2000);
    killAndReap(reader);
    struct stat facts {};
    REQUIRE(::fstat(log.get(), &facts) == 0);
    advanced += facts.st_size > before ? 1 : 0;
    before = facts.st_size;
  }
  killAndReap(writer);
  LogWriter last(successorOf(*journal), pipe.reader.get(), log.get());
  while (last.step(128 * 1024)) last.commit();
  const auto content = contentOf(log.get());
  CHECK(advanced > kKills / 10);
  CHECK(last.handled() == static_cast<std::int64_t>(content.size()));
  checkCounts(content);
}

TEST_CASE("kill -9 at any moment around a fork: the pid is there, or there is no child") {
  constexpr int kKills = 200;
  constexpr std::size_t kStack = 64 * 1024;
  const auto journal = made();
  unsigned moment = 7;
  for (int i = 0; i < kKills; ++i) {
    const Pipe born;  // each child writes its pid
    successorOf(*journal)->commit();
    const pid_t parent = ::fork();
    if (parent == 0) {
      const auto own = successorOf(*journal);
      static char stack[kStack];
      static int fd = born.writer.get();
      const auto child = [](void*) {
        const pid_t self = ::getpid();
        (void)!::write(fd, &self, sizeof self);
        ::_exit(0);
        return 0;
      };
      while (pid_t* const pid = own->willSpawn(1, 0)) {
        constexpr int kFlags = CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD;
        if (::clone(child, stack + kStack, kFlags, nullptr, pid) != *pid) ::_exit(3);
        ::waitpid(*pid, nullptr, 0);
      }
      ::_exit(4);
    }
    moment = moment * 1103515245 + 12345;
    ::usleep(300 + moment / 65536 % 1500);
    killAndReap(parent);
    std::vector<pid_t> noted, written;
    for (const auto& one : successorOf(*journal)->doings())
      if (one.pid != 0) noted.push_back(one.pid);
    for (pid_t pid = 0; ::read(born.reader.get(), &pid, sizeof pid) == sizeof pid;) written.push_back(pid);
    // The last child lives on, and may not have written yet.
    if (noted.size() == written.size() + 1) noted.pop_back();
    REQUIRE(noted == written);
  }
}
