// SPDX-License-Identifier: MIT
#include "instance/web/status_page.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "instance/web/controls.hpp"
#include "instance/web/health_text.hpp"
#include "instance/web/page.hpp"
#include "instance/web/view.hpp"
#include "lib/core/text.hpp"

namespace web {
namespace {

using lifecycle::ProcessState;

/// The order of the counts: trouble first.
constexpr std::array kStatesByWeight{ProcessState::Fatal,    ProcessState::Backoff,  ProcessState::Unknown,
                                     ProcessState::Starting, ProcessState::Stopping, ProcessState::Exited,
                                     ProcessState::Stopped,  ProcessState::Running};
constexpr std::size_t kMostWarnings = 20;
using Counts = std::map<ProcessState, std::size_t>;

std::string memoryText(std::uint64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1048576.0); }

/// Rarely used controls: the logs, and the button that clears them.
std::string menu(const process::Process& program) {
  const auto name = program.fullName();
  std::string items;
  for (const auto channel : {process::Channel::Stdout, process::Channel::Stderr})
    items += fmt::format(R"(<li><a href="tail.html?processname={0}{1}" aria-label="{2} of {3}">{2}</a></li>)",
                         quote(name), channel == process::Channel::Stdout ? "" : "&amp;channel=stderr",
                         channel == process::Channel::Stdout ? "Standard output" : "Standard error", escape(name));
  items += "<li>" + actionButton("Clear Log", "clearlog", "processname", name) + "</li>";
  return fmt::format(R"(<details class="menu"><summary aria-label="More for {}">⋯</summary><ul>{}</ul></details>)",
                     escape(name), items);
}

std::string row(const Row& one, const View& view) {
  const auto& program = *one.program;
  const auto name = program.fullName();
  const std::string description = escape(descriptionText(program));
  return fmt::format(R"(<tr data-name="{name}"{hidden}>
<td class="status">{badge}</td>
<th scope="row" class="name"><a href="tail.html?processname={link}" title="{name}">{name}</a></th>
<td class="description" title="{description}">{description}</td>
<td class="number cpu"></td>
<td class="number memory">{memory}</td>
<td class="action"><div class="acts">{actions}{menu}</div></td>
</tr>
)",
                     fmt::arg("name", escape(name)), fmt::arg("hidden", view.shows(program) ? "" : " hidden"),
                     fmt::arg("badge", badge(program.state())), fmt::arg("description", description),
                     fmt::arg("link", quote(name)), fmt::arg("memory", one.usage ? memoryText(one.usage->memory) : ""),
                     fmt::arg("actions", programButtons(program)), fmt::arg("menu", menu(program)));
}

std::string tally(const Block& block) {
  Counts counts;
  for (const auto& one : block.rows) ++counts[one.program->state()];
  std::string text;
  for (const auto state : kStatesByWeight)
    if (counts[state] > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[state], core::lower(lifecycle::toText(state)));
  return text;
}

std::string groupHead(const Block& block, bool hidden) {
  const auto& name = block.group->name();
  return fmt::format(
      R"(<tr class="group"{}><th colspan="5" scope="rowgroup">
<button type="button" class="fold" aria-expanded="true" aria-label="Programs of {}" hidden>▾</button>
<span class="groupname">{}</span> <span class="tally">{}</span></th>
<td class="action"><div class="acts">{}{}{}</div></td></tr>
)",
      hidden ? " hidden" : "", escape(name), escape(name), tally(block),
      actionButton("Start Group", "startgroup", "groupname", name),
      actionButton("Restart Group", "restartgroup", "groupname", name),
      actionButton("Stop Group", "stopgroup", "groupname", name));
}

/// A single program needs no heading: its group has the same name.
bool needsHead(const process::Group& group) {
  return group.processes().size() > 1 ||
         (group.processes().size() == 1 && group.processes().front()->name() != group.name());
}

std::string block(const Block& block, const View& view) {
  std::string rows;
  bool shown = false;
  for (const auto& one : block.rows) {
    rows += row(one, view);
    shown = shown || view.shows(*one.program);
  }
  return fmt::format("<tbody data-group=\"{}\">\n{}{}</tbody>\n", escape(block.group->name()),
                     needsHead(*block.group) ? groupHead(block, !shown) : "", rows);
}

/// The head of a column, a link that sorts by it, or reverses the order.
std::string columnHead(std::string_view text, View::Sort sort, const View& view, std::string_view classes) {
  View other = view;
  other.reversed = view.sort == sort && !view.reversed;
  other.sort = sort;
  const char* const order = view.sort != sort ? "none" : view.reversed ? "descending" : "ascending";
  return fmt::format(R"(<th scope="col" class="{}" aria-sort="{}"><a href="{}" data-sort="{}">{}</a></th>)", classes,
                     order, escape(other.address()), toText(sort), text);
}

