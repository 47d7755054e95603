// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/deploy/language/application.hpp"
#include "ctl/deploy/yaml/node.hpp"

/// Sources for tests of the language, written in the flow style of YAML: {key: value, list: [a, "b"]}.
namespace nodes {

/// Marks have the file app.yml. The text must be right: mistakes throw.
[[nodiscard]] deploy::Node parse(std::string_view text);

/// What understand() made of a text, and its problems as lines.
struct Understood {
  deploy::Application application;
  std::vector<std::string> problems;
};
[[nodiscard]] Understood understand(std::string_view text, const deploy::Selection& selection = {});

/// The problems of one text, joined with line breaks.
[[nodiscard]] std::string problemsOf(std::string_view text, const deploy::Selection& selection = {});

}  // namespace nodes
