// SPDX-License-Identifier: MIT
#include "instance/http/listen_error.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace http {
namespace {

std::string adviceOn(int errnum, const Address& address) {
  switch (errnum) {
    case 0:
    case EADDRINUSE: return {};
    case ENOENT: return "its directory does not exist";
    case EACCES:
      if (!address.unixSocket && address.port < 1024)
        return "a port below 1024 needs root or the capability CAP_NET_BIND_SERVICE";
      return "this account cannot create files in its directory";
    case EADDRNOTAVAIL: return "no interface of this machine has this address";
    case ENAMETOOLONG:
      return fmt::format("its path has {} bytes, and the limit is a few less than {}; choose a shorter one",
                         address.path.size(), sizeof(sockaddr_un::sun_path));
    default: return ::strerrordesc_np(errnum) ? ::strerrordesc_np(errnum) : "unknown error";
  }
}

}  // namespace

core::Err<core::Error> listenError(int errnum) {
  // Supervisor's messages, with their two blanks: scripts search logs for them.
  if (errnum == EADDRINUSE)
    return core::Err{
        core::Error{"Another program is already listening on a port that one of our HTTP servers is "
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

core::Err<core::Error> located(core::Error error, const Address& address) {
  const bool six = address.host.find(':') != std::string::npos;
  const std::string host = address.host.empty() ? "*" : six ? "[" + address.host + "]" : address.host;
  const std::string shown =
      address.unixSocket ? "unix://" + address.path : fmt::format("http://{}:{}", host, address.port);
  error.text += error.code == EADDRINUSE ? "  It is " + shown : ": " + shown;
  if (const auto advice = adviceOn(error.code, address); !advice.empty()) error.text += ": " + advice;
  error.text += address.place;
  return core::Err{std::move(error)};
}

}  // namespace http
