// SPDX-License-Identifier: MIT
#include "lib/terminal/guest.hpp"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "lib/core/child.hpp"
#include "lib/core/text.hpp"
#include "lib/core/unique_fd.hpp"

extern char** environ;

namespace terminal {
namespace {

constexpr int kExecLimitMs =
    5000;  // long enough for a program on a slow disk; the account can stop the child before exec
constexpr std::string_view kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int kReport = 3;  // the number of the report pipe in the child

enum class Step : int { Session, Descriptors, Terminal, Identity, Keyring, File, Exec };
struct Failed {
  Step step = Step::Session;
  int code = 0;
  std::size_t file = 0;  ///< the index of the file, in step File
};

const char* toText(Step step) noexcept {
  switch (step) {
    case Step::Session: return "cannot make a session for";
    case Step::Descriptors: return "cannot arrange the descriptors of";
    case Step::Terminal: return "cannot give a terminal to";
    case Step::Identity: return "cannot change to the account that runs";
    case Step::Keyring: return "cannot leave our keyring for";
    case Step::File: return "cannot read";
    case Step::Exec: return "cannot run";
  }
  return "cannot start";
}

/// The data of the child, prepared before the fork: after it, only system calls are safe.
struct Prepared {
  std::vector<char*> argv, envp;
  std::array<int, 3> descriptors;
  int report = -1;
  pid_t parent = 0;
  bool controlling = false;
  const Guest* guest = nullptr;
};

[[noreturn]] void fail(const Prepared& p, Step step, std::size_t file = 0) noexcept {
  const Failed failed{step, errno, file};
  static_cast<void>(!::write(p.report, &failed, sizeof failed));
  ::_exit(127);
}

/// Checks with the account's ids that the files exist and are regular: `tail` would wait endlessly for a FIFO. The
/// account can replace a file after the check; only `tail -F` opens it again, and that waits anyway.
void openFiles(const Prepared& p) noexcept {
  for (std::size_t i = 0; i < p.guest->files.size(); ++i) {
    const bool needed = p.guest->readsFile && i == 0;
    const int fd = ::open(p.guest->files[i].c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && !needed) continue;
    struct stat info {};
    if (fd < 0 || ::fstat(fd, &info) != 0) fail(p, Step::File, i);
    errno = 0;  // reported as "not a regular file"
    if (!S_ISREG(info.st_mode)) fail(p, Step::File, i);
    if (needed && ::dup2(fd, STDIN_FILENO) < 0) fail(p, Step::File, i);
    ::close(fd);
  }
}

/// Joins a new session keyring: every process with root's session keyring can read the keys in it, whatever its
/// account.
bool leaveKeyring() noexcept {
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0) return true;
  return errno == ENOSYS || errno == EPERM;  // a kernel or container without keyrings: the guest cannot use them either
}

[[noreturn]] void becomeGuest(Prepared& p) noexcept {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  core::resetSignals();
  if (::setsid() < 0) fail(p, Step::Session);
  for (int i = 0; i < 3; ++i)
    if (::dup2(p.descriptors[static_cast<std::size_t>(i)], i) < 0) fail(p, Step::Descriptors);
  if (p.report != kReport && ::dup3(p.report, kReport, O_CLOEXEC) < 0) fail(p, Step::Descriptors);
  p.report = kReport;
  // Closed before the account changes: after that, its other processes can stop this one with our files open.
  if (::close_range(kReport + 1, ~0U, 0) != 0) fail(p, Step::Descriptors);
  if (p.controlling && ::ioctl(STDOUT_FILENO, TIOCSCTTY, 0) != 0) fail(p, Step::Terminal);
  // The account could enter our current directory through this process, even if it cannot reach it by its path.
  if (::chdir("/") != 0) fail(p, Step::Session);
  if (p.guest->identity) {
    if (const int code = core::dropTo(*p.guest->identity)) {
      errno = code;
      fail(p, Step::Identity);
    }
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // the change may have set it to fs.suid_dumpable
    if (!leaveKeyring()) fail(p, Step::Keyring);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(p, Step::Identity);
  }
  if (!p.guest->directory.empty()) static_cast<void>(!::chdir(p.guest->directory.c_str()));
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);  // after the change of account, which clears it
  if (::getppid() != p.parent) ::_exit(127);
  openFiles(p);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(p.guest->file.c_str(), p.argv.data(), p.envp.data());
  fail(p, Step::Exec);
}

