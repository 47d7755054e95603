// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include "ctl/deploy/language/grooming.hpp"

/// files.notify: supervisor://SUPERVISOR[/PROGRAM], SUPERVISOR:PROGRAM, SUPERVISOR:GROUP:*, systemd://UNIT, UNIT.
namespace deploy {
namespace {

constexpr std::string_view kForms = "write supervisor://SUPERVISOR/PROGRAM or systemd://UNIT";

struct Target {
  enum class Kind { Invalid, Instance, Program, Group, Unit } kind = Kind::Invalid;
  std::string supervisor;
  std::string name;  ///< of the program, group or unit
};

/// "p" or "g:*", the part after the supervisor.
Target inSupervisor(std::string_view supervisor, std::string_view rest) {
  Target target{Target::Kind::Program, std::string(supervisor), std::string(rest)};
  if (rest.ends_with(":*")) {
    target.kind = Target::Kind::Group;
    target.name.resize(rest.size() - 2);
  }
  if (supervisor.empty() || target.name.empty() || target.name.find_first_of(":/*") != std::string::npos)
    target.kind = Target::Kind::Invalid;
  return target;
}

Target unit(std::string_view name) {
  if (name.ends_with(".service")) name.remove_suffix(8);
  return {name.empty() ? Target::Kind::Invalid : Target::Kind::Unit, {}, std::string(name)};
}

Target parse(std::string_view text) {
  constexpr std::string_view toSupervisor = "supervisor://";
  constexpr std::string_view toUnit = "systemd://";
  if (text.starts_with(toUnit)) return unit(text.substr(toUnit.size()));
  if (text.starts_with(toSupervisor)) {
    text.remove_prefix(toSupervisor.size());
    const auto slash = text.find('/');
    if (slash != std::string_view::npos) return inSupervisor(text.substr(0, slash), text.substr(slash + 1));
    const bool valid = !text.empty() && text.find(':') == std::string_view::npos;
    return {valid ? Target::Kind::Instance : Target::Kind::Invalid, std::string(text), {}};
  }
  const auto colon = text.find(':');
  return colon == std::string_view::npos ? unit(text) : inSupervisor(text.substr(0, colon), text.substr(colon + 1));
}

Value toMap(const Target& target) {
  const auto text = [](std::string_view value) { return Value{std::string(value)}; };
  Value::Map map;
  switch (target.kind) {
    case Target::Kind::Invalid: break;
    case Target::Kind::Instance: map = {{"kind", text("instance")}, {"supervisor", text(target.supervisor)}}; break;
    case Target::Kind::Program:
      map = {{"kind", text("program")}, {"supervisor", text(target.supervisor)}, {"program", text(target.name)}};
      break;
    case Target::Kind::Group:
      map = {{"kind", text("group")}, {"supervisor", text(target.supervisor)}, {"group", text(target.name)}};
      break;
    case Target::Kind::Unit: map = {{"kind", text("unit")}, {"unit", text(target.name + ".service")}}; break;
  }
  return Value{std::move(map)};
}

class Notifications {
 public:
  explicit Notifications(Grooming& grooming) : grooming_(grooming) {}

  void groom(Draft& file) {
    const auto found = file.item.values.find("notify");
    if (found == file.item.values.end()) return;
    Value::List targets;
    for (const auto& one : std::get<Value::List>(found->second.data))
      add(file, std::get<std::string>(one.data), targets);
    found->second = Value{std::move(targets)};
  }

 private:
  void add(const Draft& file, const std::string& text, Value::List& targets) {
    for (const auto other : {"storm://", "yarn://"})
      if (text.starts_with(other)) {
        errorIn(grooming_.problems, file, "notify", fmt::format("'{}': {} is not supported", text, other));
        return;
      }
    const Target target = parse(text);
    if (target.kind == Target::Kind::Invalid) {
      errorIn(grooming_.problems, file, "notify", fmt::format("'{}' is not a target", text), std::string(kForms));
      return;
    }
    const Draft* draft = find(file, target);
    if (!draft) return;
    if (file.scopeKnown && draft->scopeKnown && !draft->item.hosts.includes(file.item.hosts)) {
      errorIn(grooming_.problems, file, "notify",
              fmt::format("the file has hosts that the target '{}' does not have", text),
              fmt::format("the target is at {}", toText(draft->item.mark)));
      return;
    }
    // What the scopes of the run leave out is not restarted either.
    if (draft->selected) targets.push_back(toMap(target));
  }

  const Draft* find(const Draft& file, const Target& target) {
    if (target.kind == Target::Kind::Unit) return findUnit(file, target.name);
    const Draft* supervisor = findSupervisor(grooming_, file, "notify", target.supervisor);
    if (!supervisor || target.kind == Target::Kind::Instance) return supervisor;
    const References::Pair pair(target.supervisor, target.name);
    const auto& references = grooming_.references;
    if (target.kind == Target::Kind::Group)
      if (const auto at = references.programGroups.find(pair); at != references.programGroups.end()) return at->second;
    // A program that is in no group is a group of its own.
    if (const auto at = references.programs.find(pair); at != references.programs.end()) return at->second;
    errorIn(grooming_.problems, file, "notify",
            fmt::format("supervisor '{}' has no {} '{}'", target.supervisor,
                        target.kind == Target::Kind::Group ? "group" : "program", target.name),
            hintFor(target));
    return nullptr;
  }

  const Draft* findUnit(const Draft& file, const std::string& name) {
    const auto& units = grooming_.references.units;
    if (const auto at = units.find(name); at != units.end()) return at->second;
    std::vector<std::string_view> names;
    for (const auto& [known, unused] : units) names.push_back(known);
    const bool isSupervisor = grooming_.references.supervisors.count(name) != 0;
    errorIn(grooming_.problems, file, "notify", fmt::format("there is no systemd unit '{}' in systemd_units", name),
            isSupervisor ? fmt::format("did you mean supervisor://{}?", name)
                         : didYouMean(name, names, std::string(kForms)));
    return nullptr;
  }

  std::string hintFor(const Target& target) const {
    auto dropped = grooming_.drafts.droppedHint(
        target.kind == Target::Kind::Group ? "supervisor_groups" : "supervisor_programs", target.name);
    if (!dropped.empty()) return dropped;
    std::vector<std::string_view> names;
    const auto& all =
        target.kind == Target::Kind::Group ? grooming_.references.programGroups : grooming_.references.programs;
    for (auto at = all.lower_bound({target.supervisor, ""}); at != all.end() && at->first.first == target.supervisor;
         ++at)
      names.push_back(at->first.second);
    return didYouMean(target.name, names);
  }

  Grooming& grooming_;
};

}  // namespace

void groomNotifications(Grooming& grooming) {
  Notifications notifications(grooming);
  for (auto& file : grooming.drafts.of("files")) notifications.groom(file);
}

}  // namespace deploy
