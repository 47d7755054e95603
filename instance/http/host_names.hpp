// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace http {

/// The host names that a server without a password answers to. A web site can let its own name resolve to this machine
/// (DNS rebinding): for the visitor's browser our pages then belong to that site. No site can do that with an address,
/// with localhost, or with names that were configured here.
class HostNames {
 public:
  /// `names` without ports, in any case. `advice` is one line of text: what to do when a name is refused.
  HostNames(const std::vector<std::string>& names, std::string advice);

  /// `host` is the value of the Host header, with or without a port. Allowed are IP addresses, localhost and names
  /// below it, this machine's own host name, the given names, and a missing header: browsers always send one.
  [[nodiscard]] bool allows(std::string_view host) const;
  [[nodiscard]] const std::string& advice() const noexcept { return advice_; }

 private:
  std::vector<std::string> names_;
  std::string advice_;
};

}  // namespace http