/// Waits until the child has executed the program or reported the step that failed.
core::Expected<pid_t> awaitExec(pid_t pid, int report, const Guest& guest) {
  pollfd reported{report, POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&reported, 1, kExecLimitMs)) < 0 && errno == EINTR) continue;
  Failed failed;
  if (ready > 0 && ::read(report, &failed, sizeof failed) != static_cast<ssize_t>(sizeof failed)) return pid;
  // Its account may have stopped it. It is not reaped: waiting for a process that hangs in the kernel could block.
  ::kill(pid, SIGKILL);
  if (ready == 0)
    return core::Err{core::Error{"cannot start " + guest.file + ": it did not run within 5 seconds and was killed"}};
  const auto& file = failed.step == Step::File ? guest.files[failed.file] : guest.file;
  const std::string what = std::string(toText(failed.step)) + ' ' + file;
  if (failed.step == Step::File && failed.code == 0) return core::Err{core::Error{what + ": it is not a regular file"}};
  return core::sysError(what, failed.code);
}

/// Whether the value is a short word: the guest's programs may use it in a path (TERM) or expand it.
bool isPlain(std::string_view value) {
  return !value.empty() && value.size() <= 64 && std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._@+-").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::vector<std::string> environmentOf(const std::optional<core::Account>& account) {
  std::vector<std::string> out{"PATH=" + std::string(kPath)};
  const auto who = account ? account : core::findAccount(::geteuid());
  if (who) {
    out.push_back("HOME=" + (who->home.empty() ? std::string("/") : who->home));
    out.push_back("SHELL=" + (who->shell.empty() ? std::string("/bin/sh") : who->shell));
    out.push_back("USER=" + who->name);
    out.push_back("LOGNAME=" + who->name);
  }
  for (char** one = environ; *one; ++one) {
    const std::string_view entry(*one);
    const auto equals = std::min(entry.find('='), entry.size());
    const auto name = entry.substr(0, equals);
    const bool wanted = name == "TERM" || name == "NO_COLOR" || name == "LANG" || name.starts_with("LC_");
    if (wanted && equals < entry.size() && isPlain(name) && isPlain(entry.substr(equals + 1))) out.emplace_back(entry);
  }
  return out;
}

std::string findProgram(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  for (const auto& folder : core::split(kPath, ':'))
    if (auto path = folder + '/' + name; ::access(path.c_str(), X_OK) == 0) return path;
  return name;
}

core::Expected<pid_t> start(const Guest& guest, const std::array<int, 3>& descriptors, bool controlling) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return core::sysError("cannot start " + guest.file, errno);
  const core::UniqueFd reports(ends[0]);
  core::UniqueFd reporting(ends[1]);
  Prepared p{core::argumentPointers(guest.arguments),
             core::argumentPointers(guest.environment),
             descriptors,
             reporting.get(),
             ::getpid(),
             controlling,
             &guest};
  // Copies above the numbers that dup2() overwrites in the child.
  std::array<core::UniqueFd, 4> high;
  for (std::size_t i = 0; i < high.size(); ++i) {
    int& one = i < 3 ? p.descriptors[i] : p.report;
    high[i].reset(::fcntl(one, F_DUPFD_CLOEXEC, kReport + 1));
    if (!high[i]) return core::sysError("cannot start " + guest.file, errno);
    one = high[i].get();
  }
  ::signal(SIGCHLD, SIG_DFL);  // if our parent ignores it, the kernel would reap the guest and its status would be lost
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) becomeGuest(p);
  const int code = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return core::sysError("cannot start " + guest.file, code);
  reporting.reset();
  for (auto& one : high) one.reset();
  return awaitExec(pid, reports.get(), guest);
}

}  // namespace terminal
