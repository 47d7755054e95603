// SPDX-License-Identifier: MIT
#pragma once

#include "instance/state/fields.hpp"
#include "lib/dialect/extension.hpp"

/// The fields of the keys that decide when a program runs: by the clock, on a connection, after a change of files.
namespace state {

template <class V>
constexpr void describe(V& v, Of<lifecycle::Calendar>) {
  using T = lifecycle::Calendar;
  v("minutes", &T::minutes);
  v("hours", &T::hours);
  v("days", &T::days);
  v("months", &T::months);
  v("weekdays", &T::weekdays);
  v("everyHour", &T::everyHour);
  v("everyDay", &T::everyDay);
  v("everyWeekday", &T::everyWeekday);
}

template <class V>
constexpr void describe(V& v, Of<lifecycle::Timetable>) {
  using T = lifecycle::Timetable;
  v("calendar", &T::calendar);
  v("every", &T::every);
  v("jitter", &T::jitter);
  v("overlap", &T::overlap);
}

template <class V>
constexpr void describe(V& v, Of<config::Scheduling>) {
  using T = config::Scheduling;
  v("timetable", &T::timetable);
  v("zone", &T::zone);
}

template <class V>
constexpr void describe(V& v, Of<lifecycle::WindowPart>) {
  using T = lifecycle::WindowPart;
  v("days", &T::days);
  v("begin", &T::begin);
  v("end", &T::end);
}

template <class V>
constexpr void describe(V& v, Of<config::Lifetime>) {
  using T = config::Lifetime;
  v("essential", &T::essential);
  v("maxRuntime", &T::maxRuntime);
  v("maxAge", &T::maxAge);
  v("maxAgeJitter", &T::maxAgeJitter);
  v("window", &T::window);
}

template <class V>
constexpr void describe(V& v, Of<config::ListenSocket>) {
  using T = config::ListenSocket;
  v("name", &T::name);
  v("kind", &T::kind);
  v("url", &T::url);
  v("host", &T::host);
  v("port", &T::port);
  v("path", &T::path);
  v("backlog", &T::backlog);
  v("owner", &T::owner);
  v("mode", &T::mode);
}

template <class V>
constexpr void describe(V& v, Of<config::Activation>) {
  using T = config::Activation;
  v("sockets", &T::sockets);
  v("onDemand", &T::onDemand);
  v("idleStop", &T::idleStop);
}

template <class V>
constexpr void describe(V& v, Of<config::Watching>) {
  using T = config::Watching;
  v("paths", &T::paths);
  v("ignored", &T::ignored);
  v("action", &T::action);
  v("signal", &T::signal);
  v("delay", &T::delay);
}

}  // namespace state
