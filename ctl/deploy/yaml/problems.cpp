// SPDX-License-Identifier: MIT
#include "ctl/deploy/yaml/problems.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "lib/core/terminal_text.hpp"

namespace deploy {

void Problems::error(Mark mark, std::string path, std::string reason, std::string suggestion) {
  all_.push_back({Problem::Kind::Error, std::move(mark), std::move(path), std::move(reason), std::move(suggestion)});
}

void Problems::warning(Mark mark, std::string path, std::string reason, std::string suggestion) {
  all_.push_back({Problem::Kind::Warning, std::move(mark), std::move(path), std::move(reason), std::move(suggestion)});
}

bool Problems::hasErrors() const noexcept {
  return std::any_of(all_.begin(), all_.end(), [](const auto& one) { return one.kind == Problem::Kind::Error; });
}

std::string toText(const Mark& mark) {
  const std::string file = mark.file ? *mark.file : "command line";
  return mark.line == 0 ? file : fmt::format("{}:{}:{}", file, mark.line, mark.column);
}

std::string toText(const Problem& problem) {
  std::string text = toText(problem.mark) + ": ";
  if (!problem.path.empty()) text += problem.path + ": ";
  if (problem.kind == Problem::Kind::Warning) text += "warning: ";
  text += problem.reason;
  if (!problem.suggestion.empty()) text += fmt::format(" ({})", problem.suggestion);
  return core::printable(text);
}

}  // namespace deploy
