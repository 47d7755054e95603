// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "ctl/deploy/sources/sources.hpp"
#include "tests/support/scratch_files.hpp"
#include "tests/unit/deploy/node_text.hpp"

/// Files and what becomes of them. A source with '=' is a variable.
class Sources : public ScratchFiles {
 public:
  /// The sections and problems after loading these sources.
  void load(std::initializer_list<std::string> sources, const std::string& action = "deploy") {
    std::vector<deploy::Source> list;
    for (const auto& source : sources) {
      const bool isVariable = source.find('=') != std::string::npos || source.empty();
      list.push_back({isVariable ? deploy::Source::Kind::Variable : deploy::Source::Kind::File,
                      isVariable ? source : path() + "/" + source});
    }
    problems = {};
    root = deploy::load(list, action, problems);
  }
  /// The value of a section of one file.
  std::string section(const std::string& name, const std::string& text) {
    file("a.yml", text);
    load({"a.yml"});
    CHECK(messages() == "");
    return section(name);
  }
  [[nodiscard]] std::string section(const std::string& name) const {
    const auto* found = root.find(name);
    return found ? withoutPath(textOf(*found)) : "(none)";
  }
  /// The messages about one file.
  std::string messagesOf(const std::string& text) {
    file("a.yml", text);
    load({"a.yml"});
    return messages();
  }
  [[nodiscard]] std::string messages() const {
    auto text = withoutPath(textOf(problems));
    for (std::size_t at; (at = text.find("DIR/")) != std::string::npos;) text.erase(at, 4);
    return text;
  }

  deploy::Node root;
  deploy::Problems problems;
};
