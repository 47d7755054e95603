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

constexpr int kPatienceMs = 5000;  // until exec: the program may lie on a slow disk
constexpr std::string_view kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int kReport = 3;  // the number of the report pipe in the child

enum class Step : int { Session, Descriptors, Terminal, Identity, Keyring, File, Exec };
struct Failed {
  Step step = Step::Session;
  int code = 0;
  std::size_t file = 0;  ///< the number of the one, in step File
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

/// All that the child needs, made before the fork: it makes system calls only.
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

/// Opens what the account reads; another file that takes the place of a good one later is waited for as the account
/// likes, which only `tail -F` does anyway.
void openFiles(const Prepared& p) noexcept {
  for (std::size_t i = 0; i < p.guest->files.size(); ++i) {
    const bool needed = p.guest->readsFile && i == 0;
    const int fd = ::open(p.guest->files[i].c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && !needed) continue;
    struct stat info {};
    if (fd < 0 || ::fstat(fd, &info) != 0) fail(p, Step::File, i);
    errno = 0;  // no number says that it is of another kind
    if (!S_ISREG(info.st_mode)) fail(p, Step::File, i);
    if (needed && ::dup2(fd, STDIN_FILENO) < 0) fail(p, Step::File, i);
    ::close(fd);
  }
}

/// A session keyring of root gives what it holds to every process that has it, whatever its account.
bool leaveKeyring() noexcept {
  if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0) return true;
  return errno == ENOSYS || errno == EPERM;  // a kernel or container without keyrings: the guest reaches none either
}

[[noreturn]] void becomeGuest(Prepared& p) noexcept {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  core::resetSignals();
  if (::setsid() < 0) fail(p, Step::Session);
  for (int i = 0; i < 3; ++i)
    if (::dup2(p.descriptors[static_cast<std::size_t>(i)], i) < 0) fail(p, Step::Descriptors);
  if (p.report != kReport && ::dup3(p.report, kReport, O_CLOEXEC) < 0) fail(p, Step::Descriptors);
  p.report = kReport;
  // Closed before the account changes: from then on its other processes may stop this one for as long as they like.
  if (::close_range(kReport + 1, ~0U, 0) != 0) fail(p, Step::Descriptors);
  if (p.controlling && ::ioctl(STDOUT_FILENO, TIOCSCTTY, 0) != 0) fail(p, Step::Terminal);
  // A directory that we are in would let those in who could not get there.
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

/// Waits for exec, or for the step that failed.
core::Expected<pid_t> hear(pid_t pid, int report, const Guest& guest) {
  pollfd heard{report, POLLIN, 0};
  int ready = 0;
  while ((ready = ::poll(&heard, 1, kPatienceMs)) < 0 && errno == EINTR) continue;
  Failed failed;
  if (ready > 0 && ::read(report, &failed, sizeof failed) != static_cast<ssize_t>(sizeof failed)) return pid;
  ::kill(pid, SIGKILL);  // its account may have stopped it. Not reaped: what hangs in the kernel must not hang us.
  if (ready == 0)
    return core::Err{core::Error{"cannot start " + guest.file + ": something keeps it from running; it was killed"}};
  const auto& file = failed.step == Step::File ? guest.files[failed.file] : guest.file;
  const std::string what = std::string(toText(failed.step)) + ' ' + file;
  if (failed.step == Step::File && failed.code == 0) return core::Err{core::Error{what + ": it is not a regular file"}};
  return core::sysError(what, failed.code);
}

/// A value that is no more than a word: no path, no expansion, nothing long.
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
    if (const auto path = folder + '/' + name; ::access(path.c_str(), X_OK) == 0) return path;
  return name;
}

core::Expected<pid_t> start(const Guest& guest, const std::array<int, 3>& descriptors, bool controlling) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return core::sysError("cannot start " + guest.file, errno);
  const core::UniqueFd heard(ends[0]);
  core::UniqueFd told(ends[1]);
  Prepared p{core::argumentPointers(guest.arguments),
             core::argumentPointers(guest.environment),
             descriptors,
             told.get(),
             ::getpid(),
             controlling,
             &guest};
  // Above what dup2() overwrites in the child.
  std::array<core::UniqueFd, 4> high;
  for (std::size_t i = 0; i < high.size(); ++i) {
    int& one = i < 3 ? p.descriptors[i] : p.report;
    high[i].reset(::fcntl(one, F_DUPFD_CLOEXEC, kReport + 1));
    if (!high[i]) return core::sysError("cannot start " + guest.file, errno);
    one = high[i].get();
  }
  ::signal(SIGCHLD, SIG_DFL);  // where our parent ignored it, the kernel would reap the guest before we saw its end
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) becomeGuest(p);
  const int code = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return core::sysError("cannot start " + guest.file, code);
  told.reset();
  for (auto& one : high) one.reset();
  return hear(pid, heard.get(), guest);
}

}  // namespace terminal
