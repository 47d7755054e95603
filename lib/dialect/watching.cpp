// SPDX-License-Identifier: MIT
#include "lib/dialect/watching.hpp"

#include <array>
#include <string_view>
#include <tuple>
#include <utility>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/reloading.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

/// Whoever can write the files decides how often something is done, but not oftener than this.
constexpr core::milliseconds kShortestDelay{100};
constexpr core::milliseconds kLongestDelay = std::chrono::hours(24);

/// What editors, interpreters and version control write beside the files that matter.
constexpr auto kUsuallyIgnored = std::to_array<const char*>(
    {"*~", ".*.sw?", ".*.sw??", "4913", ".#*", "#*#", "*.pyc", "__pycache__", ".git", ".hg", ".svn", ".nfs*"});

/// The pieces of a value between commas and line ends.
std::vector<std::string> piecesOf(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& line : core::split(text, '\n'))
    for (const auto& piece : core::split(line, ','))
      if (const auto trimmed = core::trim(piece); !trimmed.empty()) out.emplace_back(trimmed);
  if (out.size() == 1 && core::lower(out[0]) == "none") out.clear();
  return out;
}

core::Expected<std::vector<std::string>> parseWatched(std::string_view text) {
  auto paths = piecesOf(text);
  for (auto& path : paths) {
    auto whole = core::expandHome(path);
    if (!whole.starts_with('/'))
      return refused(core::pythonRepr(path) + " is not an absolute path (%(here)s is the directory of this file)");
    if (whole.find_first_not_of("/.") == std::string::npos)
      return refused(core::pythonRepr(path) + " is the whole system; name the directories that matter");
    path = std::move(whole);
  }
  return paths;
}

core::Expected<std::vector<std::string>> parseIgnored(std::string_view text) {
  auto patterns = piecesOf(text);
  for (const auto& pattern : patterns)
    if (pattern.find('/') != std::string::npos)
      return refused(core::pythonRepr(pattern) + " has a '/'; patterns are compared with names, not with paths");
  return patterns;
}

core::Expected<core::milliseconds> parseDelay(std::string_view text) {
  auto delay = parseDuration(text);
  if (delay && *delay < kShortestDelay) return refused(core::pythonRepr(text) + " is shorter than 0.1 seconds");
  if (delay && *delay > kLongestDelay) return refused(core::pythonRepr(text) + " is longer than a day");
  return delay;
}

using Answer = std::pair<Watching::Action, int>;

core::Expected<Answer> parseAnswer(std::string_view text) {
  const auto words = core::splitBlanks(core::lower(text));
  if (words.size() == 1 && words[0] == "restart") return Answer{Watching::Action::Restart, 0};
  if (words.size() == 1 && words[0] == "reload") return Answer{Watching::Action::Reload, 0};
  if (words.size() != 2 || words[0] != "signal")
    return refused(core::pythonRepr(text) + " is not restart, reload or signal NAME");
  const auto signal = parseSignal(words[1]);
  if (!signal) return core::Err{signal.error()};
  return Answer{Watching::Action::Signal, *signal};
}

}  // namespace

bool isPossible(const Watching& watching) noexcept {
  return watching.delay >= kShortestDelay && watching.delay <= kLongestDelay && isPossibleSignal(watching.signal);
}

void readWatching(SectionReader& in, const core::Names& names, const Reloading& reloading, Watching& watching) {
  in.take("watch", names, parseWatched, watching.paths);
  Answer answer{watching.action, 0};
  in.take("watch_action", names, parseAnswer, answer);
  std::tie(watching.action, watching.signal) = answer;
  if (!watching.paths.empty() && watching.action == Watching::Action::Reload && !reloading.given())
    in.conflict("watch_action", {}, "reload needs a reload_signal or a reload_command");
  in.take("watch_delay", names, parseDelay, watching.delay);
  in.take("watch_ignore", names, parseIgnored, watching.ignored);
  if (!watching.paths.empty() && !in.has("watch_ignore"))
    watching.ignored.assign(kUsuallyIgnored.begin(), kUsuallyIgnored.end());
}

}  // namespace config
