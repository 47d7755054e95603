// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "ctl/echo_supervisord_conf/sample.hpp"
#include "lib/core/text.hpp"

/// {key: value} of the commented lines of the sample; of several with one key the first.
inline std::map<std::string, std::string> sampleValues() {
  std::map<std::string, std::string> values;
  for (const auto& line : core::split(std::string(sampleConfiguration()), '\n')) {
    const auto equals = line.find('=');
    if (!line.starts_with(';') || equals == std::string::npos) continue;
    const auto value = line.substr(equals + 1);
    values.emplace(line.substr(1, equals - 1), std::string(core::trim(value.substr(0, value.find(" ;")))));
  }
  return values;
}
