// SPDX-License-Identifier: MIT
#include "daemon/instances/decide.hpp"

#include <fmt/core.h>

#include <array>
#include <map>
#include <string_view>

namespace instances {
namespace {

using entries::Entry;
using entries::WantedState;

/// The written attributes, without what is not for everybody.
std::map<std::string_view, std::string_view> shown(const Entry& entry) {
  std::map<std::string_view, std::string_view> out;
  for (const auto& [key, value] : entry.written) out[key] = value;
  if (const auto secret = out.find("http_server.password"); secret != out.end()) secret->second = "(hidden)";
  return out;
}

/// What was written differs, told in the order of the lines: what is gone first.
std::vector<std::string> differences(const Entry& before, const Entry& after) {
  std::vector<std::string> out;
  const auto was = shown(before), is = shown(after);
  const auto text = [](const auto& values, std::string_view key) {
    const auto at = values.find(key);
    return at == values.end() ? std::string_view("(default)") : at->second;
  };
  for (const auto& [key, value] : before.written)
    if (!is.count(key)) out.push_back(fmt::format("{}: {} -> (default)", key, text(was, key)));
  const std::map<std::string_view, std::string_view> old(before.written.begin(), before.written.end());
  for (const auto& [key, value] : after.written) {
    const auto same = old.find(key);
    if (same == old.end() || same->second != value)
      out.push_back(fmt::format("{}: {} -> {}", key, text(was, key), text(is, key)));
  }
  return out;
}

}  // namespace

const char* toText(Deed deed) noexcept {
  constexpr std::array texts{"nothing", "add", "remove", "change", "start", "stop", "restart"};
  static_assert(texts.size() == static_cast<std::size_t>(Deed::Restart) + 1);
  return texts[static_cast<std::size_t>(deed)];
}

Decision decide(const Seen* now, const Entry* next) {
  Decision out;
  if (!next) {
    out.deed = now ? Deed::Remove : Deed::Nothing;
    return out;
  }
  const bool started = next->managed && next->state == WantedState::Started;
  if (!now) {
    out.deed = Deed::Add;
    out.starts = started;
    return out;
  }
  const auto will = fingerprintOf(*next);
  const bool changed = now->deployed != will;
  out.details = differences(now->entry, *next);
  out.deed = changed || !out.details.empty() ? Deed::Change : Deed::Nothing;
  if (!changed || !next->managed) return out;
  if (!now->up) {
    out.starts = started;
    if (started) out.deed = Deed::Start;
  } else if (next->state == WantedState::Stopped) {
    out.deed = Deed::Stop;
  } else if (now->deployed.process != will.process) {
    out.deed = Deed::Restart;
    out.starts = true;
  } else {
    out.updates = now->deployed.programs != will.programs;
  }
  return out;
}

}  // namespace instances
