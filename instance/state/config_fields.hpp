// SPDX-License-Identifier: MIT
#pragma once

#include "instance/config/command_line.hpp"
#include "instance/config/model.hpp"
#include "instance/state/fields.hpp"

/// The fields of the configuration, as fields.hpp has those of the rest.
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
constexpr void describe(V& v, Of<config::OptionalPath>) {
  using T = config::OptionalPath;
  v("path", &T::path);
  v("optional", &T::optional);
}

template <class V>
constexpr void describe(V& v, Of<config::Credential>) {
  using T = config::Credential;
  v("name", &T::name);
  v("path", &T::path);
}

template <class V>
constexpr void describe(V& v, Of<config::Surroundings>) {
  using T = config::Surroundings;
  v("group", &T::group);
  v("supplementaryGroups", &T::supplementaryGroups);
  v("environmentFiles", &T::environmentFiles);
  v("cleanEnvironment", &T::cleanEnvironment);
  v("loginEnvironment", &T::loginEnvironment);
  v("processNumber", &T::processNumber);
  v("credentials", &T::credentials);
  v("readOnlyPaths", &T::readOnlyPaths);
  v("privateTmp", &T::privateTmp);
}

template <class V>
constexpr void describe(V& v, Of<config::ResourceLimit>) {
  using T = config::ResourceLimit;
  v("resource", &T::resource);
  v("soft", &T::soft);
  v("hard", &T::hard);
}

template <class V>
constexpr void describe(V& v, Of<config::Limits>) {
  using T = config::Limits;
  v("resources", &T::resources);
  v("nice", &T::nice);
  v("ioPriority", &T::ioPriority);
  v("processors", &T::processors);
  v("capabilities", &T::capabilities);
  v("noNewPrivileges", &T::noNewPrivileges);
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

template <class V>
constexpr void describe(V& v, Of<config::ControlGroup>) {
  using T = config::ControlGroup;
  v("memoryMax", &T::memoryMax);
  v("memoryHigh", &T::memoryHigh);
  v("cpuQuota", &T::cpuQuota);
  v("tasksMax", &T::tasksMax);
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
constexpr void describe(V& v, Of<config::GroupConfig>) {
  using T = config::GroupConfig;
  v("kind", &T::kind);
  v("name", &T::name);
  v("priority", &T::priority);
  v("processes", &T::processes);
  v("listener", &T::listener);
  v("sockets", &T::sockets);
}

template <class V>
constexpr void describe(V& v, Of<config::HttpServer>) {
  using T = config::HttpServer;
  v("unixSocket", &T::unixSocket);
  v("section", &T::section);
  v("place", &T::place);
  v("path", &T::path);
  v("mode", &T::mode);
  v("owner", &T::owner);
  v("host", &T::host);
  v("port", &T::port);
  v("allowedHosts", &T::allowedHosts);
  v("username", &T::username);
  v("password", &T::password);
}

template <class V>
constexpr void describe(V& v, Of<config::RpcInterface>) {
  using T = config::RpcInterface;
  v("name", &T::name);
  v("factory", &T::factory);
  v("options", &T::options);
}

template <class V>
constexpr void describe(V& v, Of<config::Daemon>) {
  using T = config::Daemon;
  v("logFile", &T::logFile);
  v("logMaxBytes", &T::logMaxBytes);
  v("logBackups", &T::logBackups);
  v("logLevel", &T::logLevel);
  v("pidFile", &T::pidFile);
  v("stateFile", &T::stateFile);
  v("identifier", &T::identifier);
  v("directory", &T::directory);
  v("childLogDir", &T::childLogDir);
  v("uid", &T::uid);
  v("umask", &T::umask);
  v("minFds", &T::minFds);
  v("minProcs", &T::minProcs);
  v("noDaemon", &T::noDaemon);
  v("silent", &T::silent);
  v("noCleanup", &T::noCleanup);
  v("stripAnsi", &T::stripAnsi);
  v("backpressure", &T::backpressure);
  v("environment", &T::environment);
  v("exitWhen", &T::exitWhen);
}

template <class V>
constexpr void describe(V& v, Of<config::Message>) {
  using T = config::Message;
  v("level", &T::level);
  v("text", &T::text);
  v("routine", &T::routine);
}

template <class V>
constexpr void describe(V& v, Of<config::SectionKeys>) {
  v("section", &config::SectionKeys::section);
  v("keys", &config::SectionKeys::keys);
}

/// Its groups are records of their own.
template <class V>
constexpr void describe(V& v, Of<config::Configuration>) {
  using T = config::Configuration;
  v("file", &T::file);
  v("daemon", &T::daemon);
  v("servers", &T::servers);
  v("interfaces", &T::interfaces);
  v("messages", &T::messages);
  v("defaults", &T::defaults);
}

/// The configuration as it was last read.
struct Reread {
  config::Configuration configuration;
};

template <class V>
constexpr void describe(V& v, Of<Reread>) {
  v("configuration", &Reread::configuration);
}

/// A group as it was last read.
struct Configured {
  std::string name;
  std::optional<config::GroupConfig> own;  ///< nullopt: it is the very group that runs
};

template <class V>
constexpr void describe(V& v, Of<Configured>) {
  v("name", &Configured::name);
  v("own", &Configured::own);
}

/// Without what is only for --check.
template <class V>
constexpr void describe(V& v, Of<config::CommandLine>) {
  using T = config::CommandLine;
  v("program", &T::program);
  v("file", &T::file);
  v("fileAsTyped", &T::fileAsTyped);
  v("startDirectory", &T::startDirectory);
  v("notice", &T::notice);
  v("user", &T::user);
  v("directory", &T::directory);
  v("logFile", &T::logFile);
  v("pidFile", &T::pidFile);
  v("identifier", &T::identifier);
  v("childLogDir", &T::childLogDir);
  v("umask", &T::umask);
  v("logMaxBytes", &T::logMaxBytes);
  v("logBackups", &T::logBackups);
  v("minFds", &T::minFds);
  v("minProcs", &T::minProcs);
  v("logLevel", &T::logLevel);
  v("noDaemon", &T::noDaemon);
  v("silent", &T::silent);
  v("noCleanup", &T::noCleanup);
  v("stripAnsi", &T::stripAnsi);
}

}  // namespace state
