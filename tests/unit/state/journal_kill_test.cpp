// SPDX-License-Identifier: MIT
// A writer of a journal is killed at any moment, and a successor continues.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

#include "tests/unit/state/journal_bench.hpp"

namespace {

/// Appends numbers, one a line, to a log, from a pipe, as supervisord does: reads, writes the log, and commits how many
/// bytes it has handled. Continues after a killed one.
class LogWriter {
 public:
  LogWriter(std::unique_ptr<Journal> journal, int pipe, int log)
      : journal_(std::move(journal)), pipe_(pipe), log_(log) {
    const auto text = recordsOf(*journal_);
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

/// Writes its pid to a pipe. It runs on a stack that AddressSanitizer does not know, in the memory of its parent, which
/// may be killed: neither checks nor anything that waits for a lock of the sanitizer.
__attribute__((no_sanitize("address", "undefined"))) int writePid(void* pipe) {
  const auto self = static_cast<pid_t>(::syscall(SYS_getpid));
  ::syscall(SYS_write, *static_cast<const int*>(pipe), &self, sizeof self);
  ::syscall(SYS_exit_group, 0);
  return 0;
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
      int fd = born.writer.get();
      while (pid_t* const pid = own->willSpawn(1, 0)) {
        constexpr int kFlags = CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD;
        if (::clone(writePid, stack + kStack, kFlags, &fd, pid) != *pid) ::_exit(3);
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
