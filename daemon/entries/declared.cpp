// SPDX-License-Identifier: MIT
#include "daemon/entries/declared.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "daemon/entries/environment.hpp"
#include "daemon/entries/values.hpp"
#include "lib/core/files.hpp"
#include "lib/core/ini.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/members.hpp"
#include "lib/dialect/programs.hpp"

namespace entries {
namespace {

/// Keys for the manager, which are not written to the instance's file.
constexpr std::array<std::string_view, 8> kOwnOfPrograms{"enabled", "name",  "no_remove",  "notify",
                                                         "scope",   "state", "supervisor", "when"};
constexpr std::array<std::string_view, 5> kOwnOfGroups{"name", "no_remove", "scope", "supervisor", "when"};

config::SectionKind sectionKindOf(Declared::Kind kind) {
  return kind == Declared::Kind::Program ? config::SectionKind::Program : config::SectionKind::Group;
}

/// What is doubtful about a key's name; nothing, if it is one of today's.
std::optional<std::string> doubtAbout(Declared::Kind kind, std::string_view key) {
  std::vector<std::string_view> known;
  if (kind == Declared::Kind::Program)
    known.assign(kOwnOfPrograms.begin(), kOwnOfPrograms.end());
  else
    known.assign(kOwnOfGroups.begin(), kOwnOfGroups.end());
  for (const auto& one : config::keysOf(sectionKindOf(kind))) {
    if (one.successor && one.name == key) return fmt::format("is from Supervisor 2: today it is {}", one.successor);
    if (!one.successor) known.push_back(one.name);
  }
  if (std::find(known.begin(), known.end(), key) != known.end()) return std::nullopt;
  const auto near = core::nearest(key, known);
  return near ? fmt::format("unknown key; did you mean '{}'?", *near) : "unknown key";
}

/// A key for the manager that is not Supervisor's. Returns a reason if its value is wrong.
std::optional<std::string> readOwn(Declared& declared, const std::string& key, const std::string& value, bool& own) {
  own = true;
  if (key == "supervisor") {
    declared.supervisor = value;
  } else if (key == "enabled") {
    const auto enabled = parseBoolean(value);
    if (!enabled) return enabled.error();
    declared.keys.emplace_back("autostart", *enabled ? "true" : "false");
  } else if (key == "state") {
    if (!wantedStateFrom(value)) return fmt::format("'{}' is not one of started, stopped, current", value);
    // A program that is to be stopped after deployment does not start with its instance.
    if (value == "stopped") declared.keys.emplace_back("autostart", "false");
  } else if (key == "no_remove") {
    const auto flag = parseBoolean(value);
    if (!flag) return flag.error();
  } else {
    own = key == "scope" || key == "when" || key == "name" || key == "notify";
  }
  return std::nullopt;
}

/// A later key replaces an earlier one of the same name (enabled and autostart are the same).
void dropDuplicates(std::vector<std::pair<std::string, std::string>>& keys) {
  std::vector<std::pair<std::string, std::string>> out;
  for (auto& pair : keys) {
    const auto same = std::find_if(out.begin(), out.end(), [&](const auto& p) { return p.first == pair.first; });
    if (same == out.end())
      out.push_back(std::move(pair));
    else
      same->second = std::move(pair.second);
  }
  keys = std::move(out);
}

}  // namespace

std::optional<Declared> readDeclared(const core::IniDocument& document, const core::IniSection& section,
                                     Declared::Kind kind, const DeclaredSinks& sinks) {
  const auto& place = section.place();
  Declared out{kind, section.name().substr(section.name().find(':') + 1), {}, {}, {}, {}};
  out.origin = {*place.file, static_cast<int>(place.line)};
  bool good = true;
  const auto complain = [&](const std::string& key, int line, std::string reason) {
    sinks.complain({out.origin.file, line, section.name(), key, std::move(reason)});
    good = false;
  };
  if (!isProgramName(out.name))
    complain("", out.origin.line,
             fmt::format("'{}' cannot be a name: letters, digits, '_', '-' and '.' only", out.name));
  for (const auto* entry : document.entriesOf(section)) {
    const int line = static_cast<int>(entry->place.line);
    if (auto doubt = doubtAbout(kind, entry->key))
      sinks.warn({out.origin.file, line, section.name(), entry->key, std::move(*doubt)});
    out.lines[entry->key] = line;
    bool own = false;
    if (auto reason = readOwn(out, entry->key, entry->value, own)) complain(entry->key, line, std::move(*reason));
    if (!own) out.keys.emplace_back(entry->key, entry->value);
  }
  if (out.supervisor.empty()) complain("supervisor", out.origin.line, "is required: the instance it belongs to");
  const char* const needed = kind == Declared::Kind::Program ? "command" : "programs";
  if (std::none_of(out.keys.begin(), out.keys.end(), [&](const auto& p) { return p.first == needed; }))
    complain(needed, out.origin.line, "is required");
  dropDuplicates(out.keys);
  if (!good) return std::nullopt;
  return out;
}

core::Names instanceNames(const Entry& entry) {
  core::Names names;
  for (const auto& variable : ownerEnvironment(entry)) {
    const auto equals = variable.find('=');
    names.set("ENV_" + variable.substr(0, equals), variable.substr(equals + 1));
  }
  names.set(std::string("ENV_") + kMark, entry.name);
  return names;
}

bool needsTemplate(const Declared& declared, const Entry& entry) {
  constexpr std::string_view start = "%(";
  if (entry.confTemplate.empty()) return false;
  const auto names = instanceNames(entry);
  for (const auto& [key, value] : declared.keys)
    for (auto at = value.find("%(ENV_"); at != std::string::npos; at = value.find("%(ENV_", at + 1)) {
      const auto end = value.find(')', at);
      const auto name = value.substr(at + start.size(), end - at - start.size());
      if (end != std::string::npos && !names.find(name)) return true;
    }
  return false;
}

core::IniSection& writeSection(core::IniDocument& document, const Declared& declared) {
  const auto file = std::make_shared<const std::string>(declared.origin.file);
  const auto placeOf = [&](int line) { return core::IniPlace{file, static_cast<std::uint32_t>(line)}; };
  const bool program = declared.kind == Declared::Kind::Program;
  auto& section = document.open((program ? "program:" : "group:") + declared.name, placeOf(declared.origin.line));
  for (const auto& [key, value] : declared.keys) {
    // What it takes back is in a section that is not known here.
    if (core::trim(value).empty() && config::emptyUndoes(key)) continue;
    const auto line = declared.lines.find(key);
    section.set({key, value, placeOf(line == declared.lines.end() ? declared.origin.line : line->second)});
  }
  return section;
}

namespace {

/// Why a value is refused that the members of a group take from it. They are sections of their own, perhaps in a
/// file of the owner: it is tried with one that gives nothing but what it must, and whose warnings mean nothing.
std::optional<config::Refusal> refusedDefaults(const config::ReadContext& context, core::IniDocument& document,
                                               const Declared& group) {
  const auto given = [&](std::string_view key) {
    return std::any_of(group.keys.begin(), group.keys.end(), [&](const auto& pair) { return pair.first == key; });
  };
  const std::string member = "program:member";
  auto& section = document.open(member, {});
  if (!given("command")) section.set({"command", "/bin/true", {}});
  if (!given("process_name")) section.set({"process_name", "%(program_name)s_%(process_num)s", {}});
  std::vector<config::Message> unheard;
  config::ReadContext own{document, context.here, context.startDirectory, context.environment, {}, unheard};
  own.isDirectory = context.isDirectory;
  own.alone = context.alone;
  const auto processes =
      config::readProcesses(own, *document.find(member), group.name, document.find("group:" + group.name));
  return processes ? std::nullopt : std::optional(processes.error());
}

}  // namespace

bool judgeDeclared(const Declared& declared, const Entry& entry, const DeclaredSinks& sinks) {
  if (needsTemplate(declared, entry)) return true;
  const bool program = declared.kind == Declared::Kind::Program;
  core::IniDocument document;
  const auto& section = writeSection(document, declared);
  std::vector<config::Message> messages;
  config::ReadContext context{document, core::directoryOf(entry.confFile), "/", instanceNames(entry), {}, messages};
  context.alone = true;
  // Directories are the owner's to look at, and may be made yet.
  context.isDirectory = [](const std::string&) { return true; };
  std::optional<config::Refusal> refusal;
  if (program) {
    if (auto processes = config::readProcesses(context, section, declared.name); !processes)
      refusal = processes.error();
  } else {
    config::SectionReader in(document, section, config::SectionKind::Group);
    (void)config::readMembers(in, context.withHere());
    if (!in.ok())
      refusal = in.refusal();
    else
      refusal = refusedDefaults(context, document, declared);
  }
  for (auto& message : messages)
    sinks.warn({declared.origin.file, declared.origin.line, declared.sectionName(), "", std::move(message.text)});
  if (!refusal) return true;
  sinks.complain({declared.origin.file, static_cast<int>(refusal->place.line), declared.sectionName(), refusal->key,
                  refusal->reason});
  return false;
}

}  // namespace entries
