// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "instance/config/model.hpp"
#include "lib/lifecycle/machine.hpp"
#include "lib/lifecycle/state.hpp"

/// The words for enumerators in the state's text: they stay when an enumeration is reordered.
namespace state {

template <class E>
struct Word {
  std::string_view text;
  E value;
};

constexpr auto wordsOf(lifecycle::ProcessState) {
  using enum lifecycle::ProcessState;
  return std::to_array<Word<lifecycle::ProcessState>>({{"STOPPED", Stopped},
                                                       {"STARTING", Starting},
                                                       {"RUNNING", Running},
                                                       {"BACKOFF", Backoff},
                                                       {"STOPPING", Stopping},
                                                       {"EXITED", Exited},
                                                       {"FATAL", Fatal},
                                                       {"UNKNOWN", Unknown}});
}

constexpr auto wordsOf(lifecycle::AfterStop) {
  using enum lifecycle::AfterStop;
  return std::to_array<Word<lifecycle::AfterStop>>(
      {{"stay", Stay}, {"restart", Restart}, {"renew", Renew}, {"backoff", BackOff}});
}

constexpr auto wordsOf(lifecycle::HealthState) {
  using enum lifecycle::HealthState;
  return std::to_array<Word<lifecycle::HealthState>>(
      {{"none", None}, {"starting", Starting}, {"healthy", Healthy}, {"unhealthy", Unhealthy}});
}

constexpr auto wordsOf(config::ProbeTarget::Kind) {
  using enum config::ProbeTarget::Kind;
  return std::to_array<Word<config::ProbeTarget::Kind>>(
      {{"none", None}, {"tcp", Tcp}, {"unix", Unix}, {"http", Http}, {"exec", Exec}});
}

constexpr auto wordsOf(config::Health::Action) {
  using enum config::Health::Action;
  return std::to_array<Word<config::Health::Action>>(
      {{"none", None}, {"restart", Restart}, {"stop", Stop}, {"signal", Signal}});
}

constexpr auto wordsOf(config::Watching::Action) {
  using enum config::Watching::Action;
  return std::to_array<Word<config::Watching::Action>>({{"restart", Restart}, {"reload", Reload}, {"signal", Signal}});
}

constexpr auto wordsOf(lifecycle::Condition) {
  using enum lifecycle::Condition;
  return std::to_array<Word<lifecycle::Condition>>(
      {{"started", Started}, {"running", Running}, {"ready", Ready}, {"healthy", Healthy}, {"exited", Exited}});
}

constexpr auto wordsOf(logging::Level) {
  using enum logging::Level;
  return std::to_array<Word<logging::Level>>({{"blather", Blather},
                                              {"trace", Trace},
                                              {"debug", Debug},
                                              {"info", Info},
                                              {"warn", Warn},
                                              {"error", Error},
                                              {"critical", Critical}});
}

constexpr auto wordsOf(config::NotifyAccess) {
  using enum config::NotifyAccess;
  return std::to_array<Word<config::NotifyAccess>>({{"none", None}, {"main", Main}, {"all", All}});
}

constexpr auto wordsOf(config::Readiness::Kind) {
  using enum config::Readiness::Kind;
  return std::to_array<Word<config::Readiness::Kind>>(
      {{"none", None}, {"notify", Notify}, {"descriptor", Descriptor}, {"log", Log}, {"file", File}, {"probe", Probe}});
}

constexpr auto wordsOf(config::ExitWhen) {
  using enum config::ExitWhen;
  return std::to_array<Word<config::ExitWhen>>({{"never", Never}, {"all_exited", AllExited}});
}

constexpr auto wordsOf(config::AutoRestart) {
  using enum config::AutoRestart;
  return std::to_array<Word<config::AutoRestart>>({{"never", Never}, {"unexpected", Unexpected}, {"always", Always}});
}

constexpr auto wordsOf(config::KillScope) {
  using enum config::KillScope;
  return std::to_array<Word<config::KillScope>>(
      {{"default", Default}, {"process", Process}, {"group", Group}, {"session", Session}, {"tree", Tree}});
}

constexpr auto wordsOf(config::ListenSocket::Kind) {
  using enum config::ListenSocket::Kind;
  return std::to_array<Word<config::ListenSocket::Kind>>({{"tcp", Tcp}, {"udp", Udp}, {"unix", Unix}});
}

constexpr auto wordsOf(config::Leftovers) {
  using enum config::Leftovers;
  return std::to_array<Word<config::Leftovers>>({{"keep", Keep}, {"stop", Stop}});
}

constexpr auto wordsOf(lifecycle::Overlap) {
  using enum lifecycle::Overlap;
  return std::to_array<Word<lifecycle::Overlap>>({{"skip", Skip}, {"queue", Queue}, {"kill", Kill}});
}

constexpr auto wordsOf(config::Backpressure) {
  using enum config::Backpressure;
  return std::to_array<Word<config::Backpressure>>({{"block", Block}, {"drop", Drop}});
}

constexpr auto wordsOf(config::LogSettings::Target) {
  using enum config::LogSettings::Target;
  return std::to_array<Word<config::LogSettings::Target>>({{"none", None}, {"auto", Auto}, {"file", File}});
}

constexpr auto wordsOf(config::ResultHandler) {
  using enum config::ResultHandler;
  return std::to_array<Word<config::ResultHandler>>({{"default", Default}, {"stdin", StdinWrite}, {"stdout", Stdout}});
}

constexpr auto wordsOf(config::GroupConfig::Kind) {
  using enum config::GroupConfig::Kind;
  return std::to_array<Word<config::GroupConfig::Kind>>(
      {{"programs", Programs}, {"eventlistener", EventListener}, {"fcgi", Fcgi}});
}

constexpr auto wordsOf(config::RpcInterface::Factory) {
  using enum config::RpcInterface::Factory;
  return std::to_array<Word<config::RpcInterface::Factory>>({{"supervisor", Supervisor}, {"twiddler", Twiddler}});
}

}  // namespace state
