// SPDX-License-Identifier: MIT
#include "instance/endpoints/log_source.hpp"

#include <utility>

namespace endpoints {

LogSource::LogSource(output::LogFollower follower, output::AppendNotice& notice)
    : follower_(std::move(follower)), subscription_(notice.subscribe([this] { wake(); })) {}

}  // namespace endpoints
