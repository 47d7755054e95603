// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "instance/output/outlet.hpp"
#include "instance/state/state.hpp"
#include "lib/core/clock.hpp"

namespace config {
enum class Backpressure;
}

namespace output {

/// One writer of an outlet: passes on whole lines where the outlet keeps lines whole. An unfinished line is kept for a
/// tenth of a second, or until it has PIPE_BUF bytes: a longer one cannot be written to a pipe in one piece anyway.
class Lane final : private RoomQueue::Waiter {
 public:
  /// With Backpressure::Drop up to 64 KiB wait here while the outlet is full; what does not fit is lost, and counted.
  Lane(std::shared_ptr<Outlet> outlet, std::shared_ptr<Source> source, config::Backpressure policy);
  /// What was written is still sent, as far as the target takes it.
  ~Lane() override;

  /// Never blocks: what the outlet does not take now waits, or is lost and counted.
  void write(std::string_view bytes) noexcept;
  /// The stream has ended: passes on an unfinished line, too.
  void flush() noexcept;
  [[nodiscard]] Outlet& outlet() const noexcept { return *outlet_; }
  /// The outlet, if the writer has to wait for it; else nullptr.
  [[nodiscard]] Outlet* fullOutlet() const noexcept;

  /// What it holds, and what it has lost, for a successor.
  [[nodiscard]] state::Lane save() const;
  /// Continues a predecessor's lane; to be called before anything is written.
  void restore(const state::Lane& saved);
  /// What it holds, as bytes that its outlet has not taken: for an owner that keeps no state of its own.
  [[nodiscard]] state::Unsent unsent() const;

 private:
  friend class Outlet;
  void pass(std::string_view bytes) noexcept;
  void hold(std::string_view bytes) noexcept;
  bool restartLine(core::Instant now) noexcept;
  bool flushIfBefore(core::Instant limit) noexcept;
  void onRoom() noexcept override;

  std::shared_ptr<Outlet> outlet_;
  std::shared_ptr<Source> source_;
  std::string line_;       ///< the beginning of an unfinished line
  std::string backlog_;    ///< with Backpressure::Drop: what waits for room
  core::Instant since_{};  ///< when line_ began
  config::Backpressure policy_;
};

}  // namespace output
