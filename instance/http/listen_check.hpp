// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "instance/http/listen_socket.hpp"
#include "lib/core/result.hpp"

namespace http {

/// Why a socket at `address` can surely not be opened, as far as that shows without touching anything: a path that is
/// too long, no directory, no right to write in it, a file in its place, an address of no interface. Who listens there
/// now is not looked at: it may be the one that is to be replaced. `isMade`: whether a directory will be there by then.
[[nodiscard]] core::Status checkAddress(const Address& address, const std::function<bool(const std::string&)>& isMade);

}  // namespace http
