// SPDX-License-Identifier: MIT
#include "daemon/bus/names.hpp"

#include <systemd/sd-bus.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace bus {

std::string instancePath(const std::string& name) {
  char* encoded = nullptr;
  if (sd_bus_path_encode(kInstancePrefix, name.c_str(), &encoded) < 0)
    throw std::runtime_error("cannot encode " + name);
  const std::unique_ptr<char, decltype(&std::free)> owned(encoded, &std::free);
  return encoded;
}

}  // namespace bus
