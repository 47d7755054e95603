// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

/// A complete configuration file, commented: what echo_supervisord_conf prints. Every key is there; those that most
/// people leave alone are commented out.
[[nodiscard]] std::string_view sampleConfiguration() noexcept;
