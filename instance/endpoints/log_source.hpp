// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "instance/http/source.hpp"
#include "instance/output/log_feed.hpp"

namespace endpoints {

/// A log as the body of an answer that does not end. A client that takes it too slowly is told how much it has missed.
class LogSource final : public http::Source, private output::LogFeed::Reader {
 public:
  explicit LogSource(std::shared_ptr<output::LogFeed> feed);
  ~LogSource() override;
  LogSource(const LogSource&) = delete;
  LogSource& operator=(const LogSource&) = delete;
  [[nodiscard]] std::string more(std::size_t limit) override { return feed_->read(position_, limit); }

 private:
  void onMore() noexcept override { wake(); }

  std::shared_ptr<output::LogFeed> feed_;
  std::uint64_t position_;
};

}  // namespace endpoints
