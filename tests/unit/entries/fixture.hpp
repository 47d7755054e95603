// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include "daemon/entries/loader.hpp"

/// Loads texts as if they were files of conf.d.
inline entries::Loaded loadTexts(std::map<std::string, std::optional<std::string>> files, std::string config = "") {
  entries::LoadOptions options;
  options.configFile = "/nowhere/supervisor-manager.conf";
  options.confDir = "/nowhere/conf.d";
  options.host = {"en1", "en1.mycluster.com"};
  for (auto& [name, text] : files) options.overlay["/nowhere/conf.d/" + name] = std::move(text);
  options.overlay[options.configFile] = std::move(config);
  return entries::load(options);
}
inline entries::Loaded loadText(std::string text) { return loadTexts({{"a.conf", std::move(text)}}); }

/// The smallest entry; `more` is added to it.
inline std::string minimal(const std::string& name, const std::string& more = "") {
  return "[supervisor:" + name + "]\nuser = nobody\ngroup = nogroup\n" + more;
}
