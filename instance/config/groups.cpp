// SPDX-License-Identifier: MIT
#include "instance/config/groups.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "instance/config/fcgi_socket.hpp"
#include "instance/config/listener.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/context.hpp"
#include "lib/dialect/dependence_check.hpp"
#include "lib/dialect/members.hpp"
#include "lib/dialect/programs.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

using core::IniSection;

class GroupsReader {
 public:
  explicit GroupsReader(ReadContext& context) : context_(context), names_(context.withHere()) {}

  core::Expected<std::vector<GroupPtr>> run() {
    // Groups first: they take programs, which are then not groups of their own.
    each(SectionKind::Group, &GroupsReader::readGroup);
    each(SectionKind::Program, &GroupsReader::readProgram);
    each(SectionKind::EventListener, &GroupsReader::readEventListener);
    each(SectionKind::FcgiProgram, &GroupsReader::readFcgiProgram);
    if (!error_) checkDependences();
    if (error_) return core::Err{*error_};
    std::stable_sort(groups_.begin(), groups_.end(), [](const auto& a, const auto& b) {
      return a->priority != b->priority ? a->priority < b->priority : a->name < b->name;
    });
    warnOfDuplicates();
    return std::move(groups_);
  }

 private:
  void each(SectionKind kind, void (GroupsReader::*read)(const IniSection&)) {
    for (const auto& section : context_.document.sections()) {
      if (error_) return;
      if (kindOf(section.name()) == kind && !taken_.count(section.name())) (this->*read)(section);
    }
  }

  void readGroup(const IniSection& section) {
    SectionReader in(context_.document, section, SectionKind::Group);
    auto group = begin(in, GroupConfig::Kind::Programs);
    const auto members = readMembers(in, names_);
    group->priority = members.priority;
    for (const auto& program : members.programs) {
      if (const auto* member = findMember(in, program)) addMember(in, *group, *member);
      if (error_) return;
    }
    finish(in, std::move(group));
  }

  const IniSection* findMember(SectionReader& in, const std::string& program) {
    const auto* plain = context_.document.find("program:" + program);
    const auto* fcgi = context_.document.find("fcgi-program:" + program);
    if (plain && fcgi)
      in.fail("programs", "[" + in.name() + "] name " + program + " is ambiguous (exists as program and fcgi-program)");
    else if (!plain && !fcgi)
      in.fail("programs", "[" + in.name() + "] names unknown program or fcgi-program " +
                              (program.empty() ? "'' (an empty member: one comma too many)" : program));
    if (fail(in)) return nullptr;
    return plain ? plain : fcgi;
  }

  void addMember(SectionReader& in, GroupConfig& group, const IniSection& member) {
    taken_.insert(member.name());
    if (kindOf(member.name()) == SectionKind::FcgiProgram) {
      // Supervisor ignores the socket of an fcgi-program that is in a group.
      SectionReader own(context_.document, member, SectionKind::FcgiProgram, &in.section());
      group.sockets.push_back(readFcgiSocket(own, names_));
      if (fail(own)) return;
      appendProcesses(member, group, &in.section(), static_cast<int>(group.sockets.size()) - 1);
    } else {
      appendProcesses(member, group, &in.section());
    }
    fail(in);
  }

  void appendProcesses(const IniSection& section, GroupConfig& group, const IniSection* groupSection, int socket = -1) {
    auto processes = readProcesses(context_, section, group.name, groupSection, socket);
    if (!processes)
      error_ = core::Error{processes.error().text()};
    else
      group.processes.insert(group.processes.end(), processes->begin(), processes->end());
    if (!processes) return;
    for (auto& scaled : std::exchange(context_.scaled, {})) group.scales.push_back(std::move(scaled));
    for (const auto& process : *processes)
      if (!process->extension->dependences.on.empty())
        sectionOf_.emplace(process.get(), std::pair(&section, groupSection));
  }

  /// All groups have been read: what their programs depend on must exist.
  void checkDependences() {
    if (sectionOf_.empty()) return;
    std::vector<Member> members;
    for (const auto& group : groups_)
      for (const auto& program : group->processes) members.push_back({group->name, program.get()});
    if (const auto wrong = wrongDependence(members)) {
      auto in = readerOf(members[wrong->member]);
      in.fail("depends_on", wrong->reason);
      fail(in);
      return;
    }
    std::set<std::string> told;  // processes of one section have the same
    for (const auto& doubtful : doubtfulDependences(members)) {
      auto text = "Key 'depends_on': " + doubtful.reason + readerOf(members[doubtful.member]).placeOf("depends_on");
      if (told.insert(text).second) context_.warn(std::move(text));
    }
  }

