// SPDX-License-Identifier: MIT
#include "lib/core/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "lib/core/text.hpp"
#include "lib/core/unique_fd.hpp"

namespace core {
namespace notify {

namespace {

/// A line break in a text must not make a line of its own.
void appendLine(std::string& out, std::string_view text) {
  for (const char c : text) out += c == '\n' ? ' ' : c;
}

}  // namespace

std::string programLine(const Program& program) {
  std::string line(kProgramKey);
  line += '=';
  line += program.state;
  line += ' ';
  line += std::to_string(program.pid);
  line += ' ';
  appendLine(line, program.name);
  if (program.description.empty()) return line;
  line += '\n';
  line += kDescriptionKey;
  line += '=';
  appendLine(line, std::string_view(program.description).substr(0, kDescriptionLimit));
  return line;
}

std::optional<Program> parseProgram(std::string_view value) {
  const auto first = value.find(' ');
  if (first == std::string_view::npos || first == 0) return std::nullopt;
  const auto second = value.find(' ', first + 1);
  if (second == std::string_view::npos || second + 1 == value.size()) return std::nullopt;
  const auto pid = parseInteger(value.substr(first + 1, second - first - 1));
  if (!pid || *pid < 0 || *pid > INT32_MAX) return std::nullopt;
  return Program{
      std::string(value.substr(0, first)), static_cast<pid_t>(*pid), std::string(value.substr(second + 1)), {}};
}

}  // namespace notify

Notifier Notifier::fromEnvironment() {
  const char* const address = std::getenv("NOTIFY_SOCKET");
  auto notifier = at(address == nullptr ? "" : address);
  ::unsetenv("NOTIFY_SOCKET");
  return notifier;
}

Notifier Notifier::at(std::string address) {
  Notifier notifier;
  const bool known = address.starts_with('/') || address.starts_with('@');
  if (known && address.size() < sizeof(sockaddr_un::sun_path)) notifier.address_ = std::move(address);
  return notifier;
}

Notifier::Sent Notifier::send(std::string_view message, int descriptor) const noexcept {
  if (!active()) return Sent::Nobody;
  // A socket for each message: the manager may have replaced the receiving one since the last.
  const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return Sent::Later;
  constexpr std::size_t kUsual = 16 * 1024;
  const int large = 256 * 1024;  // the table of a thousand programs is one message
  if (message.size() > kUsual) ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (to.sun_path[0] == '@') to.sun_path[0] = '\0';
  const auto length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size() + (address_.front() == '/' ? 1 : 0));
  iovec bytes{const_cast<char*>(message.data()), message.size()};
  msghdr header{};
  header.msg_name = &to;
  header.msg_namelen = length;
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  if (descriptor >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  }
  if (::sendmsg(fd.get(), &header, MSG_NOSIGNAL) >= 0) return Sent::Done;
  const bool passes = errno == EAGAIN || errno == ENOBUFS || errno == EINTR || errno == ETOOMANYREFS;
  return passes ? Sent::Later : Sent::Nobody;
}

}  // namespace core
