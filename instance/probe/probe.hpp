// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "lib/core/clock.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/dialect/probe_target.hpp"

namespace probe {

/// Asks a port, a Unix socket or a page whether it answers: one question at a time, without blocking the loop, in
/// bounded time and with at most kLongestAnswer bytes of an answer. Between questions it has no descriptor and no
/// timer. It belongs to the thread of the loop. A command (Kind::Exec) is not asked here.
class Probe {
 public:
  /// What the question has found: success, or why the target does not work, for people.
  using Done = std::function<void(core::Status outcome)>;
  /// An answer to HTTP is read until here, and then only its head counts.
  static constexpr std::size_t kLongestAnswer = 65536;

  /// `target` is one of Kind::Tcp, Unix and Http.
  Probe(core::EventLoop& loop, config::ProbeTarget target);
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  /// Asks. `done` is called once, from the loop, never from inside this call; it may destroy the probe, or ask again.
  /// Nothing may be asked while running(). Throws std::bad_alloc before anything has happened.
  void start(core::milliseconds timeout, Done done);
  [[nodiscard]] bool running() const noexcept { return step_ != Step::Idle; }
  /// Forgets the question: `done` is not called.
  void cancel() noexcept;

 private:
  enum class Step : std::uint8_t { Idle, Connect, Connecting, Sending, Reading };
  void advance();
  void connect();
  void connected(int error);
  void send();
  void read();
  [[nodiscard]] bool judge(bool complete);
  void timedOut();
  void fail(std::string_view what, int error);
  void finish(core::Status outcome);

  const config::ProbeTarget target_;
  core::UniqueFd socket_;
  core::IoWatch watch_;
  core::Timer timer_;  ///< at first for now: the beginning
  Step step_ = Step::Idle;
  std::uint8_t address_ = 0;  ///< which of the target's addresses
  int status_ = 0;            ///< of an HTTP answer whose head is complete; 0: not yet
  core::milliseconds timeout_{};
  core::Instant until_{};
  std::string bytes_;  ///< of the request that are not sent yet; then of the answer
  Done done_;
};

}  // namespace probe
