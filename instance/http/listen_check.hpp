// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "instance/http/listen_socket.hpp"
#include "lib/core/result.hpp"

namespace http {

/// Why a socket at `address` surely cannot be opened, as far as that is visible without changing anything: the path is
/// too long, its directory does not exist or is not writable, another kind of file has its name, no interface has the
/// address. Whether somebody listens there now is ignored: it may be the supervisord that will be replaced. `isMade`:
/// whether a directory will exist by then.
[[nodiscard]] core::Status checkAddress(const Address& address, const std::function<bool(const std::string&)>& isMade);

}  // namespace http
