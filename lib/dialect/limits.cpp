// SPDX-License-Identifier: MIT
#include "lib/dialect/limits.hpp"

#include <linux/ioprio.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "lib/core/capabilities.hpp"
#include "lib/core/resource_limits.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

/// As many as a kernel for x86 can be built for.
constexpr std::int64_t kMostProcessors = 8192;
constexpr int kLeastNice = -20, kGreatestNice = 19;

core::Err<core::Error> refuse(std::string_view text, const char* what) {
  return core::Err{core::Error{core::pythonRepr(text) + " is not " + what}};
}

/// Words at commas and blanks.
std::vector<std::string> wordsOf(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), ',', ' ');
  return core::splitBlanks(spaced);
}

/// "1024" or "unlimited"; where it is an amount of bytes also "64MB".
std::optional<std::uint64_t> parseAmount(std::string_view text, bool bytes) {
  text = core::trim(text);
  if (text == "unlimited" || text == "infinity") return RLIM_INFINITY;
  if (!bytes) {
    const auto count = core::parseInteger(text);
    return count && *count >= 0 ? std::optional(static_cast<std::uint64_t>(*count)) : std::nullopt;
  }
  const auto size = parseByteSize(text);
  return size && *size >= 0 ? std::optional(static_cast<std::uint64_t>(*size)) : std::nullopt;
}

core::Expected<ResourceLimit> parseLimit(std::string_view text, const core::ResourceLimitName& name) {
  const auto colon = text.find(':');
  const auto soft = parseAmount(text.substr(0, colon), name.bytes);
  const auto hard = colon == std::string_view::npos ? soft : parseAmount(text.substr(colon + 1), name.bytes);
  if (!soft || !hard)
    return refuse(text, name.bytes ? "a limit: it is a size such as 64MB, SOFT:HARD, or unlimited"
                                   : "a limit: it is a number, SOFT:HARD, or unlimited");
  if (*soft > *hard) return refuse(text, "a limit: the soft limit is above the hard limit");
  return ResourceLimit{name.resource, *soft, *hard};
}

core::Expected<int> parseNice(std::string_view text) {
  const auto value = parseInteger(text);
  if (!value || *value < kLeastNice || *value > kGreatestNice)
    return refuse(text, "a nice value: it is a number from -20 to 19");
  return *value;
}

core::Expected<int> parseIoPriority(std::string_view text) {
  static constexpr std::pair<std::string_view, int> kClasses[] = {
      {"realtime", IOPRIO_CLASS_RT}, {"best-effort", IOPRIO_CLASS_BE}, {"idle", IOPRIO_CLASS_IDLE}};
  const auto trimmed = core::trim(text);
  const auto colon = trimmed.find(':');
  const auto level = colon == std::string_view::npos ? std::optional<std::int64_t>(IOPRIO_NORM)
                                                     : core::parseInteger(trimmed.substr(colon + 1));
  for (const auto& [name, number] : kClasses) {
    if (name != trimmed.substr(0, colon) || !level || *level < 0 || *level > 7) continue;
    if (number == IOPRIO_CLASS_IDLE && colon != std::string_view::npos) continue;
    return static_cast<int>(IOPRIO_PRIO_VALUE(number, number == IOPRIO_CLASS_IDLE ? 0 : *level));
  }
  return refuse(text, "an ionice value: it is idle, best-effort:LEVEL or realtime:LEVEL, with a level from 0 to 7");
}

core::Expected<std::vector<int>> parseProcessors(std::string_view text) {
  std::vector<int> out;
  for (const std::string_view word : wordsOf(text)) {
    const auto dash = word.find('-');
    const auto first = core::parseInteger(word.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : core::parseInteger(word.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first || *last >= kMostProcessors)
      return refuse(text, "a list of processors, such as 0-3,8");
    for (auto number = *first; number <= *last; ++number) out.push_back(static_cast<int>(number));
  }
  if (out.empty()) return refuse(text, "a list of processors, such as 0-3,8");
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

core::Expected<std::optional<std::uint64_t>> parseCapabilities(std::string_view text) {
  std::uint64_t set = 0;
  const auto words = wordsOf(text);
  if (words.empty()) return refuse(text, "a list of capabilities: \"none\" is the empty list");
  if (words.size() == 1 && words.front() == "none") return std::optional(set);
  for (const auto& word : words) {
    const auto capability = core::capabilityOf(word);
    if (!capability)
      return core::Err{core::Error{core::pythonRepr(word) + " is not a capability, such as net_bind_service"}};
    set |= std::uint64_t{1} << *capability;
  }
  return std::optional(set);
}

}  // namespace

bool isPossible(const Limits& limits) noexcept {
  for (const auto& [resource, soft, hard] : limits.resources)
    if (core::resourceLimitKey(resource) == nullptr || soft > hard) return false;
  for (const int number : limits.processors)
    if (number < 0 || number >= kMostProcessors) return false;
  if (limits.ioPriority && IOPRIO_PRIO_CLASS(*limits.ioPriority) > IOPRIO_CLASS_IDLE) return false;
  return !limits.nice || (*limits.nice >= kLeastNice && *limits.nice <= kGreatestNice);
}

void readLimits(SectionReader& in, const core::Names& names, Limits& limits) {
  for (const auto& known : core::kResourceLimits) {
    if (!in.has(known.key)) continue;
    const auto text = in.text(known.key, names);
    if (!text) return;
    in.store(known.key, parseLimit(*text, known), limits.resources.emplace_back());
  }
  in.take("nice", names, parseNice, limits.nice);
  in.take("ionice", names, parseIoPriority, limits.ioPriority);
  in.take("cpu_affinity", names, parseProcessors, limits.processors);
  in.take("capabilities", names, parseCapabilities, limits.capabilities);
  in.take("no_new_privileges", names, parseBoolean, limits.noNewPrivileges);
}

}  // namespace config
