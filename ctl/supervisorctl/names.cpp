// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/names.hpp"

#include <fnmatch.h>

namespace ctl {

ProcessName splitName(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {std::string(text), std::string(text)};
  const std::string_view process = text.substr(colon + 1);
  if (process.empty() || process == "*") return {std::string(text.substr(0, colon)), std::nullopt};
  return {std::string(text.substr(0, colon)), std::string(process)};
}

std::string joinName(std::string_view group, std::string_view process) {
  std::string out(group);
  if (group == process) return out;
  out += ':';
  out += process;
  return out;
}

bool isPattern(std::string_view text) noexcept {
  if (text.ends_with(":*")) text.remove_suffix(2);
  return text.find_first_of("*?[") != std::string_view::npos;
}

bool fitsPattern(const std::string& pattern, const std::string& group, const std::string& process) {
  if (::fnmatch(pattern.c_str(), process.c_str(), 0) == 0) return true;
  return ::fnmatch(pattern.c_str(), (group + ':' + process).c_str(), 0) == 0;
}

}  // namespace ctl
