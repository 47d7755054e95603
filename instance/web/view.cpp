// SPDX-License-Identifier: MIT
#include "instance/web/view.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <utility>

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "instance/web/controls.hpp"
#include "instance/web/page.hpp"
#include "lib/core/text.hpp"

namespace web {
namespace {

constexpr std::array<std::string_view, 5> kSortNames{"problems", "name", "uptime", "cpu", "memory"};

/// Lower comes first: trouble, the youngest, the largest.
std::int64_t keyOf(const Row& row, View::Sort sort) {
  switch (sort) {
    case View::Sort::Problems: return isTrouble(row.program->state()) ? 0 : 1;
    case View::Sort::Uptime: return row.program->pid() ? -row.program->startedAt() : 0;
    case View::Sort::Memory: return row.usage ? -static_cast<std::int64_t>(row.usage->memory) : 0;
    case View::Sort::Cpu:  // needs two samples, which only the script has
    case View::Sort::Name: break;
  }
  return 0;
}

struct Before {
  View::Sort sort;
  bool reversed;
  bool operator()(const Row& a, const Row& b) const {
    const auto keys = std::pair(keyOf(a, sort), keyOf(b, sort));
    const bool byName = sort == View::Sort::Name;
    if (keys.first != keys.second) return reversed != (keys.first < keys.second);
    const auto& first = a.program->name();
    const auto& second = b.program->name();
    return byName && reversed ? second < first : first < second;
  }
  bool operator()(const Block& a, const Block& b) const {
    const auto first = keyOf(a.rows.front(), sort), second = keyOf(b.rows.front(), sort);
    if (first != second) return reversed != (first < second);
    const bool turned = sort == View::Sort::Name && reversed;
    return turned ? b.group->name() < a.group->name() : a.group->name() < b.group->name();
  }
};

}  // namespace

std::string_view toText(View::Sort sort) noexcept { return kSortNames[static_cast<std::size_t>(sort)]; }

View View::of(const http::Request& request) {
  View view;
  std::string sort = parameter(request, "sort").value_or("");
  view.reversed = sort.starts_with('-');
  if (view.reversed) sort.erase(0, 1);
  const auto* const found = std::find(kSortNames.begin(), kSortNames.end(), sort);
  if (found != kSortNames.end()) view.sort = static_cast<Sort>(found - kSortNames.begin());
  view.state = core::lower(parameter(request, "state").value_or(""));
  view.filter = core::lower(core::trim(parameter(request, "filter").value_or("")));
  return view;
}

bool View::shows(const process::Process& program) const {
  const std::string is = core::lower(lifecycle::toText(program.state()));
  if (!state.empty() && state != is) return false;
  return filter.empty() || is.find(filter) != std::string::npos ||
         core::lower(program.fullName()).find(filter) != std::string::npos;
}

std::string View::address() const {
  std::string query = std::string("sort=") + (reversed ? "-" : "") + std::string(toText(sort));
  if (!state.empty()) query += "&state=" + quote(state);
  if (!filter.empty()) query += "&filter=" + quote(filter);
  return "index.html?" + query;
}

std::vector<Block> arrange(const process::Table& table, const View& view) {
  const Before before{view.sort, view.reversed};
  std::vector<Block> blocks;
  UsageSampler sampler;  // one sample: only memory, since a CPU share needs two
  for (const auto& group : table.groups()) {
    if (group->processes().empty()) continue;
    Block block{group.get(), {}};
    for (const auto& program : group->processes())
      block.rows.push_back({program.get(), program->pid() ? sampler.sample(program->pid()) : std::nullopt});
    std::sort(block.rows.begin(), block.rows.end(), before);
    blocks.push_back(std::move(block));
  }
  std::sort(blocks.begin(), blocks.end(), before);
  return blocks;
}

}  // namespace web
