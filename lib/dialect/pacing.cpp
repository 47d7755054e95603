// SPDX-License-Identifier: MIT
#include "lib/dialect/pacing.hpp"

#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

/// The times of the restarts in the window are kept, also in the saved state.
constexpr int kMostRestarts = 1000;
constexpr core::seconds kShortestRetry{1};

struct RestartLimit {
  int count = 0;
  core::milliseconds window{0};
};

core::Expected<RestartLimit> parseRestartLimit(std::string_view text) {
  const auto slash = text.find('/');
  const auto count = parseInteger(text.substr(0, slash));
  const auto window = slash == std::string_view::npos ? parseDuration("") : parseDuration(text.substr(slash + 1));
  if (!count || *count < 1 || !window || window->count() < 1)
    return core::Err{core::Error{core::pythonRepr(text) + " is not COUNT/SECONDS, such as 5/60"}};
  if (*count > kMostRestarts)
    return core::Err{core::Error{std::to_string(*count) + " restarts are more than " + std::to_string(kMostRestarts)}};
  return RestartLimit{*count, *window};
}

}  // namespace

bool isPossible(const lifecycle::Pacing& pacing) noexcept {
  for (const auto& delay : {pacing.delay, pacing.maxDelay})
    if (delay && !isPossible(*delay)) return false;
  if (pacing.fatalRetry && (!isPossible(*pacing.fatalRetry) || *pacing.fatalRetry < kShortestRetry)) return false;
  if (pacing.factor < 1000 || pacing.factor > kGreatestFactor) return false;
  if (pacing.limit < 0 || pacing.limit > kMostRestarts || !isPossible(pacing.limitWindow)) return false;
  return pacing.limit == 0 || pacing.limitWindow.count() > 0;
}

void readPacing(SectionReader& in, const core::Names& names, lifecycle::Pacing& pacing) {
  in.take("restart_delay", names, parseDuration, pacing.delay);
  in.take("restart_delay_max", names, parseDuration, pacing.maxDelay);
  in.take("restart_delay_factor", names, parseFactor, pacing.factor);
  RestartLimit limit;
  in.take("restart_limit", names, parseRestartLimit, limit);
  pacing.limit = limit.count;
  pacing.limitWindow = limit.window;
  in.take("fatal_retry", names, parseDuration, pacing.fatalRetry);
  if (pacing.fatalRetry == core::milliseconds(0)) pacing.fatalRetry.reset();
  if (pacing.fatalRetry && *pacing.fatalRetry < kShortestRetry)
    in.fail("fatal_retry", "it is less than a second; 0 is never");
}

}  // namespace config
