// SPDX-License-Identifier: MIT
#include "instance/events/event.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "lib/core/text.hpp"

namespace events {
namespace {

EventPtr make(Type type, std::string payload, std::optional<Source> source = std::nullopt) {
  return std::make_shared<Event>(Event{type, std::move(payload), {}, std::move(source), std::nullopt});
}

std::string decoded(std::string_view data) {
  return core::isUtf8(data) ? std::string(data) : "Undecodable: " + core::pythonBytesRepr(data);
}

std::string extraText(const StateChange& change) {
  switch (change.type) {
    case Type::ProcessStateStarting:
    case Type::ProcessStateBackoff: return fmt::format(" tries:{}", change.tries);
    case Type::ProcessStateExited: return fmt::format(" expected:{} pid:{}", change.expected ? 1 : 0, change.pid);
    case Type::ProcessStateRunning:
    case Type::ProcessStateStopping:
    case Type::ProcessStateStopped: return fmt::format(" pid:{}", change.pid);
    default: return {};
  }
}

}  // namespace

EventPtr makeStateEvent(const StateChange& change, Source source) {
  std::string text = fmt::format("processname:{} groupname:{} from_state:{}{}", source.process, source.group,
                                 change.from, extraText(change));
  return make(change.type, std::move(text), std::move(source));
}

EventPtr makeOwnEvent(Type type, std::string_view words, Source source) {
  std::string text = fmt::format("processname:{} groupname:{} {}", source.process, source.group, words);
  return make(type, std::move(text), std::move(source));
}

EventPtr makeLogEvent(Channel channel, pid_t pid, std::string_view data, Source source) {
  const bool out = channel == Channel::Stdout;
  std::string text = fmt::format("processname:{} groupname:{} pid:{} channel:{}\n{}", source.process, source.group, pid,
                                 out ? "stdout" : "stderr", decoded(data));
  return make(out ? Type::ProcessLogStdout : Type::ProcessLogStderr, std::move(text), std::move(source));
}

EventPtr makeCommunicationEvent(Channel channel, pid_t pid, std::string_view data, Source source) {
  std::string text =
      fmt::format("processname:{} groupname:{} pid:{}\n{}", source.process, source.group, pid, decoded(data));
  const bool out = channel == Channel::Stdout;
  return make(out ? Type::ProcessCommunicationStdout : Type::ProcessCommunicationStderr, std::move(text),
              std::move(source));
}

EventPtr makeRemoteEvent(std::string_view type, std::string_view data) {
  return make(Type::RemoteCommunication, fmt::format("type:{}\n{}", type, data));
}

EventPtr makeTickEvent(Type type, std::int64_t when) { return make(type, fmt::format("when:{}", when)); }

EventPtr makeGroupEvent(Type type, std::string_view group) { return make(type, fmt::format("groupname:{}\n", group)); }

EventPtr makeSupervisorEvent(Type type) { return make(type, {}); }

std::string encode(const Event& event, const Envelope& envelope) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  const auto surplus = std::count_if(event.payload.begin(), event.payload.end(), continues);
  // Padding for listeners that count characters (event.hpp), as the value of a key of its own.
  const bool line = event.payload.find('\n') == std::string::npos;
  const std::string_view details = envelope.details ? std::string_view(event.details) : std::string_view();
  const std::string_view padKey = surplus > 0 && line ? " pad:" : "";
  return fmt::format("ver:3.0 server:{} serial:{} pool:{} poolserial:{} eventname:{} len:{}\n{}{}{}{}",
                     envelope.identifier, event.serial.value_or(0), envelope.pool, envelope.poolSerial,
                     toText(event.type), event.payload.size() + details.size() + padKey.size(), event.payload, details,
                     padKey, std::string(static_cast<std::size_t>(surplus), '\t'));
}

}  // namespace events
