// SPDX-License-Identifier: MIT
#include "instance/process/notifications.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <exception>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "instance/process/rights.hpp"
#include "instance/state/descriptors.hpp"
#include "lib/core/files.hpp"
#include "lib/core/log.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

namespace input = lifecycle::input;

constexpr int kMostInARow = 64;
constexpr core::milliseconds kFloodPause{100};
/// Messages that a process may leave behind; the queue of a socket has room for fewer.
constexpr int kMostAtTheEnd = 1024;
/// As systemd's; longer messages are ignored.
constexpr std::size_t kLongestMessage = 4096;
constexpr std::size_t kLongestStatus = 200;
/// What one EXTEND_TIMEOUT_USEC can ask for.
constexpr core::microseconds kMostExtension = std::chrono::hours(1);
constexpr const char* kSocketName = "notify";

sockaddr_un addressOf(const std::string& path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  return address;
}

/// The path that the socket was bound to.
std::string pathOf(int socket) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return {address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path)};
}

core::Err<core::Error> socketError(const std::string& path) {
  const int code = errno;
  return core::Err{
      core::Error{fmt::format("couldn't make the notification socket {}: {}", path, ::strerrorname_np(code)), code}};
}

}  // namespace

struct Notifications::Message {
  std::array<char, kLongestMessage> bytes;
  std::size_t size = 0;
  pid_t sender = 0;
  bool complete = false;
  [[nodiscard]] std::string_view text() const noexcept { return {bytes.data(), size}; }
};

Notifications::Notifications(ProcessContext& context, Process& program)
    : context_(context),
      program_(program),
      watch_(context.loop(),
             [this](std::uint32_t) {
               const ProcessContext::Turn turn(context_);  // keeps the program until the end of this call
               if (readSome()) return;
               watch_.stop();
               pause_.armIn(kFloodPause);
             }),
      pause_(context.loop(), [this] { watch_.start(socket_.get(), core::IoWatch::Read); }),
      tell_(context.loop(), [this] { program_.tell(input::Ready{}); }) {}

Notifications::~Notifications() { close(); }

core::Status Notifications::beforeSpawn(LaunchExtras& extras) {
  if (isIgnored()) return {};
  auto directory = context_.directory().path();
  if (!directory) return core::Err{std::move(directory).error()};
  const auto path = fmt::format("{}/{}", *directory, program_.number());
  if (auto seen = checkVisible(program_.config(), "its notification socket", path); !seen) return seen;
  if (auto opened = open(path); !opened) return opened;
  extras.environment.emplace_back("NOTIFY_SOCKET", path);
  // What our own service manager asks of us is not meant for the program, which now could answer.
  extras.withheld.insert(extras.withheld.end(), {"WATCHDOG_PID", "WATCHDOG_USEC"});
  if (auto* const keeper = context_.keeper()) keeper->keep(program_, kSocketName, socket_.get());
  return {};
}

/// Only the program's account may write to it: nobody else can fill its queue.
core::Status Notifications::open(const std::string& path) {
  close();
  core::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return socketError(path);
  const int on = 1;
  const auto address = addressOf(path);
  ::unlink(path.c_str());
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return socketError(path);
  path_ = path;
  const auto owner = program_.config().uid.value_or(::geteuid());
  if (::chmod(path.c_str(), 0600) != 0 || (owner != ::geteuid() && ::lchown(path.c_str(), owner, -1) != 0))
    return socketError(path);
  listen(std::move(socket));
  return {};
}

void Notifications::listen(core::UniqueFd socket) {
  socket_ = std::move(socket);
  watch_.start(socket_.get(), core::IoWatch::Read);
}

void Notifications::close() noexcept {
  watch_.stop();
  pause_.disarm();
  socket_.reset();
  if (!path_.empty()) ::unlink(path_.c_str());
  path_.clear();
}

/// The predecessor had started the process, and has not saved that it had.
void Notifications::adopt(state::Incoming& incoming) noexcept try {
  auto socket = incoming.take(state::pipeName(program_.number(), kSocketName));
  lost_ = !socket;
  if (lost_) return;
  path_ = pathOf(socket.get());
  context_.directory().adopt(core::directoryOf(path_));
  listen(std::move(socket));
} catch (const std::exception&) {
  logging::error("{}: out of memory: what it notifies of is not received", program_.name());
}

void Notifications::resume() noexcept {
  if (!std::exchange(lost_, false) || program_.pid() == 0) return;
  logging::attempt([&] {
    logging::warn(
        "{}: its notification socket was lost in a crash of supervisord; it is not heard until its next start{}",
        program_.fullName(), program_.state() == lifecycle::ProcessState::Starting ? ", and counts as ready" : "");
  });
  if (program_.config().extension->readiness.kind == config::Readiness::Kind::Notify) tell_.schedule();
}

void Notifications::onState(lifecycle::ProcessState to) noexcept { stop_.entered(to, core::Clock::now()); }

/// The watchdog does not hear of it: what it does about a sick program would go to a pid that may be another process's.
void Notifications::onReaped() noexcept {
  WatchdogHook watchdog;
  watchdog_.swap(watchdog);
  try {
    Message message;
    for (int i = 0; i < kMostAtTheEnd && receive(message); ++i)
      if (message.complete && message.sender == program_.pid() && !isIgnored()) handle(message.text());
  } catch (const std::exception& error) {
    logging::error("{}: its last notifications are lost: {}", program_.name(), error.what());
  }
  watchdog_.swap(watchdog);
}

void Notifications::onEnded() noexcept {
  if (auto* const keeper = context_.keeper(); keeper != nullptr && socket_) keeper->drop(program_, kSocketName);
  context_.touch(program_);
  close();
  status_.clear();
  reloading_ = stopping_ = complained_ = handled_ = false;
  inARow_ = 0;
}

