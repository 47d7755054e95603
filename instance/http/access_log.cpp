// SPDX-License-Identifier: MIT
#include "instance/http/access_log.hpp"

#include <array>
#include <ctime>

#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace http {

void logAccess(const Request& request, int status, std::size_t bytes) {
  if (!logging::enabled(logging::Level::Trace)) return;
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm t{};
  ::gmtime_r(&now, &t);
  // A line that is not a request can hold any bytes, and logs are read on terminals.
  const auto& line = request.method.empty() ? core::pythonBytesRepr(request.line) : request.line;
  logging::trace("{} - - [{:02}/{}/{}:{:02}:{:02}:{:02} +0000] \"{}\" {} {}", request.peer, t.tm_mday,
                 months[static_cast<std::size_t>(t.tm_mon)], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec, line,
                 status, bytes);
}

}  // namespace http
