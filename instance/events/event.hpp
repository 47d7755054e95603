// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "instance/events/types.hpp"

namespace events {

/// The process an event is about, by its configured names.
struct Source {
  std::string process;
  std::string group;
};

/// Something that happened, rendered at that moment: what changes afterwards does not change it. Immutable but for
/// its serial, which the first pool that accepts it assigns.
struct Event {
  Type type = Type::Event;
  std::string payload;
  std::optional<Source> source;
  std::optional<std::uint64_t> serial;
};
using EventPtr = std::shared_ptr<Event>;

/// What a PROCESS_STATE event says besides names: which of these appears depends on its type.
struct StateChange {
  Type type = Type::ProcessState;
  std::string_view from;  ///< the name of the state before, "STARTING"
  int tries = 0;          ///< STARTING, BACKOFF
  pid_t pid = 0;          ///< RUNNING, STOPPING, STOPPED, EXITED
  bool expected = true;   ///< EXITED
};
enum class Channel : std::uint8_t { Stdout, Stderr };

/// The constructors of all events: each gives the payload to the letter. Data that is no UTF-8 becomes
/// "Undecodable: b'...'", as Supervisor sends it.
[[nodiscard]] EventPtr makeStateEvent(const StateChange& change, Source source);
[[nodiscard]] EventPtr makeLogEvent(Channel channel, pid_t pid, std::string_view data, Source source);
[[nodiscard]] EventPtr makeCommunicationEvent(Channel channel, pid_t pid, std::string_view data, Source source);
[[nodiscard]] EventPtr makeRemoteEvent(std::string_view type, std::string_view data);
/// `type` is Tick5, Tick60 or Tick3600; `when` the start of its time slice, in seconds since the epoch.
[[nodiscard]] EventPtr makeTickEvent(Type type, std::int64_t when);
/// `type` is ProcessGroupAdded or ProcessGroupRemoved.
[[nodiscard]] EventPtr makeGroupEvent(Type type, std::string_view group);
/// `type` is SupervisorStateChangeRunning or SupervisorStateChangeStopping.
[[nodiscard]] EventPtr makeSupervisorEvent(Type type);

/// What identifies one delivery of an event to one pool.
struct Envelope {
  std::string_view identifier;
  std::string_view pool;
  std::uint64_t poolSerial = 0;
};
/// The header line and the payload, as a listener reads them from its standard input. `len` counts bytes. A listener
/// that reads text (Python's childutils) counts characters, and would wait for ever for as many as there are bytes:
/// tabs make up for the difference. To a reader of bytes they stand before the next header. Blanks would be empty
/// tokens there, and in a payload of one line, to those who split at each blank. Such a payload ends with the key
/// "pad", whose value the tabs become for a reader of text.
[[nodiscard]] std::string encode(const Event& event, const Envelope& envelope);

}  // namespace events
