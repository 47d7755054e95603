// SPDX-License-Identifier: MIT
#include "ctl/deploy/hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "lib/core/text.hpp"

namespace deploy {
namespace {

core::Error unknown(const Application& application, const std::string& name) {
  std::vector<std::string_view> known;
  for (const auto& host : application.section("hosts")) known.push_back(host.text("name"));
  for (const auto& [group, hosts] : application.groups) known.push_back(group);
  const auto near = core::nearest(name, known);
  return {fmt::format("--limit: there is no host or group '{}' in the sources.{}", name,
                      near ? fmt::format(" Did you mean '{}'?", *near) : "")};
}

}  // namespace

std::vector<std::string> hostNames(const Application& application) {
  std::vector<std::string> names;
  for (const auto& host : application.section("hosts")) names.push_back(host.text("name"));
  return names;
}

core::Expected<Names> limitedHosts(const Application& application, const std::vector<std::string>& limit) {
  const auto names = hostNames(application);
  const Names all(names.begin(), names.end());
  const bool onlyLess = std::all_of(limit.begin(), limit.end(), [](const auto& word) { return word[0] == '!'; });
  Names wanted = onlyLess ? all : Names{};
  // What is left out stays out, wherever it stands: "!en1,all" means all but en1.
  for (const bool less : {false, true}) {
    for (const auto& word : limit) {
      if ((word[0] == '!') != less) continue;
      const auto name = less ? word.substr(1) : word;
      Names named;
      if (const auto group = application.groups.find(name); group != application.groups.end())
        named = group->second;
      else if (name == "all" || name == "*")
        named = all;
      else if (all.count(name) > 0)
        named.insert(name);
      else
        return core::Err{unknown(application, name)};
      for (const auto& host : named) {
        if (less)
          wanted.erase(host);
        else
          wanted.insert(host);
      }
    }
  }
  return wanted;
}

}  // namespace deploy
