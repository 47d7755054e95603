// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "instance/events/event.hpp"
#include "instance/events/listener_protocol.hpp"
#include "lib/core/clock.hpp"

namespace config {
struct GroupConfig;
enum class Backpressure;
enum class ResultHandler;
}  // namespace config

namespace state {
struct Listener;
struct Pool;
}  // namespace state

namespace events {

/// Events by their serial, each once.
using EventsBySerial = std::map<std::uint64_t, EventPtr>;

/// One listener process, as its pool needs it: the seam to the process table.
class ListenerProcess {
 public:
  virtual ~ListenerProcess() = default;
  [[nodiscard]] virtual bool running() const = 0;  ///< in state RUNNING
  /// In state STARTING: about to be RUNNING.
  [[nodiscard]] virtual bool starting() const { return false; }
  /// Queues bytes for its standard input. False: nobody can read them any more.
  virtual bool send(std::string_view bytes) = 0;
};

/// What all pools of one instance share. The serial counts the events that any pool accepted, over reloads too.
struct Shared {
  std::string identifier;
  std::uint64_t nextSerial = 0;
  /// Writes to the standard input of the process an event came from, if it still takes any.
  std::function<void(const Source&, std::string_view)> writeStdin;
  /// Writes whole lines to the standard output of the daemon.
  std::function<void(std::string_view, config::Backpressure)> print;
  std::uint64_t delivered = 0;  ///< events that were given to a listener
  std::uint64_t revision = 1;   ///< grows when a pool or a listener changes what it saves
};

/// One [eventlistener:x]: a bounded queue of events and the listeners that work on it. Logs what happens to them in
/// Supervisor's words. accept() only queues, so that it may be called from anywhere; dispatch() writes.
class Pool {
 public:
  Pool(const config::GroupConfig& group, Shared& shared);

  /// One listener of the pool: its conversation and the event it works on.
  class Member;

  /// Adds a listener; earlier ones are served first. `process` must outlive its membership.
  Member& add(std::string name, ListenerProcess& process);
  /// Takes a listener out; an event it works on goes back to the queue.
  void remove(Member& member);

  /// Continues with the events, the size and the policy of `group`; the handler of results stays. Events that wait and
  /// that it does not subscribe to any more are delivered nevertheless; a smaller queue loses its oldest ones.
  void reconfigure(const config::GroupConfig& group);

  [[nodiscard]] bool subscribed(Type type) const noexcept { return (subscription_ & bit(type)) != 0; }
  [[nodiscard]] TypeSet subscription() const noexcept { return subscription_; }
  /// Whether it wants Event::details.
  [[nodiscard]] bool wantsDetails() const noexcept { return details_; }
  /// Queues `event`, which the pool subscribes to. A full queue drops its oldest event, with an error in the log.
  void accept(const EventPtr& event);
  /// Gives queued events, oldest first, to listeners that are RUNNING and READY, as long as there are both. After a
  /// rejection it sends nothing until resume(): the listener would reject the same event again and again, and later
  /// events must not overtake it.
  void dispatch();
  /// When the pause after a rejection ends; nullopt: there is none. It grows until an event is accepted.
  [[nodiscard]] std::optional<core::Instant> pausedUntil() const noexcept { return pausedUntil_; }
  void resume() noexcept {
    touch();
    pausedUntil_.reset();
  }
  /// What save() has, or that of a listener, is about to change.
  void touch() noexcept { ++shared_.revision; }

  void spawned(Member& member);
  /// What a listener wrote to its standard output. True: it violated the protocol and gets no further events.
  bool onOutput(Member& member, std::string_view bytes);
  /// A listener that ended, or can read no more, gives back the event it works on.
  void lost(Member& member) noexcept { giveBack(member); }

  /// Whether results are printed, and what happens while standard output is full.
  [[nodiscard]] bool prints() const noexcept;
  [[nodiscard]] config::Backpressure policy() const noexcept { return policy_; }
  /// One more event would cost the oldest one, and there is a listener that will take one.
  [[nodiscard]] bool fullForNow() const;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::size_t queued() const noexcept { return queue_.size(); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

  /// The queue, without the events that listeners work on: Member::save() has those.
  [[nodiscard]] state::Pool save() const;
  /// Adds the events of the queue and of the listeners.
  void collect(EventsBySerial& events) const;
  /// Continues with the queue of a predecessor. `events` has every event of it.
  void restore(const state::Pool& saved, const EventsBySerial& events);

 private:
  struct Delivery {
    EventPtr event;
    std::uint64_t poolSerial = 0;
  };
  [[nodiscard]] bool anyoneReady() const;
  [[nodiscard]] bool deliver(Delivery& delivery);
  void makeRoom() noexcept;
  void giveBack(Member& member) noexcept;
  void logRebuffering(const Delivery& delivery, std::size_t others) const noexcept;
  void report(Member& member, const ListenerProtocol::Action& action, std::string_view bytes);
  void reject(const Member& member, const std::string& answer);
  [[nodiscard]] bool print(std::string_view result) const;
  [[nodiscard]] ListenerResult judge(const Member& member, std::string_view result);

  std::string name_;
  TypeSet subscription_;
  std::size_t limit_;
  config::ResultHandler handler_;
  config::Backpressure policy_;
  bool details_;
  Shared& shared_;
  std::deque<Delivery> queue_;
  std::vector<std::unique_ptr<Member>> members_;
  std::uint64_t nextSerial_ = 0;
  std::uint64_t dropped_ = 0;
  core::Duration pause_{0};
  std::optional<core::Instant> pausedUntil_;
};

class Pool::Member {
 public:
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] ListenerState state() const noexcept { return protocol_.state(); }
  /// Results that were accepted from this process since it was spawned.
  [[nodiscard]] std::uint64_t processed() const noexcept { return processed_; }
  void save(state::Listener& saved) const;
  void restore(const state::Listener& saved, const EventsBySerial& events);

 private:
  friend class Pool;
  std::string name_;
  ListenerProcess* process_ = nullptr;
  ListenerProtocol protocol_;
  std::optional<Delivery> current_;
  std::uint64_t processed_ = 0;
};

}  // namespace events
