// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/selection.hpp"

#include <algorithm>
#include <set>

#include "ctl/supervisorctl/names.hpp"
#include "ctl/supervisorctl/session.hpp"

namespace ctl {
namespace {

bool selects(const std::string& text, const ProcessName& name, const ProcessInfo& info) {
  if (info.group == name.group && (!name.process || info.name == *name.process)) return true;
  return isPattern(text) && fitsPattern(text, info.group, info.name);
}

}  // namespace

Selection select(const std::vector<ProcessInfo>& all, const std::vector<std::string>& names) {
  Selection selection;
  if (names.empty() || std::find(names.begin(), names.end(), "all") != names.end()) {
    selection.found = all;
    return selection;
  }
  for (const std::string& text : names) {
    const ProcessName name = splitName(text);
    const std::size_t before = selection.found.size();
    for (const ProcessInfo& info : all)
      if (selects(text, name, info)) selection.found.push_back(info);
    if (selection.found.size() != before) continue;
    if (name.process)
      selection.problems.push_back(text + ": ERROR (no such process)");
    else
      selection.problems.push_back(name.group + ": ERROR (no such group)");
  }
  return selection;
}

Answer<std::vector<std::string>> expandPatterns(Session& session, std::vector<std::string> names) {
  if (std::none_of(names.begin(), names.end(), isPattern)) return names;
  auto infos = session.allProcesses();
  if (!infos) return core::Err{std::move(infos).error()};
  std::vector<std::string> expanded;
  std::set<std::string> seen;
  for (std::string& name : names) {
    if (!isPattern(name)) {
      expanded.push_back(std::move(name));
      continue;
    }
    bool fitted = false;
    for (const ProcessInfo& info : *infos) {
      if (!fitsPattern(name, info.group, info.name)) continue;
      fitted = true;
      if (seen.insert(info.fullName()).second) expanded.push_back(info.fullName());
    }
    if (!fitted) expanded.push_back(std::move(name));
  }
  return expanded;
}

}  // namespace ctl
