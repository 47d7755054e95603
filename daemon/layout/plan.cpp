// SPDX-License-Identifier: MIT
#include "daemon/layout/plan.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "daemon/entries/attributes.hpp"
#include "daemon/entries/entry.hpp"
#include "daemon/layout/template.hpp"
#include "lib/core/fnv.hpp"
#include "lib/core/text.hpp"

namespace layout {
namespace {

/// A percent sign starts an expansion in a supervisord configuration.
std::string escaped(const std::string& value) { return core::replaceAll(value, "%", "%%"); }

/// The lower of Supervisor's wish and the entry's own limit, which supervisord could not exceed.
std::string atMost(const entries::Entry& entry, int resource, rlim_t wish) {
  for (const auto& [which, value] : entry.execution.limits)
    if (which == resource) wish = std::min(wish, value);
  return std::to_string(wish);
}

Variables variablesOf(const entries::Entry& entry, const Places& places) {
  Variables v;
  v["name"] = entry.name;
  v["user"] = entry.owner.name;
  v["group"] = entry.group;
  v["source"] = entry.origin.file;
  v["conf_file_dst"] = entry.confFile;
  v["logs_dir"] = entry.logsDir;
  v["pid_dir"] = entry.pidDir;
  v["socks_dir"] = entry.socksDir;
  v["include_dir"] = entry.includeDir;
  v["supervisorctl"] = entry.supervisorctl;
  v["loglevel"] = entry.logLevel;
  // From this level on supervisord repeats the output of programs in its own log.
  if (entry.logLevel == "debug" || entry.logLevel == "trace" || entry.logLevel == "blather") v["output_twice"] = "yes";
  v["root"] = places.root;
  v["umask"] = fmt::format("{:03o}", entry.execution.umask.value_or(022));
  v["minfds"] = atMost(entry, RLIMIT_NOFILE, 1024);
  v["minprocs"] = atMost(entry, RLIMIT_NPROC, 200);
  if (!entry.execution.directory.empty()) v["directory"] = entry.execution.directory;
  if (entry.http) {
    v["http_server"] = "yes";
    v["http_server.endpoint"] = entry.http->endpoint;
    if (!entry.http->allowedHosts.empty()) v["http_server.allowed_hosts"] = entry.http->allowedHosts;
    if (!entry.http->password.empty()) {
      v["http_server.username"] = escaped(entry.http->username);
      v["http_server.password"] = escaped(entry.http->password);
    }
  }
  return v;
}

std::string declaredText(const entries::Declared& declared) {
  const bool program = declared.kind == entries::Declared::Kind::Program;
  std::string out = fmt::format("; written by supervisor-manager from {}\n[{}:{}]\n", declared.origin.file,
                                program ? "program" : "group", declared.name);
  for (const auto& [key, value] : declared.keys) {
    auto text = value;
    if (!program && key == "programs") {
      for (char& c : text)
        if (c == ',') c = ' ';
      text = core::join(core::splitBlanks(text), ",");
    }
    out += fmt::format("{}={}\n", key, core::replaceAll(text, "\n", "\n  "));
  }
  return out;
}

/// Parents before their content, each path once.
void addDirectories(Plan& plan, const entries::Entry& entry, const std::string& root) {
  const auto& id = entry.identity;
  const auto make = [&](const char* key, const std::string& path, mode_t mode) {
    return Directory{path, id.uid, id.gid, mode, path == entries::defaultPath(key, entry.name, root), false};
  };
  std::vector<Directory> all{make("logs_dir", entry.logsDir, 0750), make("include_dir", entry.includeDir, 0750),
                             make("pid_dir", entry.pidDir, 0755), make("socks_dir", entry.socksDir, 0755)};
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.path.size() < b.path.size(); });
  std::vector<std::string> seen;
  for (auto& directory : all) {
    if (std::find(seen.begin(), seen.end(), directory.path) != seen.end()) continue;
    seen.push_back(directory.path);
    plan.nodes.emplace_back(std::move(directory));
  }
}

}  // namespace

const std::string& pathOf(const Node& node) {
  return std::visit([](const auto& n) -> const std::string& { return n.path; }, node);
}

std::string digestOf(std::string_view content) {
  core::Fnv1a hash;
  hash.add(content);
  return hash.text();
}

core::Expected<Plan> planFor(const entries::Entry& entry, const Places& places,
                             const std::optional<std::string>& ownTemplate) {
  std::string conf;
  if (ownTemplate && entry.confVerbatim) {
    conf = *ownTemplate;
  } else {
    auto filled =
        fillTemplate(ownTemplate ? std::string_view(*ownTemplate) : builtinTemplate(), variablesOf(entry, places));
    if (!filled) return core::Err{core::Error{fmt::format("{}, {}", entry.confTemplate, filled.error().text), 0}};
    conf = std::move(*filled);
  }
  Plan plan{entry.identity, {}};
  addDirectories(plan, entry, places.root);
  const auto adoptWith = [&](const char* words) { return std::string(entry.adoptFiles ? words : ""); };
  // Its password is for the owner's group to read, and for nobody but the manager to change.
  plan.nodes.emplace_back(File{
      entry.confFile, std::move(conf), places.managerUid, entry.identity.gid, 0640, {}, adoptWith("[supervisord]")});
  for (const auto& declared : entry.declared)
    plan.nodes.emplace_back(
        File{entry.includeDir + '/' + declared.fileName(),
             declaredText(declared),
             entry.identity.uid,
             entry.identity.gid,
             0640,
             {},
             adoptWith(declared.kind == entries::Declared::Kind::Program ? "[program:" : "[group:")});
  const auto client = places.links + "/supervisorctl_" + entry.name;
  plan.nodes.emplace_back(Link{places.links + "/supervisord_" + entry.name + ".conf", entry.confFile, ""});
  plan.nodes.emplace_back(Link{client, places.supervisorctl, ""});
  plan.nodes.emplace_back(Link{entry.supervisorctl, client, places.links, {}, entry.adoptFiles});
  return plan;
}

}  // namespace layout
