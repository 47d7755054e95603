// SPDX-License-Identifier: MIT
#pragma once

#include "instance/state/config_fields.hpp"
#include "instance/state/fields.hpp"
#include "instance/state/text.hpp"

/// The heads of records: their types, and keys that are unique among all of that type.
namespace state {

inline std::string headOf(const Daemon& /*value*/) { return "daemon"; }
inline std::string headOf(const config::Configuration& /*value*/) { return "configuration"; }
inline std::string headOf(const Events& /*value*/) { return "events"; }
inline std::string headOf(const config::CommandLine& /*value*/) { return "commandline"; }
inline std::string headOf(const UnsentList& /*value*/) { return "unsent"; }
inline std::string headOf(const Reread& /*value*/) { return "reread"; }
[[nodiscard]] std::string headOf(const Configured& value);
[[nodiscard]] std::string headOf(const Server& value);
[[nodiscard]] std::string headOf(const Connection& value);
[[nodiscard]] std::string headOf(const Descriptor& value);

}  // namespace state
