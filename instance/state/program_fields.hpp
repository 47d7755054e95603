// SPDX-License-Identifier: MIT
#pragma once

#include "instance/config/model.hpp"
#include "instance/state/care_fields.hpp"
#include "instance/state/fields.hpp"
#include "instance/state/occasion_fields.hpp"
#include "instance/state/surroundings_fields.hpp"

/// The fields of programs and groups. Those of the keys that Supervisor lacks are in a file for each topic.
namespace state {

template <class V>
constexpr void describe(V& v, Of<config::FcgiSocket>) {
  using T = config::FcgiSocket;
  v("url", &T::url);
  v("path", &T::path);
  v("host", &T::host);
  v("port", &T::port);
  v("backlog", &T::backlog);
  v("owner", &T::owner);
  v("mode", &T::mode);
}

template <class V>
constexpr void describe(V& v, Of<config::ListenerSettings>) {
  using T = config::ListenerSettings;
  v("bufferSize", &T::bufferSize);
  v("events", &T::events);
  v("handler", &T::handler);
  v("details", &T::details);
}

template <class V>
constexpr void describe(V& v, Of<config::LogSettings>) {
  using T = config::LogSettings;
  v("target", &T::target);
  v("path", &T::path);
  v("maxBytes", &T::maxBytes);
  v("backups", &T::backups);
  v("captureMaxBytes", &T::captureMaxBytes);
  v("events", &T::events);
  v("syslog", &T::syslog);
}

template <class V>
constexpr void describe(V& v, Of<config::Extension>) {
  using T = config::Extension;
  v("pacing", &T::pacing);
  v("readiness", &T::readiness);
  v("health", &T::health);
  v("startAsLast", &T::startAsLast);
  v("surroundings", &T::surroundings);
  v("limits", &T::limits);
  v("dependences", &T::dependences);
  v("reloading", &T::reloading);
  v("stopping", &T::stopping);
  v("around", &T::around);
  v("scheduling", &T::scheduling);
  v("lifetime", &T::lifetime);
  v("activation", &T::activation);
  v("watching", &T::watching);
  v("controlGroup", &T::controlGroup);
  v("given", &T::given);
}

template <class V>
constexpr void describe(V& v, Of<config::ProcessConfig>) {
  using T = config::ProcessConfig;
  v("name", &T::name);
  v("command", &T::command);
  v("directory", &T::directory);
  v("serverUrl", &T::serverUrl);
  v("environment", &T::environment);
  v("out", &T::out);
  v("err", &T::err);
  v("exitCodes", &T::exitCodes);
  v("uid", &T::uid);
  v("umask", &T::umask);
  v("oomScoreAdjust", &T::oomScoreAdjust);
  v("priority", &T::priority);
  v("startSeconds", &T::startSeconds);
  v("startRetries", &T::startRetries);
  v("stopWaitSeconds", &T::stopWaitSeconds);
  v("stopSignal", &T::stopSignal);
  v("autoRestart", &T::autoRestart);
  v("backpressure", &T::backpressure);
  v("autoStart", &T::autoStart);
  v("stopAsGroup", &T::stopAsGroup);
  v("killAsGroup", &T::killAsGroup);
  v("redirectStderr", &T::redirectStderr);
  v("extension", &T::extension);
  v("socket", &T::socket);
}

template <class V>
constexpr void describe(V& v, Of<config::ScaledProgram>) {
  using T = config::ScaledProgram;
  v("program", &T::program);
  v("count", &T::count);
  v("numprocs", &T::numprocs);
}

template <class V>
constexpr void describe(V& v, Of<config::GroupConfig>) {
  using T = config::GroupConfig;
  v("kind", &T::kind);
  v("name", &T::name);
  v("priority", &T::priority);
  v("processes", &T::processes);
  v("listener", &T::listener);
  v("sockets", &T::sockets);
  v("scales", &T::scales);
}

}  // namespace state
