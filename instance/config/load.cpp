// SPDX-License-Identifier: MIT
#include "instance/config/load.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>

#include "instance/config/daemon_section.hpp"
#include "instance/config/groups.hpp"
#include "instance/config/overlay.hpp"
#include "instance/config/servers.hpp"
#include "instance/config/sockets.hpp"
#include "lib/core/files.hpp"
#include "lib/dialect/context.hpp"
#include "lib/dialect/notices.hpp"
#include "lib/dialect/programs.hpp"

namespace config {

namespace {

core::Expected<Configuration> read(const CommandLine& line, Unreadable unreadable, const Scaling& scaling) {
  Configuration out;
  out.file = line.file;
  const auto environment = core::environmentNames();
  const auto document = readSources(line, unreadable, environment, out.messages);
  if (!document) return core::Err{document.error()};

  // Supervisor reports the first error only: the order of the steps decides which one, and is Supervisor's.
  ReadContext context{*document, core::directoryOf(line.file), line.startDirectory, environment, {}, out.messages};
  if (line.overlay)
    context.isDirectory = [&made = line.overlay->directories](const std::string& path) {
      return made.count(path) > 0 || core::isDirectory(path);
    };
  context.scaling = &scaling;
  auto daemon = readDaemon(context, line);
  if (!daemon) return core::Err{std::move(daemon).error()};
  out.daemon = std::move(daemon).value();
  auto interfaces = readRpcInterfaces(context);
  if (!interfaces) return core::Err{std::move(interfaces).error()};
  out.interfaces = std::move(interfaces).value();
  auto groups = readGroups(context);
  if (!groups) return core::Err{std::move(groups).error()};
  out.groups = std::move(groups).value();
  if (auto status = checkSockets(context, out.groups); !status) return core::Err{std::move(status).error()};
  out.defaults = defaultsIn(*document);
  for (auto& section : socketSections(*document)) out.defaults.push_back(std::move(section));
  auto servers = readServers(context);
  if (!servers) return core::Err{std::move(servers).error()};
  out.servers = std::move(servers).value();
  if (auto status = settleUser(context, line, out.daemon); !status) return core::Err{std::move(status).error()};

  noteUnusual(context);
  std::stable_sort(out.messages.begin(), out.messages.end(),
                   [](const auto& a, const auto& b) { return a.level > b.level; });
  return out;
}

}  // namespace

core::Expected<Configuration> load(const CommandLine& line, Unreadable unreadable, const Scaling& scaling) {
  auto loaded = read(line, unreadable, scaling);
  // The texts are not needed any more, a megabyte for a thousand programs: return the memory to the system.
  ::malloc_trim(0);
  return loaded;
}

core::Expected<std::vector<std::shared_ptr<const ProcessConfig>>> parsePrograms(
    const Configuration& base, const std::string& name, const std::string& group,
    const std::vector<std::pair<std::string, std::string>>& options, GroupConfig::Kind kind,
    std::vector<Message>* messages) {
  const char* prefix = kind == GroupConfig::Kind::EventListener ? "eventlistener:"
                       : kind == GroupConfig::Kind::Fcgi        ? "fcgi-program:"
                                                                : "program:";
  core::IniDocument document;
  auto& section = document.open(prefix + name, {});
  for (const auto& [key, value] : options) section.set({key, value, {}});
  const auto groupName = "group:" + group;
  for (const auto& given : base.defaults)
    if (given.section == kProgramDefaults || given.section == groupName || given.section.starts_with("socket:"))
      for (const auto& [key, value] : given.keys) document.open(given.section, {}).set({key, value, {}});
  std::vector<Message> unheard;
  ReadContext context{document,
                      core::directoryOf(base.file),
                      {},
                      core::environmentNames(),
                      base.daemon.environment,
                      messages ? *messages : unheard};
  context.backpressure = base.daemon.backpressure;
  for (const auto& [key, value] : base.daemon.environment) context.environment.set("ENV_" + key, value);
  auto processes = readProcesses(context, *document.find(prefix + name), group, document.find(groupName));
  if (!processes) return core::Err{core::Error{processes.error().text()}};
  noteKeys(context, *document.find(prefix + name));
  return std::move(processes).value();
}

std::string fallbackServerUrl(const std::vector<HttpServer>& servers) {
  std::string url;
  for (const auto& server : servers) {
    if (server.unixSocket) return "unix://" + server.path;
    const bool six = server.host.find(':') != std::string::npos;
    const std::string host = server.host.empty() ? "localhost" : six ? "[" + server.host + "]" : server.host;
    url = fmt::format("http://{}:{}", host, server.port);
  }
  return url;
}

}  // namespace config
