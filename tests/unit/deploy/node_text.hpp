// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "ctl/deploy/yaml/node.hpp"
#include "ctl/deploy/yaml/problems.hpp"

/// A value in one line: {a: 1, b: [x, "y"]}. A text in quotes or of a block has quotes.
inline std::string textOf(const deploy::Node& node) {
  std::string out;
  switch (node.kind) {
    case deploy::Node::Kind::Scalar: return node.quoted ? '"' + node.text + '"' : node.text;
    case deploy::Node::Kind::List:
      for (const auto& item : node.items) out += (out.empty() ? "" : ", ") + textOf(item);
      return "[" + out + "]";
    case deploy::Node::Kind::Map:
      for (const auto& member : node.members)
        out += (out.empty() ? "" : ", ") + member.key + ": " + textOf(member.value);
      return "{" + out + "}";
  }
  return out;
}

/// All problems, one a line.
inline std::string textOf(const deploy::Problems& problems) {
  std::string out;
  for (const auto& problem : problems.all()) out += (out.empty() ? "" : "\n") + deploy::toText(problem);
  return out;
}
