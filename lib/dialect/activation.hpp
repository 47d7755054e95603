// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/core/clock.hpp"
#include "lib/core/expansion.hpp"
#include "lib/core/ini.hpp"
#include "lib/core/result.hpp"

namespace config {

class SectionReader;
struct Readiness;

/// One address of a [socket:x] section.
struct ListenSocket {
  enum class Kind : std::uint8_t { Tcp, Udp, Unix };
  std::string name;  ///< of the section
  Kind kind = Kind::Tcp;
  std::string url;   ///< "tcp://127.0.0.1:80": no other socket has the same
  std::string host;  ///< of tcp and udp: numeric, IPv6 without brackets; empty: every address
  int port = 0;
  std::string path;  ///< of unix: absolute
  std::optional<int> backlog;
  std::optional<std::pair<uid_t, gid_t>> owner;  ///< (gid_t)-1: unchanged
  std::optional<mode_t> mode;
  bool operator==(const ListenSocket&) const = default;
};

/// The sockets that supervisord opens for a program, and what it does with them beside.
struct Activation {
  std::vector<ListenSocket> sockets;  ///< in the order of their descriptors in the program, from kFirstDescriptor on
  bool onDemand = false;              ///< autostart=ondemand: started when somebody connects
  core::milliseconds idleStop{0};     ///< stopped when nobody was connected for so long; 0: never
  [[nodiscard]] bool given() const noexcept { return !sockets.empty() || onDemand; }
  bool operator==(const Activation&) const = default;
};

/// The number of the first socket in its program, as systemd's protocol has it.
inline constexpr int kFirstDescriptor = 3;

/// "tcp://127.0.0.1:80, unix:///run/x": the addresses of a section, without their settings.
[[nodiscard]] core::Expected<std::vector<ListenSocket>> parseListenSockets(std::string_view text);
/// The section [socket:NAME]. A failure is stored in `in`.
[[nodiscard]] std::vector<ListenSocket> readSocketSection(SectionReader& in, const core::Names& names);
/// Where the sections of sockets are.
struct SocketSections {
  const core::Names& names;  ///< for expansion: no section belongs to one program
  bool complete = true;      ///< false: they are in files that are not read here, and any name may be right
};
/// Reads sockets and idle_stop; `activation` has onDemand, and `readiness` has been read.
void readActivation(SectionReader& in, const core::Names& names, const SocketSections& sections,
                    const Readiness& readiness, Activation& activation);

}  // namespace config
