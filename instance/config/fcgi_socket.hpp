// SPDX-License-Identifier: MIT
#pragma once

#include "instance/config/model.hpp"

namespace core {
class Names;
}

namespace config {

class SectionReader;

/// The keys of [fcgi-program:x] that describe the shared socket. An error is left in `in`.
[[nodiscard]] FcgiSocket readFcgiSocket(SectionReader& in, const core::Names& names);

}  // namespace config
