// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "instance/http/request.hpp"
#include "instance/web/usage.hpp"

namespace process {
class Group;
class Process;
class Table;
}  // namespace process

namespace web {

/// The order and selection of the table: the parameters `sort`, `state` and `filter` of its address.
struct View {
  enum class Sort { Problems, Name, Uptime, Cpu, Memory };
  Sort sort = Sort::Problems;
  bool reversed = false;  ///< "sort=-name"
  std::string state;      ///< in lower case; empty: all
  std::string filter;     ///< a part of the name or of the state; empty: all

  [[nodiscard]] static View of(const http::Request& request);
  [[nodiscard]] bool shows(const process::Process& program) const;
  /// Its address, with other values: index.html?sort=name&state=fatal
  [[nodiscard]] std::string address() const;
};
/// "problems", "name", ...
[[nodiscard]] std::string_view toText(View::Sort sort) noexcept;

/// One program and its resource usage.
struct Row {
  const process::Process* program;
  std::optional<Usage> usage;
};
/// A group and its programs.
struct Block {
  const process::Group* group;
  std::vector<Row> rows;
};
/// All programs in the order of `view`: groups by the first of their programs.
[[nodiscard]] std::vector<Block> arrange(const process::Table& table, const View& view);

}  // namespace web
