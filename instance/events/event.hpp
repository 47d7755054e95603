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
  std::string details;  ///< what event_details adds: words, each with a blank in front
  std::optional<Source> source;
  std::optional<std::uint64_t> serial;
};
using EventPtr = std::shared_ptr<Event>;

/// The fields of a PROCESS_STATE event besides names: its type decides which of them appear.
struct StateChange {
  Type type = Type::ProcessState;
  std::string_view from;  ///< the name of the state before, "STARTING"
  int tries = 0;          ///< STARTING, BACKOFF
  pid_t pid = 0;          ///< RUNNING, STOPPING, STOPPED, EXITED
  bool expected = true;   ///< EXITED
};
enum class Channel : std::uint8_t { Stdout, Stderr };

/// One function for each kind of event. The payloads are Supervisor's to the letter. Data that is not UTF-8 becomes
/// "Undecodable: b'...'", as Supervisor sends it.
[[nodiscard]] EventPtr makeStateEvent(const StateChange& change, Source source);
[[nodiscard]] EventPtr makeLogEvent(Channel channel, pid_t pid, std::string_view data, Source source);
[[nodiscard]] EventPtr makeCommunicationEvent(Channel channel, pid_t pid, std::string_view data, Source source);
/// Of a type that is not Supervisor's: `words` ("restarts:3") follow the names.
[[nodiscard]] EventPtr makeOwnEvent(Type type, std::string_view words, Source source);
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
  bool details = false;  ///< whether the pool wants Event::details
};
/// The header line and the payload, as a listener reads them from its standard input.
///
/// `len` counts bytes. A listener that reads text (Python's childutils) counts characters and, if the payload is not
/// ASCII, would wait forever for the missing ones: after the payload there is one tab for each. A listener that reads
/// bytes finds these tabs before the next header, where stripping removes them. They are tabs and not blanks, because
/// parsers that split at each blank would get an empty token from each, in the header and in a payload of one line.
/// Such a payload ends with a key "pad" of its own, so that for a reader of text the tabs are not part of its last
/// value.
[[nodiscard]] std::string encode(const Event& event, const Envelope& envelope);

}  // namespace events
