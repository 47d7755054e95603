// SPDX-License-Identifier: MIT
#include "daemon/instances/notify_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"
#include "lib/lifecycle/state.hpp"

namespace instances {
namespace {

constexpr std::size_t kMessageLimit = 256 * 1024;
/// Messages read in one turn of the loop: a chatty instance waits for the others.
constexpr int kBatch = 16;
/// Programs accepted from one message.
constexpr std::size_t kProgramLimit = 10000;
/// Bytes that an instance may send in one burst, and per second. A thousand programs that start take some 100 KB.
constexpr std::uint64_t kBudget = 1024 * 1024;
constexpr std::uint64_t kBudgetPerSecond = 256 * 1024;
/// Each message counts as this many bytes more: a flood of empty messages costs processor time, too.
constexpr std::uint64_t kMessageCost = 1024;

/// The pid that comes with another state has ended: it may be anybody's by now.
bool isAlive(const std::string& state) { return state == "STARTING" || state == "RUNNING" || state == "STOPPING"; }

bool isState(const std::string& state) { return state == core::notify::kRemoved || lifecycle::stateFromText(state); }

}  // namespace

Notice parseNotice(const std::string& message) {
  Notice notice;
  const std::string programKey = std::string(core::notify::kProgramKey) + '=';
  const std::string descriptionKey = std::string(core::notify::kDescriptionKey) + '=';
  bool afterProgram = false;  // the line before was a program's, and was accepted
  for (const auto& line : core::split(message, '\n')) {
    if (line == core::notify::kReady) notice.ready = true;
    if (line == core::notify::kStopping) notice.stopping = true;
    if (line == core::notify::kReloading) notice.reloading = true;
    if (line == core::notify::kWholeTable) notice.wholeTable = true;
    if (line.starts_with("STATUS=")) notice.status = core::printable(core::toUtf8(line.substr(7, 200)));
    if (std::exchange(afterProgram, false) && line.starts_with(descriptionKey))
      notice.programs.back().description =
          core::printable(core::toUtf8(line.substr(descriptionKey.size(), core::notify::kDescriptionLimit)));
    if (!line.starts_with(programKey) || notice.programs.size() >= kProgramLimit) continue;
    auto program = core::notify::parseProgram(std::string_view(line).substr(programKey.size()));
    if (!program || program->name.size() > 256 || !isState(program->state)) continue;
    program->name = core::printable(core::toUtf8(program->name));
    if (!isAlive(program->state)) program->pid = 0;
    notice.programs.push_back(std::move(*program));
    afterProgram = true;
  }
  return notice;
}

core::Expected<std::unique_ptr<NotifySocket>> NotifySocket::open(core::EventLoop& loop, const std::string& directory,
                                                                 uid_t uid, Callback callback) {
  const auto path = directory + "/socket";
  const auto temporary = path + ".new";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (temporary.size() >= sizeof address.sun_path) return core::sysError(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, temporary.c_str(), temporary.size());
  if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) return core::sysError(directory, errno);
  ::unlink(temporary.c_str());
  core::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  const int size = 1024 * 1024;
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) return core::sysError(path, errno);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  // Renamed when it is complete: an instance that sees the path can send to it.
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(temporary.c_str(), 0600) != 0 ||
      (uid != ::geteuid() && ::chown(temporary.c_str(), uid, static_cast<gid_t>(-1)) != 0) ||
      ::rename(temporary.c_str(), path.c_str()) != 0)
    return core::sysError(path, errno);
  return std::unique_ptr<NotifySocket>(new NotifySocket(loop, std::move(fd), path, std::move(callback)));
}

NotifySocket::NotifySocket(core::EventLoop& loop, core::UniqueFd fd, std::string path, Callback callback)
    : loop_(loop),
      fd_(std::move(fd)),
      path_(std::move(path)),
      callback_(std::move(callback)),
      budget_(kBudget, kBudgetPerSecond, core::Clock::now()),
      watch_(loop, fd_.get(), core::IoWatch::Read, [this](auto) { readSome(); }) {}

NotifySocket::~NotifySocket() = default;

void NotifySocket::readSome() {
  for (int i = 0; i < kBatch && !budget_.isEmpty(core::Clock::now()) && receive(); ++i) {
  }
  if (!budget_.isEmpty(core::Clock::now())) return;
  if (!pause_)
    pause_.emplace(
        loop_, [this] { watch_.setEvents(core::IoWatch::Read); }, core::milliseconds(10));
  watch_.setEvents(core::IoWatch::None);
  pause_->armIn(budget_.wait(core::Clock::now()));
}

void NotifySocket::remove() {
  ::unlink(path_.c_str());
  ::rmdir(path_.substr(0, path_.rfind('/')).c_str());
}

void NotifySocket::drain() {
  for (int i = 0; i < 1000 && receive(); ++i) {
  }
}

bool NotifySocket::receive() {
  // One thread, one message at a time. Without initialization: pages that no message has filled take no memory.
  static const auto kBuffer = std::make_unique_for_overwrite<char[]>(kMessageLimit);
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(16 * sizeof(int))];
  iovec data{kBuffer.get(), kMessageLimit};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const auto n = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0) return errno == EINTR;
  budget_.spend(static_cast<std::uint64_t>(n) + kMessageCost, core::Clock::now());
  const ucred* sender = nullptr;
  for (auto* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET) continue;
    if (c->cmsg_type == SCM_CREDENTIALS) sender = reinterpret_cast<const ucred*>(CMSG_DATA(c));
    if (c->cmsg_type != SCM_RIGHTS) continue;
    // Descriptors are not part of the protocol: kept open, they would fill the manager's table.
    const auto count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) ::close(reinterpret_cast<const int*>(CMSG_DATA(c))[i]);
  }
  // A message that was cut could end in the first part of a program's name.
  if (sender && !(message.msg_flags & MSG_TRUNC))
    callback_(sender->pid, sender->uid, std::string(kBuffer.get(), static_cast<std::size_t>(n)));
  return true;
}

}  // namespace instances
