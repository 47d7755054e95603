// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace state {
struct Listener;
}

namespace events {

/// Supervisor's numbers and names.
enum class ListenerState : std::uint8_t { Ready = 10, Busy = 20, Acknowledged = 30, Unknown = 40 };
[[nodiscard]] std::string_view toText(ListenerState state) noexcept;

/// The verdict of a result handler about a RESULT.
enum class ListenerResult : std::uint8_t { Accepted, Rejected, Failed };

/// The conversation with one listener process, without I/O: what it writes goes in, what that means comes out.
///
///   state         input                        then
///   ACKNOWLEDGED  "READY\n"                    READY
///                 any other 6 bytes            UNKNOWN (tabs before them are padding that was sent back)
///   READY         (sent() an event)            BUSY
///                 any byte                     UNKNOWN
///   BUSY          "RESULT n\n" and n bytes     ACKNOWLEDGED; UNKNOWN if the handler fails
///                 a line without a length      UNKNOWN
///   UNKNOWN       anything                     ignored until the process is started again
///
/// As in Supervisor the word RESULT itself is not checked: the seven bytes before the length are skipped. Unlike there
/// `RESULT 0` is complete without further bytes, and a line or a result beyond the limits below is a violation.
class ListenerProtocol {
 public:
  static constexpr std::size_t kMaxLine = 64 * 1024;
  static constexpr std::size_t kMaxResult = 16 * 1024 * 1024;
  static constexpr std::size_t kMaxQuoted = 200;  ///< bytes of a rejected answer that are logged

  /// One consequence of input, in order. `line` is the result line for BadResult, the beginning of the answer for
  /// Rejected, and what was written instead of READY for a change to UNKNOWN from ACKNOWLEDGED.
  struct Action {
    enum class Kind : std::uint8_t {
      Changed,    ///< from `from` to `to`
      Accepted,   ///< the event was processed
      Rejected,   ///< the handler wants it delivered again
      Failed,     ///< the handler could not judge: deliver it again, to a listener in a better state
      BadResult,  ///< no length in the result line: deliver the event again
    };
    Kind kind = Kind::Changed;
    ListenerState from = ListenerState::Acknowledged;
    ListenerState to = ListenerState::Acknowledged;
    std::string line;
    bool operator==(const Action&) const = default;
  };
  using Actions = std::vector<Action>;
  /// Judges a complete result, of which it may take the bytes.
  using Judge = std::function<ListenerResult(std::string& result)>;

  [[nodiscard]] ListenerState state() const noexcept { return state_; }
  /// What the listener wrote. Never keeps more than one line or one result.
  [[nodiscard]] Actions on(std::string_view bytes, const Judge& judge);
  /// An event was written to a READY listener.
  void sent() noexcept { state_ = ListenerState::Busy; }
  /// A new process: a new conversation.
  void restart() noexcept;

  void save(state::Listener& saved) const;
  /// Continues with a conversation that check() in handover.hpp has found sound.
  void restore(const state::Listener& saved);

 private:
  void forget() noexcept;
  void change(ListenerState to, Actions& actions);
  void violate(Actions& actions);
  std::string_view takeReady(std::string_view bytes, Actions& actions);
  std::string_view takeLine(std::string_view bytes, Actions& actions);
  std::string_view takeResult(std::string_view bytes, const Judge& judge, Actions& actions);

  std::string pending_;                ///< a part of READY, of the result line or of the result
  std::optional<std::size_t> length_;  ///< of the result, once its line is read
  ListenerState state_ = ListenerState::Acknowledged;
};

/// The length that a result line (without its newline) announces, read as Python's int() reads it after the first
/// seven bytes. nullopt: no length, a negative one, or one beyond ListenerProtocol::kMaxResult.
[[nodiscard]] std::optional<std::size_t> resultLength(std::string_view line) noexcept;

}  // namespace events
