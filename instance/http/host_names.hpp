// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace http {

/// The names that a server without a password answers to. A web site can have its own name resolve to this machine (DNS
/// rebinding): to the browser that carries it, our pages then belong to that site. What no site can own is an address,
/// localhost, and names that somebody here chose.
class HostNames {
 public:
  /// `names` without ports, in any case. `advice` says what to do about a name that is refused: one line of text.
  HostNames(const std::vector<std::string>& names, std::string advice);

  /// `host` is the value of the Host header, with or without a port. Allowed are IP addresses, localhost and names
  /// below it, this machine's own host name, the given names, and no name at all: browsers always send one.
  [[nodiscard]] bool allows(std::string_view host) const;
  [[nodiscard]] const std::string& advice() const noexcept { return advice_; }

 private:
  std::vector<std::string> names_;
  std::string advice_;
};

}  // namespace http
