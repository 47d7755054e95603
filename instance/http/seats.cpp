// SPDX-License-Identifier: MIT
#include "instance/http/seats.hpp"

#include <algorithm>
#include <numeric>

namespace http {

std::optional<std::size_t> whoYields(std::span<const std::size_t> taken, std::size_t capacity, std::size_t newcomer) {
  const std::size_t kept = capacity / (2 * taken.size());
  std::size_t spoken = std::accumulate(taken.begin(), taken.end(), std::size_t{0});
  for (std::size_t i = 0; i < taken.size(); ++i)
    if (i != newcomer && taken[i] < kept) spoken += kept - taken[i];
  if (spoken < capacity) return std::nullopt;
  // A gate below its own part takes from the largest one. That happens when the capacity has shrunk.
  const auto crowd = std::max_element(taken.begin(), taken.end());
  if (taken[newcomer] < kept || taken[newcomer] == 0) return static_cast<std::size_t>(crowd - taken.begin());
  return newcomer;
}

}  // namespace http