void Notifications::describe(std::string& text) const {
  if (isIgnored()) return;
  if (reloading_) text += ", reloading";
  if (stopping_) text += ", stopping";
  if (program_.config().extension->readiness.showStatus && !status_.empty()) text.append(", ").append(status_);
}

/// False if there is none. Descriptors have no room in what is received, and the kernel closes them. A message that is
/// only looked at stays the first one.
bool Notifications::receive(Message& message, bool onlyLook) const noexcept {
  iovec bytes{message.bytes.data(), message.bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  const auto size = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC | (onlyLook ? MSG_PEEK : 0));
  if (size < 0) return false;
  message.size = static_cast<std::size_t>(size);
  message.complete = (header.msg_flags & MSG_TRUNC) == 0;
  message.sender = 0;
  const cmsghdr* const about = CMSG_FIRSTHDR(&header);
  if (about != nullptr && about->cmsg_level == SOL_SOCKET && about->cmsg_type == SCM_CREDENTIALS) {
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(about), sizeof sender);
    message.sender = sender.pid;
  }
  return true;
}

/// False: there may be more, and it has to wait.
///
/// With a keeper a message that changes something is taken out of the socket in the next turn, when a successor knows
/// of the change: if we are killed before, the successor finds the message. What it may hear twice does no harm.
bool Notifications::readSome() {
  Message message;
  if (std::exchange(handled_, false)) (void)receive(message);
  while (inARow_++ < kMostInARow) {
    const bool kept = context_.keeper() != nullptr;
    if (!receive(message, kept)) {
      inARow_ = 0;
      return true;
    }
    take(message);
    if (handled_ && kept) return true;
    handled_ = false;
    if (kept) (void)receive(message);
  }
  inARow_ = 0;
  return false;
}

/// The key is gone; a process that was started before keeps sending.
bool Notifications::isIgnored() const noexcept {
  return program_.config().extension->readiness.access == config::NotifyAccess::None;
}

void Notifications::take(const Message& message) {
  if (isIgnored()) return;
  if (!message.complete)
    complain(fmt::format("a message of more than {} bytes", kLongestMessage));
  else if (accepts(message.sender))
    handle(message.text());
  else
    complain(fmt::format("a message of process {}, which is not {}", message.sender,
                         program_.config().extension->readiness.access == config::NotifyAccess::All
                             ? "a living process of its group"
                             : "its own (notify_access=all would accept one of its group)"));
}

bool Notifications::accepts(pid_t sender) const noexcept {
  if (program_.pid() <= 0 || sender <= 0) return false;
  if (sender == program_.pid()) return true;
  return program_.config().extension->readiness.access == config::NotifyAccess::All &&
         ::getpgid(sender) == program_.pid();
}

void Notifications::handle(std::string_view text) {
  for (const auto& line : core::split(text, '\n'))
    if (const auto equals = line.find('='); equals != std::string::npos)
      handle(line.substr(0, equals), line.substr(equals + 1));
}

/// What it does not know is for other versions of systemd.
void Notifications::handle(std::string_view key, std::string_view value) {
  if (key == "READY" && value == "1") {
    change(reloading_, false);
    handled_ = true;
    if (program_.config().extension->readiness.kind == config::Readiness::Kind::Notify) program_.tell(input::Ready{});
  } else if (key == "RELOADING" && value == "1") {
    change(reloading_, true);
  } else if (key == "STOPPING" && value == "1") {
    change(stopping_, true);
  } else if (key == "STATUS") {
    change(status_, core::printable(core::toUtf8(value.substr(0, kLongestStatus))));
  } else if (key == "WATCHDOG" && watchdog_ && (value == "1" || value == "trigger")) {
    watchdog_(value == "trigger");
  } else if (key == "EXTEND_TIMEOUT_USEC") {
    extend(value);
  } else if (key == "MAINPID" && value != std::to_string(program_.pid())) {
    complain("MAINPID: the process that was started stays the program's");
  }
}

void Notifications::extend(std::string_view microseconds) {
  std::uint64_t count = 0;
  const auto* const end = microseconds.data() + microseconds.size();
  if (const auto [rest, error] = std::from_chars(microseconds.data(), end, count); error != std::errc() || rest != end)
    return;
  count = std::min(count, static_cast<std::uint64_t>(kMostExtension.count()));
  program_.tell(input::Extend{stop_.granted(core::Clock::now() + core::microseconds(count))});
}

template <class Member, class Value>
void Notifications::change(Member& member, Value&& value) {
  if (member == value) return;
  context_.touch(program_);
  handled_ = true;
  member = std::forward<Value>(value);
}

void Notifications::complain(const std::string& what) {
  logging::log(std::exchange(complained_, true) ? logging::Level::Debug : logging::Level::Warn,
               "{}: notification refused: {}", program_.fullName(), what);
}

void Notifications::save(state::Program& saved, state::Outgoing& outgoing) const {
  if (!socket_ && !lost_) return;
  auto name = state::pipeName(program_.number(), kSocketName);
  // If we are killed before the loss is handled, a successor handles it.
  saved.notifications = state::Notifications{lost_ ? std::move(name) : outgoing.add(std::move(name), socket_.get()),
                                             status_, reloading_, stopping_};
}

void Notifications::restore(const state::Program& saved, state::Incoming& incoming) {
  stop_.entered(program_.state(), core::Clock::now());  // what it had of its hour is forgotten
  if (!saved.notifications) return;
  adopt(incoming);
  status_ = saved.notifications->status;
  reloading_ = saved.notifications->reloading;
  stopping_ = saved.notifications->stopping;
}

}  // namespace process
