// SPDX-License-Identifier: MIT
#include "ctl/deploy/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <tuple>

#include "ctl/deploy/documents.hpp"
#include "lib/core/terminal_text.hpp"

namespace deploy {
namespace {

/// Sources in the order of their names; what is from the command line comes first.
auto place(const Problem& problem) {
  return std::make_tuple(problem.mark.file ? std::string_view(*problem.mark.file) : std::string_view(),
                         problem.mark.line, problem.mark.column);
}

Value document(const Problem& problem) {
  Value::Map members;
  if (problem.mark.file) members.emplace_back("file", text(*problem.mark.file));
  if (problem.mark.line > 0) {
    members.emplace_back("line", Value{static_cast<std::int64_t>(problem.mark.line)});
    members.emplace_back("column", Value{static_cast<std::int64_t>(problem.mark.column)});
  }
  members.emplace_back("path", text(problem.path));
  members.emplace_back("warning", flag(problem.kind == Problem::Kind::Warning));
  members.emplace_back("reason", text(problem.reason));
  members.emplace_back("suggestion", text(problem.suggestion));
  return map(std::move(members));
}

}  // namespace

std::vector<Problem> sorted(const Problems& problems) {
  auto all = problems.all();
  std::stable_sort(all.begin(), all.end(), [](const Problem& a, const Problem& b) { return place(a) < place(b); });
  return all;
}

void report(const Problems& problems, bool json) {
  Value::List documents;
  for (const auto& problem : sorted(problems)) {
    fmt::print(stderr, "{}\n", toText(problem));
    documents.push_back(document(problem));
  }
  if (json && problems.hasErrors())
    print(toJson(map({{"error", text("the sources have mistakes")}, {"problems", list(std::move(documents))}})));
}

int fail(int status, std::string_view message, bool json) {
  remark(message);
  if (json) print(toJson(map({{"error", text(std::string(message))}})));
  return status;
}

void remark(std::string_view message) { fmt::print(stderr, "supervisor-deploy: {}\n", core::printable(message)); }

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

}  // namespace deploy
