// SPDX-License-Identifier: MIT
#include "lib/core/connections.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "lib/core/socket_address.hpp"
#include "lib/core/text.hpp"
#include "lib/core/unique_fd.hpp"

namespace core {
namespace {

/// Of a Unix socket in /proc/net/unix: SS_CONNECTED.
constexpr unsigned kUnixConnected = 3;
constexpr std::size_t kAnswerSize = 32 * 1024;

bool isAny(std::string_view bytes) noexcept {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

/// Whether a TCP socket in this state is a connection. A process that has said all it has to say may still read.
bool isConnection(unsigned state, bool hasProcess) noexcept {
  switch (state) {
    case TCP_ESTABLISHED:
    case TCP_SYN_RECV:
    case TCP_CLOSE_WAIT: return true;
    case TCP_FIN_WAIT1:
    case TCP_FIN_WAIT2: return hasProcess;
    default: return false;
  }
}

constexpr unsigned kStates =
    1U << TCP_ESTABLISHED | 1U << TCP_SYN_RECV | 1U << TCP_CLOSE_WAIT | 1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2;

/// Sends one request of sock_diag and calls `each` with every answer. False: the kernel does not answer it.
template <class Request, class Answer, class Each>
bool ask(Request request, const Each& each) {
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!socket) return false;
  // The kernel answers in the call: this is for a kernel with a fault.
  const timeval limit{1, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  request.head.nlmsg_len = sizeof request;
  request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  if (::send(socket.get(), &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request)) return false;
  alignas(nlmsghdr) static std::array<char, kAnswerSize> buffer;
  for (;;) {
    const auto size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    auto left = static_cast<unsigned>(size);
    for (auto* head = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
      if (head->nlmsg_type == NLMSG_DONE) return true;
      if (head->nlmsg_type == NLMSG_ERROR) return false;
      if (head->nlmsg_len >= NLMSG_LENGTH(sizeof(Answer)))
        each(*reinterpret_cast<const Answer*>(NLMSG_DATA(head)), *head);
    }
  }
}

struct InetRequest {
  nlmsghdr head;
  inet_diag_req_v2 what;
  nlattr filterHead;
  std::array<inet_diag_bc_op, 4> filter;
};

/// The kernel goes through all sockets and returns those of the port.
std::optional<std::size_t> askInet(const LocalAddress& address) {
  InetRequest request{};
  request.what.sdiag_family = static_cast<__u8>(address.family);
  request.what.sdiag_protocol = IPPROTO_TCP;
  request.what.idiag_states = kStates;
  request.filterHead.nla_type = INET_DIAG_REQ_BYTECODE;
  request.filterHead.nla_len = sizeof request.filterHead + sizeof request.filter;
  // Source port >= and <= ours, each followed by its value; "no" leads behind the end, which refuses.
  constexpr auto op = static_cast<unsigned short>(sizeof(inet_diag_bc_op));
  request.filter = {inet_diag_bc_op{INET_DIAG_BC_S_GE, 2 * op, 5 * op}, inet_diag_bc_op{0, 0, address.port},
                    inet_diag_bc_op{INET_DIAG_BC_S_LE, 2 * op, 3 * op}, inet_diag_bc_op{0, 0, address.port}};
  std::size_t count = 0;
  const bool answered =
      ask<InetRequest, inet_diag_msg>(request, [&](const inet_diag_msg& one, const nlmsghdr& /*head*/) {
        const std::string_view source(reinterpret_cast<const char*>(one.id.idiag_src), address.bytes.size());
        if (ntohs(one.id.idiag_sport) == address.port && source == address.bytes &&
            isConnection(one.idiag_state, one.idiag_inode != 0))
          ++count;
      });
  return answered ? std::optional(count) : std::nullopt;
}

struct UnixRequest {
  nlmsghdr head;
  unix_diag_req what;
};

std::string_view nameIn(const unix_diag_msg& one, const nlmsghdr& head) {
  auto left = static_cast<int>(head.nlmsg_len - NLMSG_LENGTH(sizeof one));
  const auto* at = reinterpret_cast<const char*>(&one) + NLMSG_ALIGN(sizeof one);
  while (left >= static_cast<int>(sizeof(nlattr))) {
    const auto* const attribute = reinterpret_cast<const nlattr*>(at);
    if (attribute->nla_len < sizeof(nlattr) || attribute->nla_len > left) break;
    if (attribute->nla_type == UNIX_DIAG_NAME) {
      const std::string_view name(at + sizeof(nlattr), attribute->nla_len - sizeof(nlattr));
      return name.substr(0, name.find('\0'));
    }
    at += NLMSG_ALIGN(attribute->nla_len);
    left -= static_cast<int>(NLMSG_ALIGN(attribute->nla_len));
  }
  return {};
}

std::optional<std::size_t> askUnix(const LocalAddress& address) {
  UnixRequest request{};
  request.what.sdiag_family = AF_UNIX;
  request.what.udiag_states = 1U << TCP_ESTABLISHED;
  request.what.udiag_show = UDIAG_SHOW_NAME;
  std::size_t count = 0;
  const bool answered = ask<UnixRequest, unix_diag_msg>(request, [&](const unix_diag_msg& one, const nlmsghdr& head) {
    if (one.udiag_type == SOCK_STREAM && nameIn(one, head) == address.bytes) ++count;
  });
  return answered ? std::optional(count) : std::nullopt;
}

/// As /proc/net/tcp writes an address: each word of four bytes as a number of this machine.
std::string hexOf(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    out += fmt::format("{:08X}", word);
  }
  return out;
}

bool isConnectionIn(const std::vector<std::string>& words, const LocalAddress& address) {
  const auto hex = [](const std::string& word) {
    return static_cast<unsigned>(std::strtoul(word.c_str(), nullptr, 16));
  };
  if (address.family == AF_UNIX)  // Num RefCount Protocol Flags Type St Inode Path
    return words.size() >= 8 && hex(words[4]) == SOCK_STREAM && hex(words[5]) == kUnixConnected &&
           words[7] == address.bytes;
  if (words.size() < 10) return false;  // sl local remote st queues timer retransmits uid timeout inode
  const auto colon = words[1].find(':');
  if (colon == std::string::npos || hex(words[1].substr(colon + 1)) != address.port) return false;
  if (!address.bytes.empty() && words[1].substr(0, colon) != hexOf(address.bytes)) return false;
  return isConnection(hex(words[3]), words[9] != "0");
}

const char* tableOf(int family) noexcept {
  switch (family) {
    case AF_UNIX: return "/proc/net/unix";
    case AF_INET6: return "/proc/net/tcp6";
    default: return "/proc/net/tcp";
  }
}

}  // namespace

Expected<LocalAddress> localAddressOf(int socket) {
  const auto name = SocketAddress::ofSocket(socket);
  if (!name.valid()) return sysError("getsockname", errno);
  LocalAddress out{name.family(), std::string(name.path()), name.port()};
  if (out.family != AF_UNIX && !isAny(name.hostBytes())) out.bytes = name.hostBytes();
  return out;
}

std::size_t countInTable(std::string_view table, const LocalAddress& address) {
  std::size_t count = 0;
  for (const auto& line : split(table, '\n'))
    if (isConnectionIn(splitBlanks(line), address)) ++count;
  return count;
}

Expected<std::size_t> countConnections(const LocalAddress& address) {
  if (const auto asked = address.family == AF_UNIX ? askUnix(address) : askInet(address)) return *asked;
  const std::unique_ptr<FILE, int (*)(FILE*)> file(::fopen(tableOf(address.family), "re"), &::fclose);
  if (!file) return sysError(tableOf(address.family), errno);
  std::size_t count = 0;
  char* line = nullptr;
  std::size_t room = 0;
  for (ssize_t n = 0; (n = ::getline(&line, &room, file.get())) > 0;)
    count += countInTable({line, static_cast<std::size_t>(n)}, address);
  ::free(line);
  return count;
}

}  // namespace core
