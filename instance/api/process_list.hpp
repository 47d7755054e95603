// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "instance/api/process_info.hpp"
#include "lib/core/event_loop.hpp"

namespace process {
class Table;
}

namespace api {

/// The answer of getAllProcessInfo. While clients ask again and again it is kept, and only what has changed since the
/// last time is written: the second in place, the struct of a program when one of its facts differs. Nothing has to
/// announce a change: each call compares all that a struct shows with what is kept.
///
/// Kept from the second call within half a second on, until half a second after the last one: a client that asks once
/// leaves neither memory nor a timer behind. The text of very many programs is never kept.
class ProcessList {
 public:
  /// Both must outlive this.
  ProcessList(core::EventLoop& loop, const process::Table& table) : loop_(loop), table_(table) {}

  /// The array with a struct for each program, by name, as a finished value.
  [[nodiscard]] std::string value() { return valueAt(Moment::now()); }
  /// The same for a given moment (tests).
  [[nodiscard]] std::string valueAt(const Moment& moment);
  /// The bytes of text that are kept now.
  [[nodiscard]] std::size_t kept() const noexcept { return text_.size(); }

 private:
  /// All that the struct of a program shows besides the time.
  struct Facts {
    explicit Facts(const process::Process& program);
    [[nodiscard]] bool areOf(const process::Process& program) const noexcept;

    std::string name, group, spawnError, stdoutLog, stderrLog, waiting;
    std::int64_t started, stopped;
    int exitStatus;
    pid_t pid;
    int state;      ///< its number
    bool listener;  ///< its description can show the trouble of a protocol
    bool disabled;
  };
  /// The struct of one program in the text.
  struct Piece {
    Facts facts;
    std::size_t start;
    std::size_t length;
    MovingParts moving;  ///< relative to `start`
    core::seconds uptime;
  };
  using Programs = std::vector<process::Process*>;

  [[nodiscard]] bool bringUpToDate(const Programs& programs, const Moment& moment);
  [[nodiscard]] bool update(Piece& piece, const process::Process& program, const Moment& moment, std::string_view now);
  [[nodiscard]] bool overwrite(const Piece& piece, const Span& part, std::string_view with) noexcept;
  void rewrite(const Programs& programs, const Moment& moment);
  [[nodiscard]] bool isAskedOften();
  void dropLater();
  void onTimer();
  void drop() noexcept;

  core::EventLoop& loop_;
  const process::Table& table_;
  std::string text_;                  ///< the whole value; empty: nothing is kept
  std::vector<Piece> pieces_;         ///< in the order of the text
  std::vector<bool> stale_;           ///< for each piece, during a call
  std::int64_t second_ = kNoSecond;   ///< the `now` in all pieces
  core::Instant asked_{};             ///< the last call
  std::optional<core::Timer> timer_;  ///< created when a text is kept

  static constexpr std::int64_t kNoSecond = -1;
};

}  // namespace api
