// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace output {

/// Takes the bytes that a program printed. Never blocks and never throws: what a target does not take for now waits,
/// what it cannot take is lost, counted, and said once.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(std::string_view bytes) noexcept = 0;
};

}  // namespace output
