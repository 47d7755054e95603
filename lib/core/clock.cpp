// SPDX-License-Identifier: MIT
#include "lib/core/clock.hpp"

#include <ctime>

namespace core {

std::int64_t wallMicros() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1000;
}

std::int64_t wallSeconds() noexcept { return wallMicros() / 1'000'000; }

}  // namespace core
