// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "instance/output/outlet.hpp"
#include "lib/core/unique_fd.hpp"

namespace output {

/// Sends datagrams to the system log without ever blocking (libc's syslog() waits when the receiver is slow): one
/// message per line, as user facility, level info, whatever the text. It is full when the receiver's queue is; a
/// receiver that was restarted is connected to again.
class Syslog final : public Outlet {
 public:
  Syslog(Outlets& all, std::string ident, std::string socket);
  ~Syslog() override { unwatch(); }

  [[nodiscard]] bool keepsLines() const noexcept override { return true; }

 private:
  Sent send(Source& source, std::string_view bytes, std::time_t when) noexcept override;
  [[nodiscard]] int descriptor() const noexcept override { return exhausted_ ? -1 : fd_.get(); }
  [[nodiscard]] int connect() noexcept;
  [[nodiscard]] int sendMessage(std::string_view message) noexcept;

  std::string ident_;
  std::string socket_;
  core::UniqueFd fd_;
  bool exhausted_ = false;  ///< the system has no memory for it: that is not the receiver's queue, which can be watched
};

}  // namespace output
