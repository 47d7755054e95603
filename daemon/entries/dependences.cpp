// SPDX-License-Identifier: MIT
#include "daemon/entries/dependences.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "daemon/entries/declared.hpp"
#include "lib/core/files.hpp"
#include "lib/core/ini.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/dependence_check.hpp"
#include "lib/dialect/members.hpp"
#include "lib/dialect/programs.hpp"

namespace entries {
namespace {

bool givesDependence(const Declared& declared) {
  return std::any_of(declared.keys.begin(), declared.keys.end(),
                     [](const auto& key) { return key.first == "depends_on" && !core::trim(key.second).empty(); });
}

/// The processes of all declared programs of one entry.
class DeclaredProcesses {
 public:
  explicit DeclaredProcesses(const Entry& entry)
      : entry_(entry),
        complete_(entry.confTemplate.empty() && entry.unread.empty()),
        context_{document_, core::directoryOf(entry.confFile), "/", instanceNames(entry), {}, messages_} {
    context_.isDirectory = [](const std::string&) { return true; };
    for (const auto& declared : entry.declared) writeSection(document_, declared);
    for (const auto& declared : entry.declared)
      if (declared.kind == Declared::Kind::Group) readGroup(declared);
  }

  void read(const Declared& declared) {
    const auto group = groups_.find(declared.name);
    auto processes =
        needsTemplate(declared, entry_)
            ? core::Result<config::Processes, config::Refusal>(core::Err{config::Refusal{}})
            : config::readProcesses(context_, *document_.find("program:" + declared.name),
                                    group == groups_.end() ? declared.name : group->second,
                                    group == groups_.end() ? nullptr : document_.find("group:" + group->second));
    if (!processes) {
      complete_ = false;
      return;
    }
    for (auto& process : *processes) {
      members_.push_back({group == groups_.end() ? declared.name : group->second, process.get()});
      owners_.push_back(&declared);
      processes_.push_back(std::move(process));
    }
  }

  /// `first`: as that of config::wrongDependence().
  [[nodiscard]] std::optional<WrongDeclared> wrong(std::size_t first) const {
    const auto found = config::wrongDependence(members_, complete_ ? first : members_.size());
    if (!found) return std::nullopt;
    for (const auto& dependence : members_[found->member].program->extension->dependences.on)
      if (isRefused(dependence.program))
        return WrongDeclared{owners_[found->member]->name,
                             fmt::format("depends on '{}', which is refused", dependence.program)};
    return WrongDeclared{owners_[found->member]->name, found->reason};
  }
  [[nodiscard]] std::size_t count() const noexcept { return members_.size(); }

 private:
  void readGroup(const Declared& group) {
    config::SectionReader in(document_, *document_.find("group:" + group.name), config::SectionKind::Group);
    const auto members = config::readMembers(in, context_.withHere());
    for (const auto& program : members.programs)
      if (document_.find("program:" + program)) groups_.emplace(program, group.name);
  }

  [[nodiscard]] bool isRefused(const std::string& program) const {
    const auto file = Declared{Declared::Kind::Program, program, {}, {}, {}, {}}.fileName();
    return std::find(entry_.refusedDeclared.begin(), entry_.refusedDeclared.end(), file) !=
               entry_.refusedDeclared.end() &&
           !document_.find("program:" + program);
  }

  const Entry& entry_;
  bool complete_;  ///< the instance has no other programs
  core::IniDocument document_;
  std::vector<config::Message> messages_;
  config::ReadContext context_;
  std::map<std::string, std::string> groups_;  ///< of the programs that are members of one
  std::vector<config::Member> members_;
  std::vector<const Declared*> owners_;  ///< of `members_`
  config::Processes processes_;
};

}  // namespace

std::optional<WrongDeclared> wrongDeclared(const Entry& entry, const std::set<std::string>& kept) {
  if (std::none_of(entry.declared.begin(), entry.declared.end(), givesDependence)) return std::nullopt;
  DeclaredProcesses processes(entry);
  std::size_t first = 0;
  for (const bool isKept : {true, false}) {
    for (const auto& declared : entry.declared)
      if (declared.kind == Declared::Kind::Program && (kept.count(declared.name) != 0) == isKept)
        processes.read(declared);
    if (isKept) first = processes.count();
  }
  return processes.wrong(first);
}

bool namesInDependence(const Declared& declared, const std::string& program) {
  for (const auto& [key, value] : declared.keys) {
    if (key != "depends_on") continue;
    std::string spaced = value;
    for (char& c : spaced)
      if (c == ',' || c == ':') c = ' ';
    const auto words = core::splitBlanks(spaced);
    if (std::find(words.begin(), words.end(), program) != words.end()) return true;
  }
  return false;
}

}  // namespace entries
