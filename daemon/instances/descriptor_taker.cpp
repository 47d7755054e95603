// SPDX-License-Identifier: MIT
#include "daemon/instances/descriptor_taker.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/instances/helper_child.hpp"

namespace instances {
namespace {

/// The longest text that may come with a descriptor.
constexpr std::size_t kTextLimit = 8 * 1024;
/// Descriptors that the kernel lets one message have (SCM_MAX_FD). With room for all of them none is closed by the
/// receiving itself.
constexpr std::size_t kMostInOne = 253;
/// Messages that one helper takes, and how many of them may be refused: the manager then counts what they cost.
constexpr int kMostMessages = 1024;
constexpr int kMostRefused = 16;
/// An instance that starts many programs sends one message after the other: they share a helper.
constexpr int kPatienceMs = 5;
constexpr unsigned kHelperSeconds = 10;
/// Turns of the loop are short: answers read in one of them.
constexpr int kBatch = 32;

enum class Verdict : std::uint8_t { Pipe, Memory, Refused, End };

/// Before each text that the helper hands on.
struct Head {
  pid_t sender;
  uid_t uid;
  Verdict verdict;
};

template <std::size_t Size>
struct Control {
  alignas(cmsghdr) std::array<char, Size> bytes;
};

const ucred* credentialsIn(msghdr& message) noexcept {
  for (auto* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
      return reinterpret_cast<const ucred*>(CMSG_DATA(c));
  return nullptr;
}

/// The first descriptor of `message`, and how many there are.
std::pair<int, std::size_t> descriptorsIn(msghdr& message) noexcept {
  for (auto* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    if (count > 0) return {*reinterpret_cast<const int*>(CMSG_DATA(c)), count};
  }
  return {-1, 0};
}

Verdict verdictOn(int fd, std::size_t count) noexcept {
  if (count != 1) return Verdict::Refused;
  switch (kindOf(fd)) {
    case DescriptorKind::Pipe: return Verdict::Pipe;
    case DescriptorKind::Memory: return Verdict::Memory;
    case DescriptorKind::Refused: break;
  }
  return Verdict::Refused;
}

/// In the helper: to the manager, with `fd` unless it is -1. False: nobody reads any more.
bool handOn(int answers, const Head& head, const char* text, std::size_t size, int fd) noexcept {
  std::array<iovec, 2> parts{iovec{const_cast<Head*>(&head), sizeof head}, iovec{const_cast<char*>(text), size}};
  Control<CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  if (fd >= 0) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    auto* const c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
  }
  ssize_t n = 0;
  do n = ::sendmsg(answers, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n >= 0;
}

/// In the helper: receives one message and hands it on. What is refused stays open until the helper ends, as that may
/// take any time.
enum class Took { Good, Refused, Nothing };
Took takeOne(int socket, int answers) noexcept {
  static std::array<char, kTextLimit> text;
  Control<CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(kMostInOne * sizeof(int))> control;
  iovec data{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const auto n = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0) return errno == EINTR ? Took::Good : Took::Nothing;
  const auto* const sender = credentialsIn(message);
  if (!sender) return Took::Refused;
  const auto [fd, count] = descriptorsIn(message);
  Head head{sender->pid, sender->uid, verdictOn(fd, count)};
  if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) head.verdict = Verdict::Refused;
  const bool good = head.verdict != Verdict::Refused;
  const auto size = message.msg_flags & MSG_TRUNC ? 0 : static_cast<std::size_t>(n);
  if (!handOn(answers, head, text.data(), size, good ? fd : -1)) return Took::Nothing;
  if (good) ::close(fd);  // the manager has it: not the last close
  return good ? Took::Good : Took::Refused;
}

/// In the helper: whether the next message comes with descriptors.
bool hasNext(int socket) noexcept {
  char none = 0;
  for (int i = 0; i < 2; ++i) {
    const auto next = peek(socket, &none, 0);
    if (next.any) return next.descriptors;
    pollfd readable{socket, POLLIN, 0};
    if (::poll(&readable, 1, kPatienceMs) <= 0) return false;
  }
  return false;
}

void takeAll(int socket, int answers) noexcept {
  int refused = 0;
  for (int i = 0; i < kMostMessages && refused < kMostRefused && hasNext(socket); ++i) {
    const auto took = takeOne(socket, answers);
    if (took == Took::Nothing) break;
    refused += took == Took::Refused ? 1 : 0;
  }
  (void)handOn(answers, Head{0, 0, Verdict::End}, nullptr, 0, -1);
}

Message messageFrom(const Head& head, std::string text, core::UniqueFd fd) {
  Message out{head.sender, head.uid, std::move(text), std::move(fd), DescriptorKind::Refused, false};
  if (head.verdict == Verdict::Pipe) out.kind = DescriptorKind::Pipe;
  if (head.verdict == Verdict::Memory) out.kind = DescriptorKind::Memory;
  out.refused = !out.descriptor;
  return out;
}

}  // namespace

Peeked peek(int socket, char* buffer, std::size_t room) noexcept {
  Control<CMSG_SPACE(sizeof(ucred))> control;  // none for descriptors: so the kernel reports that they do not fit
  iovec data{buffer, room};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t n = 0;
  do n = ::recvmsg(socket, &message, MSG_PEEK | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  Peeked out;
  if (n < 0) return out;
  out.any = true;
  out.descriptors = (message.msg_flags & MSG_CTRUNC) != 0;
  out.size = static_cast<std::size_t>(n);
  const auto* const sender = credentialsIn(message);
  out.whole = sender && !(message.msg_flags & MSG_TRUNC);
  if (!sender) return out;
  out.sender = sender->pid;
  out.uid = sender->uid;
  return out;
}

std::unique_ptr<DescriptorTaker> DescriptorTaker::start(core::EventLoop& loop, core::Reaper& reaper, int socket,
                                                        Each each, std::function<void()> ended) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return nullptr;
  core::UniqueFd ours(ends[0]);
  const core::UniqueFd theirs(ends[1]);
  const pid_t helper =
      forkHelper({socket, theirs.get()}, kHelperSeconds, [socket, &theirs] { takeAll(socket, theirs.get()); });
  if (helper < 0) return nullptr;
  return std::unique_ptr<DescriptorTaker>(
      new DescriptorTaker(loop, reaper, std::move(ours), helper, std::move(each), std::move(ended)));
}

DescriptorTaker::DescriptorTaker(core::EventLoop& loop, core::Reaper& reaper, core::UniqueFd answers, pid_t helper,
                                 Each each, std::function<void()> ended)
    : reaper_(reaper),
      answers_(std::move(answers)),
      helper_(helper),
      each_(std::move(each)),
      ended_(std::move(ended)),
      watch_(loop, answers_.get(), core::IoWatch::Read, [this](auto) {
        for (int i = 0; i < kBatch && reading_ && readOne(); ++i) {
        }
      }) {
  reaper_.watch(helper_, [this](int) {
    readAll();
    helper_ = 0;
    ended_();
  });
}

DescriptorTaker::~DescriptorTaker() {
  if (helper_ > 0) reaper_.forget(helper_);
}

/// Reads one answer; false if there is none now. At the last one the helper stops to read from the socket.
bool DescriptorTaker::readOne() {
  Head head{};
  std::array<char, kTextLimit> text;
  Control<CMSG_SPACE(sizeof(int))> control;
  std::array<iovec, 2> parts{iovec{&head, sizeof head}, iovec{text.data(), text.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const auto n = ::recvmsg(answers_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0) return errno == EINTR;
  core::UniqueFd fd(descriptorsIn(message).first);
  if (n < static_cast<ssize_t>(sizeof head) || head.verdict == Verdict::End) {
    reading_ = false;
    watch_.stop();
    return false;
  }
  each_(messageFrom(head, std::string(text.data(), static_cast<std::size_t>(n) - sizeof head), std::move(fd)));
  return true;
}

void DescriptorTaker::readAll() {
  while (reading_ && readOne()) {
  }
}

bool DescriptorTaker::finish(core::Duration limit) {
  if (!reading_) return false;
  const auto end = core::Clock::now() + limit;
  for (readAll(); reading_; readAll()) {
    const auto left = std::chrono::ceil<core::milliseconds>(end - core::Clock::now()).count();
    if (left <= 0) break;
    pollfd readable{answers_.get(), POLLIN, 0};
    (void)::poll(&readable, 1, static_cast<int>(left));
  }
  return !reading_;
}

core::UniqueFd DescriptorTaker::stop() noexcept {
  reading_ = false;
  watch_.stop();
  return std::move(answers_);
}

bool DescriptorTaker::isGone() {
  siginfo_t info{};
  if (helper_ > 0 && ::waitid(P_PID, static_cast<id_t>(helper_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      info.si_pid == helper_)
    reaper_.forget(std::exchange(helper_, 0));  // it is reaped by itself
  return helper_ == 0;
}

}  // namespace instances