std::string tableOf(const std::vector<Block>& blocks, const View& view) {
  if (blocks.empty()) return "<p id=\"nothing\">No programs to manage</p>\n";
  std::string html = "<table id=\"programs\">\n<caption>Programs and their states</caption>\n<thead><tr>";
  html += columnHead("State", View::Sort::Problems, view, "status") +
          columnHead("Name", View::Sort::Name, view, "name") +
          columnHead("Description", View::Sort::Uptime, view, "description") +
          columnHead("CPU", View::Sort::Cpu, view, "number cpu") +
          columnHead("Memory", View::Sort::Memory, view, "number memory");
  html += "<th scope=\"col\" class=\"action\">Action</th></tr></thead>\n";
  for (const auto& one : blocks) html += block(one, view);
  return html + "</table>\n";
}

/// The number of programs in each state, as links that show only those.
std::string countsOf(const std::vector<Block>& blocks, const View& view) {
  Counts counts;
  std::size_t all = 0;
  for (const auto& one : blocks)
    for (const auto& each : one.rows) {
      ++counts[each.program->state()];
      ++all;
    }
  View only = view;
  const auto item = [&](const std::string& state, const char* classes, std::size_t count, const char* word) {
    only.state = state;
    return fmt::format(R"(<li{}><a class="count {}" href="{}" data-state="{}"{}><b>{}</b> {}</a></li>)",
                       count == 0 && !state.empty() ? " hidden" : "", classes, escape(only.address()), state,
                       view.state == state ? R"( aria-current="true")" : "", count, word);
  };
  std::string html = item("", "", all, "programs");
  for (const auto state : kStatesByWeight) {
    const std::string name = core::lower(lifecycle::toText(state));
    html += item(name, classOf(state), counts[state], name.c_str());
  }
  return "<ul id=\"counts\" class=\"bar\" aria-label=\"Programs by state\">" + html + "</ul>\n";
}

/// What looks like a mistake in the configuration; empty if there is nothing. A long list is cut, and the rest counted.
std::string warningsBox(std::span<const std::string_view> warnings) {
  if (warnings.empty()) return {};
  std::string items;
  for (const auto& text : warnings.first(std::min(kMostWarnings, warnings.size())))
    items += fmt::format("<li>{}</li>\n", escape(text));
  if (warnings.size() > kMostWarnings)
    items +=
        fmt::format("<li>and {} more: supervisorctl reread shows them all</li>\n", warnings.size() - kMostWarnings);
  return fmt::format(R"(<section id="config-warnings" aria-labelledby="config-warnings-title">
<h2 id="config-warnings-title">The configuration has warnings</h2>
<ul>
{}</ul>
</section>
)",
                     items);
}

}  // namespace

std::string statusContent(const process::Table& table, const View& view, const std::string& token,
                          std::span<const std::string_view> warnings) {
  const auto blocks = arrange(table, view);
  return fmt::format(R"(<div id="content" tabindex="-1">
{warnings}<div class="tools">
{counts}<form id="view" action="index.html" role="search"><input type="hidden" name="sort" value="{reversed}{sort}">
<input type="hidden" name="state" value="{state}">
<label>Filter <input id="filter" name="filter" type="search" autocomplete="off" placeholder="name or state"
value="{filter}"></label> <button>Filter</button></form>
<span id="shown" role="status"></span>
</div>
<form id="actions" action="index.html" method="post">
<input type="hidden" name="token" value="{token}">
<ul class="bar all">
<li>{start}</li>
<li>{restart}</li>
<li>{stop}</li>
<li><a class="button" href="index.html?action=refresh">Refresh</a></li>
</ul>
{table}</form>
</div>
)",
                     fmt::arg("warnings", warningsBox(warnings)), fmt::arg("counts", countsOf(blocks, view)),
                     fmt::arg("reversed", view.reversed ? "-" : ""), fmt::arg("sort", toText(view.sort)),
                     fmt::arg("state", escape(view.state)), fmt::arg("filter", escape(view.filter)),
                     fmt::arg("token", token), fmt::arg("start", actionButton("Start All", "startall", "", "")),
                     fmt::arg("restart", actionButton("Restart All", "restartall", "", "")),
                     fmt::arg("stop", actionButton("Stop All", "stopall", "", "")),
                     fmt::arg("table", tableOf(blocks, view)));
}

std::string confirmContent(const std::string& question, const std::string& address, const std::string& token) {
  return fmt::format(R"(<div id="content" tabindex="-1">
<p>{}</p>
<form action="{}" method="post">
<input type="hidden" name="token" value="{}">
<input type="hidden" name="confirmed" value="yes">
<ul class="bar"><li><button>Yes, do it</button></li><li><a class="button" href="index.html">No</a></li></ul>
</form>
</div>
)",
                     escape(question), escape(address), token);
}

}  // namespace web