  /// Of the section of a program that depends on others.
  SectionReader readerOf(const Member& member) {
    const auto& [section, groupSection] = sectionOf_.at(member.program);
    return {context_.document, *section, kindOf(section->name()), groupSection};
  }

  void readProgram(const IniSection& section) {
    SectionReader in(context_.document, section, SectionKind::Program);
    auto group = begin(in, GroupConfig::Kind::Programs);
    in.take("priority", names_, parseInteger, group->priority);
    addProcesses(in, section, std::move(group));
  }

  void readEventListener(const IniSection& section) {
    SectionReader in(context_.document, section, SectionKind::EventListener);
    auto group = begin(in, GroupConfig::Kind::EventListener);
    in.take("priority", names_, parseInteger, group->priority);
    group->listener = readListener(in, names_);
    addProcesses(in, section, std::move(group));
  }

  void readFcgiProgram(const IniSection& section) {
    SectionReader in(context_.document, section, SectionKind::FcgiProgram);
    auto group = begin(in, GroupConfig::Kind::Fcgi);
    in.take("priority", names_, parseInteger, group->priority);
    group->sockets.push_back(readFcgiSocket(in, names_));
    addProcesses(in, section, std::move(group), 0);
  }

  static std::shared_ptr<GroupConfig> begin(SectionReader& in, GroupConfig::Kind kind) {
    auto group = std::make_shared<GroupConfig>();
    group->kind = kind;
    auto name = parseName(nameBehindColon(in.name()));
    if (kind == GroupConfig::Kind::EventListener)
      group->name = nameBehindColon(in.name());  // as in Supervisor: checked with the processes, but not trimmed
    else if (name)
      group->name = std::move(name).value();
    else
      in.fail(name.error().text);
    return group;
  }

  void addProcesses(SectionReader& in, const IniSection& section, std::shared_ptr<GroupConfig> group, int socket = -1) {
    if (fail(in)) return;
    appendProcesses(section, *group, nullptr, socket);
    if (!error_) finish(in, std::move(group));
  }

  void finish(SectionReader& in, std::shared_ptr<GroupConfig> group) {
    if (fail(in)) return;
    group->processes.shrink_to_fit();  // groups live as long as the daemon
    groups_.push_back(std::move(group));
  }

  /// Keeps the error of the reader, if it has one.
  bool fail(const SectionReader& in) {
    if (!in.ok()) error_ = in.error().value;
    return !in.ok();
  }

  void warnOfDuplicates() {
    std::set<std::string_view> seen;
    for (const auto& group : groups_)
      if (!seen.insert(group->name).second)
        context_.warn("More than one group is named " + core::pythonRepr(group->name) +
                      ": only the first, by priority, is used");
  }

  ReadContext& context_;
  core::Names names_;
  std::set<std::string> taken_;  ///< sections that are members of a group
  /// Of programs that depend on others: their section, and that of their group, which may be null.
  std::map<const ProcessConfig*, std::pair<const IniSection*, const IniSection*>> sectionOf_;
  std::vector<GroupPtr> groups_;
  std::optional<core::Error> error_;
};

}  // namespace

core::Expected<std::vector<GroupPtr>> readGroups(ReadContext& context) { return GroupsReader(context).run(); }

std::vector<SectionKeys> defaultsIn(const core::IniDocument& document) {
  std::vector<SectionKeys> out;
  const auto programKeys = keysOf(SectionKind::Program);
  for (const auto& section : document.sections()) {
    const auto kind = kindOf(section.name());
    if (kind != SectionKind::ProgramDefaults && kind != SectionKind::Group) continue;
    SectionKeys found{section.name(), {}};
    for (const auto& entry : section.entries()) {
      const bool known =
          std::any_of(programKeys.begin(), programKeys.end(), [&](const Key& key) { return key.name == entry.key; });
      if (known && inherits(SectionKind::Program, kind, entry.key) && !document.isDefault(entry))
        found.keys.emplace_back(entry.key, entry.value);
    }
    if (!found.keys.empty()) out.push_back(std::move(found));
  }
  return out;
}

}  // namespace config
