// SPDX-License-Identifier: MIT
#include "instance/web/warnings_box.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "instance/web/page.hpp"

namespace web {
namespace {

constexpr std::size_t kShown = 20;

}  // namespace

std::string warningsBox(std::span<const std::string_view> warnings) {
  if (warnings.empty()) return {};
  std::string items;
  for (const auto& text : warnings.first(std::min(kShown, warnings.size())))
    items += fmt::format("<li>{}</li>\n", escape(text));
  if (warnings.size() > kShown)
    items += fmt::format("<li>and {} more: supervisorctl reread shows them all</li>\n", warnings.size() - kShown);
  return fmt::format(R"(<section id="config-warnings" aria-labelledby="config-warnings-title">
<h2 id="config-warnings-title">The configuration needs a look</h2>
<ul>
{}</ul>
</section>
)",
                     items);
}

}  // namespace web
