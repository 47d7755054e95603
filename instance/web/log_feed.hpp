// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "instance/http/source.hpp"
#include "instance/output/append_notice.hpp"
#include "instance/web/log_history.hpp"

namespace web {

/// A log as a stream of events (text/event-stream) for a page: pieces of text with the places where they begin and end.
/// The id of each event is its end, from where a disconnected page continues, also after rotations and restarts. When
/// that place no longer exists, or the log was emptied, the next piece has `"restarted":true`.
class LogFeed final : public http::Source {
 public:
  /// Begins at `place`; without one at the end. `notice` calls back when the log grows; this can outlive it.
  LogFeed(std::string path, const std::optional<Place>& place, output::AppendNotice& notice);
  [[nodiscard]] std::string more(std::size_t limit) override;

 private:
  bool moveOn();

  LogHistory history_;
  std::optional<LogFile> file_;  ///< being read
  std::int64_t offset_ = 0;
  bool restarted_ = false;
  bool begun_ = false;
  output::AppendNotice::Subscription subscription_;
};

}  // namespace web
