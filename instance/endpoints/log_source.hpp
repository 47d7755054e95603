// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "instance/http/source.hpp"
#include "instance/output/append_notice.hpp"
#include "instance/output/log_follower.hpp"

namespace endpoints {

/// A log as the body of an answer that does not end.
class LogSource final : public http::Source {
 public:
  /// `notice` tells when the log grows; the source may outlive it.
  LogSource(output::LogFollower follower, output::AppendNotice& notice);
  [[nodiscard]] std::string more(std::size_t limit) override { return follower_.read(limit); }

 private:
  output::LogFollower follower_;
  output::AppendNotice::Subscription subscription_;
};

}  // namespace endpoints
