// SPDX-License-Identifier: MIT
#pragma once

#include "instance/state/fields.hpp"
#include "lib/dialect/extension.hpp"

/// The fields of the keys for how a program starts, gets ready, is looked after and ends.
namespace state {

template <class V>
constexpr void describe(V& v, Of<lifecycle::Pacing>) {
  using T = lifecycle::Pacing;
  v("delay", &T::delay);
  v("maxDelay", &T::maxDelay);
  v("factor", &T::factor);
  v("limit", &T::limit);
  v("limitWindow", &T::limitWindow);
  v("fatalRetry", &T::fatalRetry);
}

template <class V>
constexpr void describe(V& v, Of<config::ProbeTarget>) {
  using T = config::ProbeTarget;
  v("kind", &T::kind);
  v("port", &T::port);
  v("leastStatus", &T::leastStatus);
  v("greatestStatus", &T::greatestStatus);
  v("host", &T::host);
  v("place", &T::place);
}

template <class V>
constexpr void describe(V& v, Of<config::Readiness>) {
  using T = config::Readiness;
  v("kind", &T::kind);
  v("access", &T::access);
  v("showStatus", &T::showStatus);
  v("descriptor", &T::descriptor);
  v("place", &T::place);
  v("timeout", &T::timeout);
  v("probe", &T::probe);
  v("interval", &T::interval);
}

template <class V>
constexpr void describe(V& v, Of<lifecycle::HealthRules>) {
  using T = lifecycle::HealthRules;
  v("probed", &T::probed);
  v("retries", &T::retries);
  v("interval", &T::interval);
  v("timeout", &T::timeout);
  v("startPeriod", &T::startPeriod);
  v("watchdog", &T::watchdog);
}

template <class V>
constexpr void describe(V& v, Of<config::Health>) {
  using T = config::Health;
  v("check", &T::check);
  v("rules", &T::rules);
  v("action", &T::action);
  v("signal", &T::signal);
  v("memoryLimit", &T::memoryLimit);
  v("memoryInterval", &T::memoryInterval);
}

template <class V>
constexpr void describe(V& v, Of<lifecycle::Dependence>) {
  using T = lifecycle::Dependence;
  v("group", &T::group);
  v("program", &T::program);
  v("condition", &T::condition);
}

template <class V>
constexpr void describe(V& v, Of<config::Dependences>) {
  using T = config::Dependences;
  v("on", &T::on);
  v("restart", &T::restart);
  v("oneshot", &T::oneshot);
  v("startDelay", &T::startDelay);
}

template <class V>
constexpr void describe(V& v, Of<config::Reloading>) {
  using T = config::Reloading;
  v("signal", &T::signal);
  v("command", &T::command);
  v("limit", &T::limit);
}

template <class V>
constexpr void describe(V& v, Of<lifecycle::StopStep>) {
  using T = lifecycle::StopStep;
  v("signal", &T::signal);
  v("wait", &T::wait);
}

template <class V>
constexpr void describe(V& v, Of<config::Stopping>) {
  v("steps", &config::Stopping::steps);
  v("scope", &config::Stopping::scope);
  v("leftovers", &config::Stopping::leftovers);
}

template <class V>
constexpr void describe(V& v, Of<config::AroundCommand>) {
  using T = config::AroundCommand;
  v("line", &T::line);
  v("optional", &T::optional);
}

template <class V>
constexpr void describe(V& v, Of<config::AroundCommands>) {
  using T = config::AroundCommands;
  v("list", &T::list);
  v("limit", &T::limit);
}

template <class V>
constexpr void describe(V& v, Of<config::Around>) {
  using T = config::Around;
  v("startPre", &T::startPre);
  v("startPost", &T::startPost);
  v("stop", &T::stop);
  v("stopPost", &T::stopPost);
}

}  // namespace state
