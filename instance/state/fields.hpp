// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>
#include <utility>

#include "instance/state/state.hpp"

/// The fields of everything that the state's text has: one description for both directions, in the order of the text.
///
/// Other versions read what is written here: a name keeps its meaning, and a member its default, which is not written.
/// What changes gets a new name. A field that an older program must not ignore gets a name with '!'.
namespace state {

/// Selects a description.
template <class T>
struct Of {};

template <class V>
constexpr void describe(V& v, Of<rlimit>) {
  v("soft", &rlimit::rlim_cur);
  v("hard", &rlimit::rlim_max);
}

template <class V>
constexpr void describe(V& v, Of<lifecycle::Snapshot>) {
  using T = lifecycle::Snapshot;
  v("state", &T::state);
  v("tries", &T::tries);
  v("exitCode", &T::exitCode);
  v("leaderGone", &T::leaderGone);
  v("groupKilled", &T::groupKilled);
  v("started", &T::started);
  v("due", &T::due);
  v("trouble", &T::trouble);
  v("afterStop", &T::afterStop);
  v("stopStep", &T::stopStep);
  v("preparing", &T::preparing);
  v("restarts", &T::restarts);
  v("streak", &T::streak);
  v("recent", &T::recent);
}

template <class V>
constexpr void describe(V& v, Of<LeftOutput>) {
  v("pid", &LeftOutput::pid);
  v("bytes", &LeftOutput::bytes);
}

template <class V>
constexpr void describe(V& v, Of<Lane>) {
  v("line", &Lane::line);
  v("backlog", &Lane::backlog);
  v("lost", &Lane::lost);
  v("lostForRoom", &Lane::lostForRoom);
}

template <class V>
constexpr void describe(V& v, Of<Channel>) {
  v("pipe", &Channel::pipe);
  v("logPath", &Channel::logPath);
  v("live", &Channel::live);
  v("logOpen", &Channel::logOpen);
  v("logFile", &Channel::logFile);
  v("rotateAt", &Channel::rotateAt);
  v("left", &Channel::left);
  v("escape", &Channel::escape);
  v("captureHeld", &Channel::captureHeld);
  v("captured", &Channel::captured);
  v("capturing", &Channel::capturing);
  v("log", &Channel::log);
  v("systemLog", &Channel::systemLog);
}

template <class V>
constexpr void describe(V& v, Of<Remains>) {
  v("begun", &Remains::begun);
  v("waitStatus", &Remains::waitStatus);
  v("session", &Remains::session);
  v("endedAt", &Remains::endedAt);
  v("killAt", &Remains::killAt);
  v("killed", &Remains::killed);
  v("step", &Remains::step);
}

template <class V>
constexpr void describe(V& v, Of<Notifications>) {
  v("socket", &Notifications::socket);
  v("status", &Notifications::status);
  v("reloading", &Notifications::reloading);
  v("stopping", &Notifications::stopping);
}

template <class V>
constexpr void describe(V& v, Of<SideCommand>) {
  using T = SideCommand;
  v("pid", &T::pid);
  v("startedAfter", &T::startedAfter);
  v("startedBefore", &T::startedBefore);
  v("limit", &T::limit);
  v("due", &T::due);
  v("stage", &T::stage);
  v("timedOut", &T::timedOut);
  v("survives", &T::survives);
  v("pipe", &T::pipe);
  v("error", &T::error);
}

template <class V>
constexpr void describe(V& v, Of<lifecycle::ScheduleSnapshot>) {
  using T = lifecycle::ScheduleSnapshot;
  v("due", &T::due);
  v("handled", &T::handled);
  v("steadyDue", &T::steadyDue);
  v("delay", &T::delay);
  v("queued", &T::queued);
}

template <class V>
constexpr void describe(V& v, Of<lifecycle::HealthSnapshot>) {
  using T = lifecycle::HealthSnapshot;
  v("state", &T::state);
  v("failures", &T::failures);
  v("missed", &T::missed);
  v("due", &T::due);
  v("quietUntil", &T::quietUntil);
  v("reportDue", &T::reportDue);
  v("lastError", &T::lastError);
}

template <class V>
constexpr void describe(V& v, Of<Health>) {
  v("track", &Health::track);
  v("since", &Health::since);
  v("question", &Health::question);
}

template <class V>
constexpr void describe(V& v, Of<Watch>) {
  v("changed", &Watch::changed);
  v("path", &Watch::path);
  v("seen", &Watch::seen);
  v("contents", &Watch::contents);
}

template <class V>
constexpr void describe(V& v, Of<Readiness>) {
  v("pipe", &Readiness::pipe);
  v("met", &Readiness::met);
  v("out", &Readiness::out);
  v("err", &Readiness::err);
  v("device", &Readiness::device);
  v("inode", &Readiness::inode);
  v("changed", &Readiness::changed);
  v("question", &Readiness::question);
}

template <class V>
constexpr void describe(V& v, Of<Waits>) {
  v("start", &Waits::start);
  v("due", &Waits::due);
  v("stop", &Waits::stop);
  v("restart", &Waits::restart);
}

template <class V>
constexpr void describe(V& v, Of<Around>) {
  using T = Around;
  v("phase", &T::phase);
  v("next", &T::next);
  v("cancelled", &T::cancelled);
  v("failure", &T::failure);
  v("ended", &T::ended);
  v("waitStatus", &T::waitStatus);
  v("endedAt", &T::endedAt);
  v("failedStatus", &T::failedStatus);
  v("command", &T::command);
}

template <class V>
constexpr void describe(V& v, Of<Window>) {
  v("open", &Window::open);
  v("change", &Window::change);
}

template <class V>
constexpr void describe(V& v, Of<OpenSocket>) {
  v("socket", &OpenSocket::socket);
  v("device", &OpenSocket::device);
  v("inode", &OpenSocket::inode);
}

template <class V>
constexpr void describe(V& v, Of<Activation>) {
  using T = Activation;
  v("wanted", &T::wanted);
  v("cancelled", &T::cancelled);
  v("exhausted", &T::exhausted);
  v("sockets", &T::sockets);
}

template <class V>
constexpr void describe(V& v, Of<Program>) {
  v("group", &Program::group);
  v("name", &Program::name);
  v("number", &Program::number);
  v("config", &Program::config);
  v("ofGroup", &Program::ofGroup);
  v("machine", &Program::machine);
  v("pid", &Program::pid);
  v("startedAfter", &Program::startedAfter);
  v("startedBefore", &Program::startedBefore);
  v("foreign", &Program::foreign);
  v("killed", &Program::killed);
  v("startedAt", &Program::startedAt);
  v("stoppedAt", &Program::stoppedAt);
  v("remains", &Program::remains);
  v("doomed", &Program::doomed);
  v("notifications", &Program::notifications);
  v("readiness", &Program::readiness);
  v("lastEnd", &Program::lastEnd);
  v("health", &Program::health);
  v("schedule", &Program::schedule);
  v("watch", &Program::watch);
  v("waits", &Program::waits);
  v("reload", &Program::reload);
  v("around", &Program::around);
  v("input", &Program::input);
  v("inputPending", &Program::inputPending);
  v("out", &Program::out);
  v("err", &Program::err);
  v("credentials", &Program::credentials);
  v("window", &Program::window);
  v("activation", &Program::activation);
  v("controlGroup", &Program::controlGroup);
}

template <class V>
constexpr void describe(V& v, Of<Event>) {
  v("serial", &Event::serial);
  v("type", &Event::type);
  v("payload", &Event::payload);
  v("details", &Event::details);
  v("sourceGroup", &Event::sourceGroup);
  v("sourceProcess", &Event::sourceProcess);
}

template <class V>
constexpr void describe(V& v, Of<Delivery>) {
  v("serial", &Delivery::serial);
  v("poolSerial", &Delivery::poolSerial);
}

template <class V>
constexpr void describe(V& v, Of<Listener>) {
  v("group", &Listener::group);
  v("name", &Listener::name);
  v("protocol", &Listener::protocol);
  v("pending", &Listener::pending);
  v("length", &Listener::length);
  v("current", &Listener::current);
  v("processed", &Listener::processed);
  v("restartDue", &Listener::restartDue);
  v("backOff", &Listener::backOff);
  v("restarting", &Listener::restarting);
}

template <class V>
constexpr void describe(V& v, Of<Pool>) {
  v("group", &Pool::group);
  v("queue", &Pool::queue);
  v("nextSerial", &Pool::nextSerial);
  v("dropped", &Pool::dropped);
  v("pause", &Pool::pause);
  v("pausedUntil", &Pool::pausedUntil);
}

/// Its lists are records of their own.
template <class V>
constexpr void describe(V& v, Of<Events>) {
  v("nextSerial", &Events::nextSerial);
  v("delivered", &Events::delivered);
  v("ticks", &Events::ticks);
}

template <class V>
constexpr void describe(V& v, Of<Unsent>) {
  v("path", &Unsent::path);
  v("name", &Unsent::name);
  v("prefix", &Unsent::prefix);
  v("when", &Unsent::when);
  v("bytes", &Unsent::bytes);
}

/// What waits for targets: one record, since several writers may have one target.
struct UnsentList {
  std::vector<Unsent> list;
};

template <class V>
constexpr void describe(V& v, Of<UnsentList>) {
  v("list", &UnsentList::list);
}

template <class V>
constexpr void describe(V& v, Of<Stream>) {
  v("group", &Stream::group);
  v("program", &Stream::program);
  v("standardError", &Stream::standardError);
  v("file", &Stream::file);
  v("offset", &Stream::offset);
}

template <class V>
constexpr void describe(V& v, Of<Connection>) {
  v("socket", &Connection::socket);
  v("gate", &Connection::gate);
  v("peer", &Connection::peer);
  v("head", &Connection::head);
  v("received", &Connection::received);
  v("skip", &Connection::skip);
  v("unsent", &Connection::unsent);
  v("proven", &Connection::proven);
  v("closing", &Connection::closing);
  v("drain", &Connection::drain);
  v("chunked", &Connection::chunked);
  v("call", &Connection::call);
  v("stream", &Connection::stream);
}

template <class V>
constexpr void describe(V& v, Of<Server>) {
  v("socket", &Server::socket);
  v("place", &Server::place);
  v("device", &Server::device);
  v("inode", &Server::inode);
}

template <class V>
constexpr void describe(V& v, Of<SharedSocket>) {
  v("group", &SharedSocket::group);
  v("place", &SharedSocket::place);
  v("socket", &SharedSocket::socket);
  v("users", &SharedSocket::users);
}

template <class V>
constexpr void describe(V& v, Of<Daemon>) {
  v("version", &Daemon::version);
  v("pid", &Daemon::pid);
  v("notifySocket", &Daemon::notifySocket);
  v("manager", &Daemon::manager);
  v("store", &Daemon::store);
  v("fileLimit", &Daemon::fileLimit);
  v("environment", &Daemon::environment);
  v("arguments", &Daemon::arguments);
  v("nextNumber", &Daemon::nextNumber);
  v("kept", &Daemon::kept);
}

template <class V>
constexpr void describe(V& v, Of<Descriptor>) {
  v("name", &Descriptor::name);
  v("fd", &Descriptor::fd);
}

}  // namespace state
