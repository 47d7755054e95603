// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

/// The output of echo_supervisord_conf: a configuration file that works unchanged, with all keys. Those that most users
/// do not change are commented out.
[[nodiscard]] std::string_view sampleConfiguration() noexcept;
