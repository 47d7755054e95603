// SPDX-License-Identifier: MIT
#include "instance/endpoints/log_source.hpp"

#include <utility>

namespace endpoints {

LogSource::LogSource(std::shared_ptr<output::LogFeed> feed) : feed_(std::move(feed)), position_(feed_->start()) {
  feed_->join(*this);
}

LogSource::~LogSource() { feed_->leave(*this); }

}  // namespace endpoints
