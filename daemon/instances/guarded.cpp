// SPDX-License-Identifier: MIT
#include "daemon/instances/guarded.hpp"

#include <exception>

#include "daemon/instances/context.hpp"

namespace instances {

core::Task<> guarded(std::string name, core::Task<> work) {
  try {
    co_await work;
  } catch (const core::Dropped&) {  // the instance is gone
  } catch (const std::exception& error) {
    about(name).error("instance '{}': {}", name, error.what());
  }
}

}  // namespace instances
