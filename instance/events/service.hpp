// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "instance/events/event.hpp"
#include "instance/events/listener.hpp"
#include "instance/events/pool.hpp"
#include "instance/events/ticks.hpp"
#include "instance/output/room_queue.hpp"
#include "instance/process/observer.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"

namespace process {
class Table;
}
namespace state {
struct Events;
}

namespace events {

/// The events of one instance: watches the process table, keeps a pool for each [eventlistener:x] in it, and gives
/// each event to the pools that subscribe to it. An event is queued where it happens and delivered from the loop, so
/// that delivery never calls back into the code that published it. An event without subscribers costs one test of a
/// bit.
class Service final : private process::Observer, private Dispatcher {
 public:
  /// Must be made before groups are added to `table`, which must outlive it. `firstSerial` is the
  /// nextSerial() of the service before a reload.
  Service(core::EventLoop& loop, process::Table& table, std::string identifier, std::uint64_t firstSerial = 0);
  ~Service() override;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// REMOTE_COMMUNICATION: what sendRemoteCommEvent does.
  void remoteCommunication(std::string_view type, std::string_view data);
  /// The `server:` of all later envelopes (a reread may change it).
  void setIdentifier(std::string identifier) { shared_.identifier = std::move(identifier); }
  [[nodiscard]] std::uint64_t nextSerial() const noexcept { return shared_.nextSerial; }
  /// The listener that `program` is, or nullptr.
  [[nodiscard]] const Listener* find(const process::Process& program) const noexcept;

  /// What a successor needs to continue: serials, queues, conversations.
  [[nodiscard]] state::Events save() const;
  /// Differs from its last value if save() may, too.
  [[nodiscard]] std::uint64_t revision() const noexcept { return shared_.revision; }
  /// From here to restore() the table is filled with groups that a predecessor had: nothing is published.
  void expectRestore() noexcept { restoring_ = true; }
  /// Continues where the service was that was saved, after the table has its groups and programs and before it resumes.
  /// Fails, with nothing changed, if `saved` has something that this program does not know (see check() in
  /// handover.hpp).
  [[nodiscard]] core::Status restore(const state::Events& saved);

 private:
  void onStateChange(process::Process& program, const process::StateChange& change) override;
  [[nodiscard]] output::RoomQueue* logRoom(process::Channel channel) noexcept override;
  void onLog(process::Process& program, process::Channel channel, pid_t pid, std::string_view bytes) override;
  void onCommunication(process::Process& program, process::Channel channel, pid_t pid, std::string_view bytes) override;
  void onHealth(process::Process& program, const process::HealthChange& change) override;
  void onGroupAdded(process::Group& group) override;
  void onGroupRemoved(process::Group& group) override;
  void onGroupChanged(process::Group& group) override;
  void onProcessRemoved(process::Process& program) override;
  void onSupervisorState(process::SupervisorState supervisorState) override;
  void scheduleDispatch() noexcept override { dispatch_.schedule(); }
  [[nodiscard]] bool mayStart() const override;
  [[nodiscard]] const output::Lane* printer(config::Backpressure policy) const noexcept override;

  [[nodiscard]] bool wanted(Type type) const noexcept { return !restoring_ && (wanted_ & bit(type)) != 0; }
  void publish(const EventPtr& event);
  void dispatch();
  void poolsChanged();
  void tick();
  void writeStdin(const Source& source, std::string_view bytes);
  void print(std::string_view lines, config::Backpressure policy);
  [[nodiscard]] std::unique_ptr<output::Lane>& lane(config::Backpressure policy) noexcept;
  [[nodiscard]] bool held(Type type) noexcept;
  void letRead() noexcept;
  void patienceEnds() noexcept;
  void resumePools();
  void restorePool(const state::Pool& saved, const EventsBySerial& events);
  void restoreListener(const state::Listener& saved, const EventsBySerial& events);

  core::EventLoop& loop_;
  process::Table& table_;
  Shared shared_;
  /// In the order they were added.
  std::vector<std::pair<const process::Group*, std::unique_ptr<Pool>>> pools_;
  std::unordered_map<const process::Process*, std::unique_ptr<Listener>> listeners_;  ///< leave before the pools go
  TypeSet wanted_ = 0;                                                                ///< what any pool subscribes to
  TypeSet detailed_ = 0;                                                              ///< the same, with details
  core::Deferred dispatch_;
  core::Timer resume_;                          ///< the next end of a pool's pause
  std::unique_ptr<output::Lane> printing_;      ///< once a listener has something to print
  std::unique_ptr<output::Lane> printingSome_;  ///< the same with log_backpressure = drop
  output::RoomQueue logRoom_;                   ///< channels that wait for a pool which prints
  core::Timer patience_;                        ///< they do not wait for a listener that does nothing
  std::uint64_t deliveredBefore_ = 0;           ///< when patience_ was armed
  std::optional<std::uint64_t> stuckAt_;        ///< what was delivered when patience_ ended
  Ticks ticks_;
  std::unique_ptr<WallTimer> tickTimer_;  ///< while somebody wants ticks
  bool stopping_ = false;
  bool restoring_ = false;
};

}  // namespace events
