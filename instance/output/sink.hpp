// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace output {

/// Takes the bytes that a program printed. Never blocks and never throws: a target that cannot take them loses them,
/// counts them and says so once.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(std::string_view bytes) noexcept = 0;
};

}  // namespace output
