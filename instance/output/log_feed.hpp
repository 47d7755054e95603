// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "instance/output/append_notice.hpp"
#include "instance/output/log_follower.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"

namespace output {

/// A log as it grows, read once for all who follow it. The last megabyte is kept for them: a follower that falls
/// further behind continues with what is kept, and gets a line with the number of bytes it missed. Positions count the
/// bytes of the stream, over rotations and truncations.
class LogFeed {
 public:
  /// Bytes that are kept.
  static constexpr std::size_t kKept = 1024 * 1024;

  LogFeed(core::EventLoop& loop, std::string path, AppendNotice& notice);
  LogFeed(const LogFeed&) = delete;
  LogFeed& operator=(const LogFeed&) = delete;

  /// Begins near the end of the file. Fails if it cannot be opened.
  core::Status open();
  /// Continues in the file of a predecessor's feed. Its followers had read up to offsets between `first` and `last`,
  /// which are their positions here.
  void resume(core::UniqueFd file, std::int64_t first, std::int64_t last);

  /// One follower: told, from the next turn of the loop on, that there is more. It leaves before the feed goes.
  class Reader {
   public:
    virtual ~Reader() = default;
    virtual void onMore() noexcept = 0;
  };
  void join(Reader& reader) { readers_.push_back(&reader); }
  void leave(Reader& reader) noexcept;
  /// Whether `reader` came before all others that are here.
  [[nodiscard]] bool isFirst(const Reader& reader) const noexcept {
    return !readers_.empty() && readers_.front() == &reader;
  }

  /// Where a new follower begins: 1024 bytes before the end, as far as the file has them.
  [[nodiscard]] std::uint64_t start() const noexcept;
  /// At most `limit` bytes from `position` on, which is moved past them; empty if there are no more for now. For a
  /// follower that has missed some, a line with their number.
  [[nodiscard]] std::string read(std::uint64_t& position, std::size_t limit) const;

  /// Where a follower continues after this feed.
  struct Place {
    int file = -1;            ///< the file that is read now; stays ours
    std::int64_t offset = 0;  ///< of its next byte there
    std::string before;       ///< what it has not read of earlier files
  };
  [[nodiscard]] Place place(std::uint64_t position) const;
  /// The position for an offset that was handed over: where the file begins if it was truncated since.
  [[nodiscard]] std::uint64_t positionAt(std::int64_t offset) const noexcept;

 private:
  void pull();
  void keep(std::string bytes) noexcept;
  [[nodiscard]] std::uint64_t nextLine(std::uint64_t position) const noexcept;

  LogFollower follower_;
  std::deque<std::string> pieces_;
  std::uint64_t begin_ = 0;      ///< position of the first kept byte
  std::uint64_t end_ = 0;        ///< after the last one
  std::uint64_t fileBegin_ = 0;  ///< where the file that is read now began
  std::vector<Reader*> readers_;
  core::Deferred soon_;
  core::Timer more_;  ///< not a Deferred, which would run before the clients that take what was read
  AppendNotice::Subscription subscription_;
};

}  // namespace output
