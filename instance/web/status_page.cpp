// SPDX-License-Identifier: MIT
#include "instance/web/status_page.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "instance/web/page.hpp"
#include "instance/web/usage.hpp"
#include "lib/core/text.hpp"

namespace web {
namespace {

using lifecycle::State;

const char* classOf(State state) {
  switch (state) {
    case State::Running: return "statusrunning";
    case State::Fatal:
    case State::Backoff: return "statuserror";
    case State::Starting:
    case State::Stopping: return "statusbusy";
    case State::Stopped:
    case State::Exited:
    case State::Unknown: break;
  }
  return "statusnominal";
}

/// One button of the form: its address says everything, so that it is also what a script may call.
std::string button(const std::string& text, const std::string& action, const std::string& parameter,
                   const std::string& name, bool hidden = false) {
  return fmt::format(
      R"(<li{}><button data-act="{}" formaction="index.html?{}action={}" aria-label="{} {}">{}</button></li>)",
      hidden ? " hidden" : "", action, parameter.empty() ? "" : parameter + "=" + quote(name) + "&amp;", action, text,
      escape(name), text);
}

std::string memoryText(std::uint64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1048576.0); }

std::string row(const process::Process& program) {
  const auto name = program.fullName();
  const auto state = program.state();
  const bool stopped = state == State::Stopped || state == State::Exited || state == State::Fatal;
  UsageSampler sampler;  // one look: memory only, the share of a core takes two
  const auto usage = program.pid() ? sampler.sample(program.pid()) : std::nullopt;
  std::string actions = button("Start", "start", "processname", name, !stopped);
  actions += button("Restart", "restart", "processname", name, state != State::Running);
  actions += button("Stop", "stop", "processname", name, !lifecycle::isActive(state));
  actions += button("Clear Log", "clearlog", "processname", name);
  for (const auto channel : {process::Channel::Stdout, process::Channel::Stderr})
    actions += fmt::format(R"(<li><a class="button" href="tail.html?processname={}{}" aria-label="Tail -f {} {}">Tail -f {}</a></li>)",
                           quote(name), channel == process::Channel::Stdout ? "" : "&amp;channel=stderr",
                           channel == process::Channel::Stdout ? "Stdout" : "Stderr", escape(name),
                           channel == process::Channel::Stdout ? "Stdout" : "Stderr");
  return fmt::format(R"(<tr data-name="{name}">
  <td class="status" data-label="State"><span class="{stateClass}">{state}</span></td>
  <td class="description" data-label="Description">{description}</td>
  <th scope="row" class="name"><a href="tail.html?processname={link}">{name}</a></th>
  <td class="number cpu" data-label="CPU"></td>
  <td class="number memory" data-label="Memory">{memory}</td>
  <td class="action"><ul>{actions}</ul></td>
</tr>
)",
                     fmt::arg("name", escape(name)), fmt::arg("stateClass", classOf(state)),
                     fmt::arg("state", core::lower(lifecycle::toText(state))),
                     fmt::arg("description", escape(program.description())), fmt::arg("link", quote(name)),
                     fmt::arg("memory", usage ? memoryText(usage->memory) : ""), fmt::arg("actions", actions));
}

std::string groupHead(const process::Group& group) {
  const auto& name = group.name();
  return fmt::format(R"(<tr class="group"><th colspan="6" scope="rowgroup">{} <ul class="bar">{}{}{}</ul></th></tr>
)",
                     escape(name), button("Start Group", "startgroup", "groupname", name),
                     button("Restart Group", "restartgroup", "groupname", name),
                     button("Stop Group", "stopgroup", "groupname", name));
}

/// A program on its own needs no heading: its group is named like it.
bool needsHead(const process::Group& group) {
  return group.processes().size() > 1 ||
         (group.processes().size() == 1 && group.processes().front()->name() != group.name());
}

std::string tableOf(const process::Table& table) {
  std::vector<const process::Group*> groups;
  for (const auto& group : table.groups())
    if (!group->processes().empty()) groups.push_back(group.get());
  std::sort(groups.begin(), groups.end(), [](auto* a, auto* b) { return a->name() < b->name(); });
  if (groups.empty()) return "<p>No programs to manage</p>\n";

  std::string html = R"(<table id="programs">
<caption>Programs and their states</caption>
<thead><tr><th scope="col">State</th><th scope="col">Description</th><th scope="col">Name</th><th scope="col" class="number">CPU</th><th scope="col" class="number">Memory</th><th scope="col">Action</th></tr></thead>
)";
  for (const auto* group : groups) {
    html += "<tbody>\n";
    if (needsHead(*group)) html += groupHead(*group);
    std::vector<const process::Process*> programs;
    for (const auto& program : group->processes()) programs.push_back(program.get());
    std::sort(programs.begin(), programs.end(), [](auto* a, auto* b) { return a->name() < b->name(); });
    for (const auto* program : programs) html += row(*program);
    html += "</tbody>\n";
  }
  return html + "</table>\n";
}

}  // namespace

std::string statusContent(const process::Table& table, const std::string& token) {
  return fmt::format(R"(<div id="content" tabindex="-1">
<form id="actions" action="index.html" method="post">
<input type="hidden" name="token" value="{}">
<ul class="bar">
<li><a class="button" href="index.html?action=refresh">Refresh</a></li>
{}
{}
{}
<li id="filter-label" hidden><label>Filter <input id="filter" type="search" autocomplete="off" placeholder="name or state"></label></li>
</ul>
{}</form>
</div>
)",
                     token, button("Start All", "startall", "", ""), button("Restart All", "restartall", "", ""),
                     button("Stop All", "stopall", "", ""), tableOf(table));
}

std::string confirmContent(const std::string& question, const std::string& address, const std::string& token) {
  return fmt::format(R"(<div id="content" tabindex="-1">
<p>{}</p>
<form action="{}" method="post">
<input type="hidden" name="token" value="{}">
<ul class="bar"><li><button>Yes, do it</button></li><li><a class="button" href="index.html">No</a></li></ul>
</form>
</div>
)",
                     escape(question), escape(address), token);
}

}  // namespace web
