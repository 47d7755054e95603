// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace process {
class Process;
}
namespace xmlrpc {
class Writer;
}

namespace api {

/// Writes the struct of getProcessInfo. `now` is the wall clock in seconds.
void writeProcessInfo(xmlrpc::Writer& writer, const process::Process& program, std::int64_t now);

}  // namespace api
