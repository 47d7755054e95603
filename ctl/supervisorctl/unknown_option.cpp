// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/unknown_option.hpp"

#include <algorithm>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/selection.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

/// "--a, --b and --c"
std::string enumerated(const std::vector<std::string>& options) {
  std::string text;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (i > 0) text += i + 1 == options.size() ? " and " : ", ";
    text += options[i];
  }
  return text;
}

}  // namespace

bool looksLikeOption(std::string_view word) noexcept { return word.size() > 2 && word.starts_with("--"); }

std::string unknownOption(std::string_view word, std::string_view command, std::string_view options) {
  const std::string_view name = word.substr(0, word.find('='));
  const std::vector<std::string> known = core::splitBlanks(options);
  std::string text = "Error: unknown option " + std::string(name) + "; ";
  if (const auto meant = core::nearest(name, std::vector<std::string_view>(known.begin(), known.end())))
    return text + "did you mean " + std::string(*meant) + '?';
  return text + std::string(command) + " has " + (known.empty() ? "no options" : enumerated(known));
}

void refuseOption(Session& session, std::string_view command, std::string_view word) {
  const Command* found = findCommand(command);
  session.refuse(unknownOption(word, command, found ? found->options : ""), ExitStatus::InvalidArguments);
}

Answer<bool> refusesOption(Session& session, std::string_view command, const std::vector<std::string>& names) {
  if (std::none_of(names.begin(), names.end(), looksLikeOption)) return false;
  auto infos = session.allProcesses();
  if (!infos) return core::Err{std::move(infos).error()};
  for (const std::string& name : names) {
    if (!looksLikeOption(name) || select(*infos, {name}).problems.empty()) continue;
    refuseOption(session, command, name);
    return true;
  }
  return false;
}

}  // namespace ctl
