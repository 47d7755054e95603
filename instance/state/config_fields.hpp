// SPDX-License-Identifier: MIT
#pragma once

#include "instance/config/command_line.hpp"
#include "instance/config/model.hpp"
#include "instance/state/fields.hpp"
#include "instance/state/program_fields.hpp"

/// The fields of the configuration, as fields.hpp has those of the rest. program_fields.hpp has those of its programs.
namespace state {

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
