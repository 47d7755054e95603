// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/core/unique_fd.hpp"

namespace output {

/// Sends datagrams to the system log without ever blocking (libc's syslog() waits when the receiver is slow), as user
/// facility, level info, whatever the text. Messages that nobody takes are lost.
class Syslog {
 public:
  explicit Syslog(std::string ident, std::string socket = "/dev/log");
  /// One message.
  void send(std::string_view text) noexcept;
  /// One message a line of `bytes`, each with `prefix` in front; an empty line at the end is no message.
  void sendLines(std::string_view prefix, std::string_view bytes) noexcept;

 private:
  bool connect() noexcept;

  std::string ident_;
  std::string socket_;
  core::UniqueFd fd_;
};

/// The one of this program, as "supervisord".
[[nodiscard]] Syslog& systemLog();

}  // namespace output
