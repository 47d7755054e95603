// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/config_sources.hpp"

#include "ctl/supervisorctl/rights.hpp"
#include "lib/core/expansion.hpp"
#include "lib/core/files.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

constexpr std::string_view kClient = "supervisorctl";
constexpr std::string_view kHere = "%(here)s";

void readIncluded(core::IniDocument& document, const std::string& file, const std::string& home, bool trust,
                  std::vector<std::string>& notes) {
  if (!trust && isForOthers(file, true)) {
    notes.push_back(file + " is ignored, because another account can change it (to read it as root, use --trust)");
    return;
  }
  auto extra = core::IniDocument::read(file);
  if (!extra) {
    notes.push_back(extra.error().text);
    return;
  }
  extra->substitute(kHere, core::absolutePath(core::directoryOf(file), home));
  document.merge(*extra);
}

/// Merges the files of [include] into the document, as supervisord does.
void readIncludes(core::IniDocument& document, const std::string& home, bool trust, std::vector<std::string>& notes) {
  const core::IniSection* include = document.find("include");
  const core::IniEntry* files = include ? document.get(*include, "files") : nullptr;
  if (!files) return;
  const core::Names environment = core::environmentNames();
  core::Names names(&environment);
  names.set("here", home);
  names.set("host_node_name", core::hostName());
  const auto patterns = core::expand(files->value, names, "include.files");
  if (!patterns) {
    notes.push_back(patterns.error().text);
    return;
  }
  for (const std::string& piece : core::splitBlanks(*patterns))
    for (const std::string& file : core::matchingPaths(core::absolutePath(piece, home)))
      readIncluded(document, file, home, trust, notes);
}

}  // namespace

SettingsSource findSettings(core::IniDocument& document, const std::string& home, bool trust) {
  using Kind = SettingsSource::Kind;
  if (document.find(kClient)) return {Kind::Section, std::string(kClient), {}};
  SettingsSource source;
  readIncludes(document, home, trust, source.notes);
  const auto use = [&](Kind kind, const core::IniSection& section) {
    source.kind = kind;
    source.section = section.name();
  };
  for (const core::IniSection& section : document.sections()) {
    // The order of preference is that of SettingsSource::Kind; of two servers of a kind, supervisord itself tells its
    // programs the first Unix socket and the last TCP port.
    const bool isClient = section.name() == kClient;
    if (isClient || source.kind == Kind::Section) {
      if (isClient) use(Kind::Section, section);
    } else if (section.name().starts_with("unix_http_server") && document.get(section, "file")) {
      if (source.kind != Kind::UnixServer) use(Kind::UnixServer, section);
    } else if (section.name().starts_with("inet_http_server") && document.get(section, "port")) {
      if (source.kind != Kind::UnixServer) use(Kind::InetServer, section);
    }
  }
  return source;
}

}  // namespace ctl
