// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "instance/process/attendants.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/lifecycle/demand.hpp"

namespace config {
struct Activation;
}

namespace process {

/// The sockets that supervisord opens for a program, which gets them by systemd's protocol (LISTEN_FDS). They are open
/// from before its start until it does not run any more, and will not by itself: connections wait meanwhile.
///
/// autostart=ondemand: while it does not run, the sockets are watched, and the first connection starts it. While it
/// runs it accepts for itself, and nothing is watched. idle_stop stops it when it has no connection.
class Activation final : public Attendant {
 public:
  Activation(ProcessContext& context, Process& program);
  ~Activation() override;

  core::Status beforeSpawn(LaunchExtras& extras) override;
  void adopt(state::Incoming& incoming) noexcept override;
  void onState(lifecycle::ProcessState to) noexcept override;
  void describeIdle(std::string& text) const override;
  void beforeAutostart() override;
  bool takesAutostart() override;
  void onStartRequest() noexcept override;
  void onStopRequest() noexcept override;
  [[nodiscard]] bool awaitsStart() const noexcept override { return listens_; }
  void onReconfigured() override;
  void save(state::Program& saved, state::Outgoing& outgoing) const override;
  void restore(const state::Program& saved, state::Incoming& incoming) override;
  void resume() noexcept override;

 private:
  [[nodiscard]] const config::Activation& settings() const noexcept;
  [[nodiscard]] std::string storeName(std::size_t place) const;
  [[nodiscard]] bool isIdle() const noexcept;
  [[nodiscard]] core::Status open();
  void close() noexcept;
  void close(std::size_t place) noexcept;
  void take(state::Incoming& incoming, const std::vector<state::OpenSocket>* saved);
  void listen() noexcept;
  void listenLater() noexcept;
  [[nodiscard]] bool leavesConnections();
  void unlisten() noexcept;
  void connected();
  [[nodiscard]] bool mayStart();
  void settle();
  void watchIdleness() noexcept;
  void lookWhetherIdle();
  [[nodiscard]] bool isBusy();
  [[nodiscard]] bool isUsed();
  void stopIdle();

  ProcessContext& context_;
  Process& program_;
  std::vector<core::UniqueFd> sockets_;                  ///< in their order; invalid ones are not open
  std::vector<std::unique_ptr<core::IoWatch>> watches_;  ///< one for each
  core::Deferred settle_;                                ///< its state has changed
  core::Timer linger_;                                   ///< when it is over the sockets are closed
  core::Timer idle_;                                     ///< the next look whether it is idle
  core::Timer again_;                                    ///< a start was not possible, and the connection waits
  lifecycle::StartLimit limit_;
  lifecycle::Idleness idleness_;
  bool wanted_ = false;     ///< with ondemand connections start it while it does not run
  bool cancelled_ = false;  ///< not any more, since it was stopped
  bool exhausted_ = false;  ///< connections have started it too often: it is not started before somebody asks for it
  bool demanded_ = false;   ///< the next start is that for a connection
  bool listens_ = false;    ///< the sockets are watched, or again_ is armed
  bool stopping_ = false;   ///< the request to stop it is ours
  bool unseen_ = false;     ///< that connections cannot be counted was logged
  int unread_ = 0;          ///< ends in a row that left something at the sockets
  bool taken_ = false;      ///< over from a predecessor, in this turn of the loop
};

}  // namespace process
