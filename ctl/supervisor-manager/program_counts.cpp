// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/program_counts.hpp"

#include <fmt/format.h>

#include "lib/core/text.hpp"
#include "lib/lifecycle/state.hpp"

namespace manager {

namespace {

void append(std::string& text, std::uint32_t count, const std::string& word) {
  if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
}

}  // namespace

std::string troubleText(const ProgramCounts& counts) {
  std::string text;
  for (const auto& [word, count] : counts)
    if (lifecycle::isTrouble(word)) append(text, count, word);
  return text;
}

std::string countsText(const ProgramCounts& counts) {
  std::string text;
  if (const auto running = counts.find("RUNNING"); running != counts.end()) append(text, running->second, "run");
  if (const auto trouble = troubleText(counts); !trouble.empty()) text += (text.empty() ? "" : ", ") + trouble;
  for (const auto& [word, count] : counts)
    if (word != "RUNNING" && !lifecycle::isTrouble(word)) append(text, count, core::lower(word));
  return text.empty() ? "none" : text;
}

}  // namespace manager
