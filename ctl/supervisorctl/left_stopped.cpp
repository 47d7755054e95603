// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/left_stopped.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "ctl/supervisorctl/process_info.hpp"
#include "ctl/supervisorctl/session.hpp"

namespace ctl {

Answer<std::vector<std::string>> leftStopped(Session& session, const std::vector<std::string>& stopped,
                                             const std::vector<std::string>& reported) {
  std::vector<std::string> left;
  std::set<std::string> missing(stopped.begin(), stopped.end());
  for (const auto& name : reported) missing.erase(name);
  if (missing.empty()) return left;
  auto all = session.allProcesses();
  if (!all) return core::Err{std::move(all).error()};
  for (const auto& program : *all) {
    const bool disabled = program.furtherMember("disabled") != nullptr;
    if (missing.count(program.fullName()) > 0 && program.is(ProcessState::Stopped) && !disabled)
      left.push_back(program.fullName());
  }
  return left;
}

}  // namespace ctl
