// SPDX-License-Identifier: MIT
#include "daemon/instances/decide.hpp"

#include <map>
#include <string>
#include <string_view>

#include "daemon/entries/entry.hpp"

namespace instances {
namespace {

using entries::Entry;
using entries::WantedState;

constexpr std::string_view kPassword = "http_server.password";

/// What was written differs, in the order of the lines: what is gone first.
std::vector<KeyChange> differences(const Entry& before, const Entry& after) {
  using Lines = std::map<std::string_view, std::string_view>;
  const Lines was(before.written.begin(), before.written.end()), is(after.written.begin(), after.written.end());
  const auto valueOf = [](const Lines& lines, std::string_view key, bool secret) {
    const auto at = lines.find(key);
    if (at == lines.end()) return std::optional<std::string>();
    return std::optional(secret ? std::string() : std::string(at->second));
  };
  std::vector<KeyChange> out;
  const auto add = [&](const std::string& key) {
    const bool secret = key == kPassword;
    out.push_back({key, valueOf(was, key, secret), valueOf(is, key, secret), secret});
  };
  for (const auto& [key, value] : before.written)
    if (!is.count(key)) add(key);
  for (const auto& [key, value] : after.written)
    if (const auto same = was.find(key); same == was.end() || same->second != value) add(key);
  return out;
}

/// The manager starts and finds what earlier managers left. `state` counts where the entry is new or was changed while
/// no manager ran.
Decision decideAtStart(const Seen& seen, const Inherited& inherited, const Entry& next) {
  Decision out;
  if (!next.managed) return out;
  const auto will = fingerprintOf(next);
  const bool changed = seen.deployed && *seen.deployed != will;
  const bool stateCounts = changed || seen.fresh;
  const bool wanted = inherited.wanted.value_or(inherited.enabled);
  if (!seen.runs) {
    out.starts = wanted;
    if (stateCounts && next.state == WantedState::Started) out.starts = true;
    if (stateCounts && next.state == WantedState::Stopped) out.starts = false;
    if (seen.fresh && next.state == WantedState::Current) out.starts = false;
    out.deed = seen.fresh ? Deed::Add : out.starts ? Deed::Start : changed ? Deed::Change : Deed::Nothing;
    out.files = stateCounts || !out.starts;  // otherwise the start does it
    return out;
  }
  const bool staysUp = wanted || (changed && next.state == WantedState::Started);
  if (!staysUp || (stateCounts && next.state == WantedState::Stopped)) {
    out.deed = Deed::Stop;
    out.files = changed;
  } else if (inherited.stopping || !wanted) {
    out.deed = Deed::Restart;  // not checked: nothing can keep what is being stopped
    out.files = out.starts = true;
  } else if (changed && seen.deployed->process != will.process) {
    out.deed = Deed::Restart;
    out.checks = out.files = out.starts = true;
  } else if (changed) {
    out.deed = Deed::Change;
    out.files = true;
    out.checks = out.updates = seen.deployed->programs != will.programs;
  }
  return out;
}

}  // namespace

Decision decide(const Seen& seen, const Entry* next) {
  Decision out;
  if (!next) {
    out.deed = seen.entry ? Deed::Remove : Deed::Nothing;
    return out;
  }
  if (seen.inherited) return decideAtStart(seen, *seen.inherited, *next);
  out.files = true;
  const bool started = next->managed && next->state == WantedState::Started;
  if (!seen.entry || (seen.fresh && seen.entry->managed && !seen.up)) {
    out.deed = Deed::Add;
    out.starts = started;
    return out;
  }
  const auto was = seen.deployed ? *seen.deployed : fingerprintOf(*seen.entry);
  const auto will = fingerprintOf(*next);
  const bool changed = was != will;
  out.keys = differences(*seen.entry, *next);
  out.deed = changed || !out.keys.empty() ? Deed::Change : Deed::Nothing;
  if (!changed || !next->managed) return out;
  if (!seen.up) {
    out.starts = started;
    if (started) out.deed = Deed::Start;
  } else if (next->state == WantedState::Stopped) {
    out.deed = Deed::Stop;
  } else if (was.process != will.process) {
    out.deed = Deed::Restart;
    out.starts = true;
    out.checks = seen.runs;
  } else {
    out.updates = was.programs != will.programs;
    out.checks = seen.runs && out.updates;
  }
  return out;
}

}  // namespace instances
