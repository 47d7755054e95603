// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ctl/deploy/documents.hpp"
#include "ctl/deploy/language/application.hpp"

/// Applications made by hand, as understand() would make them of app.yml.
namespace deploy::testing {

using Values = std::map<std::string, Value, std::less<>>;

inline Mark at(std::size_t line) { return {std::make_shared<const std::string>("app.yml"), line, 3}; }

inline Item item(std::size_t line, Values values, std::set<std::string, std::less<>> hosts = {}) {
  Item made;
  made.mark = at(line);
  made.path = "/items/0";
  made.values = std::move(values);
  made.hosts = std::move(hosts);
  return made;
}

/// Hosts en1, en2 and en3, group edge of the first two, and nothing to do.
inline Application threeHosts() {
  Application application;
  for (const char* name : {"en1", "en2", "en3"})
    application.sections["hosts"].push_back(
        item(2, {{"name", text(name)}, {"ssh_host", text(std::string(name) + ".x")}}));
  application.sections["host_groups"].push_back(item(5, {{"name", text("edge")}}));
  application.groups["edge"] = {"en1", "en2"};
  return application;
}

}  // namespace deploy::testing
