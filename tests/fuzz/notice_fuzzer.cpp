// SPDX-License-Identifier: MIT
// Whatever an instance tells the manager: it is read line by line, and what was read can be written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "daemon/instances/notify_socket.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string message(reinterpret_cast<const char*>(data), size);
  const auto notice = instances::parseNotice(message);
  std::string again;
  for (const auto& program : notice.programs) {
    if (program.name.empty() || program.pid < 0 || program.state.find(' ') != std::string::npos) std::abort();
    again += core::notify::programLine(program) + '\n';
  }
  const auto repeated = instances::parseNotice(again);
  if (repeated.programs.size() != notice.programs.size()) std::abort();
  for (std::size_t i = 0; i < notice.programs.size(); i++) {
    const auto &one = notice.programs[i], &other = repeated.programs[i];
    if (one.name != other.name || one.state != other.state || one.pid != other.pid) std::abort();
  }
  return 0;
}
