// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "lib/core/clock.hpp"

namespace process {
class Process;
}

namespace api {

/// A part of a text, as offsets.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Where the parts of a struct of getProcessInfo are that change with the time alone.
struct MovingParts {
  Span now;          ///< the digits
  Span description;  ///< escaped
};

/// The two clocks of one answer: `wall` is in seconds.
struct Moment {
  std::int64_t wall = 0;
  core::Instant steady;
  [[nodiscard]] static Moment now() noexcept;
};

/// Appends the struct of one program, as getProcessInfo and getAllProcessInfo have it.
MovingParts appendProcessInfo(std::string& out, const process::Process& program, const Moment& moment);

}  // namespace api
