// SPDX-License-Identifier: MIT
#include "instance/http/listen_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace http {

core::Err<core::Error> listenError(int errnum) {
  if (errnum == EADDRINUSE)
    return core::Err{core::Error{"Another program is already listening on a port that one of our HTTP servers is "
                                 "configured to use.  Shut this program down first before starting supervisord.",
                                 errnum}};
  const char* name = ::strerrorname_np(errnum);
  return core::Err{core::Error{fmt::format("Cannot open an HTTP server: socket.error reported errno.{} ({})",
                                           name == nullptr ? "UNKNOWN" : name, errnum),
                               errnum}};
}

core::Err<core::Error> listenError(const std::string& reason) {
  return core::Err{core::Error{"Cannot open an HTTP server: socket.error reported " + reason}};
}

}  // namespace http
