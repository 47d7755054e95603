// SPDX-License-Identifier: MIT
#pragma once

#include "instance/config/model.hpp"

namespace core {
class Names;
}

namespace config {

class SectionReader;

/// The keys of [eventlistener:x] for the pool: buffer_size, result_handler, events,
/// event_details. Also refuses
/// redirect_stderr, which would break the protocol. An error is left in `in`.
[[nodiscard]] ListenerSettings readListener(SectionReader& in, const core::Names& names);

}  // namespace config
