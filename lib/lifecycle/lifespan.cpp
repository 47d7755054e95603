// SPDX-License-Identifier: MIT
#include "lib/lifecycle/lifespan.hpp"

namespace lifecycle {
namespace {

constexpr std::int64_t kParts = 1 << 20;

/// From 0 to kParts.
std::int64_t partOf(core::Instant started, std::uint32_t salt) noexcept {
  auto mixed = static_cast<std::uint64_t>(started.time_since_epoch().count()) + salt * 0x9e3779b97f4a7c15ULL;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<std::int64_t>((mixed ^ (mixed >> 31)) % (kParts + 1));
}

}  // namespace

std::optional<Limit> firstLimit(const Lifespan& span, core::Instant started, std::uint32_t salt,
                                bool mayRenew) noexcept {
  std::optional<Limit> first;
  if (span.maxRuntime.count() > 0) first = Limit{Limit::Kind::Runtime, started + span.maxRuntime};
  if (span.maxAge.count() == 0 || !mayRenew) return first;
  const auto when = started + span.maxAge + core::milliseconds(span.jitter / kParts * partOf(started, salt)) +
                    core::milliseconds(span.jitter % kParts * partOf(started, salt) / kParts);
  if (!first || when < first->when) first = Limit{Limit::Kind::Age, when};
  return first;
}

}  // namespace lifecycle
