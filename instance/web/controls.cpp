// SPDX-License-Identifier: MIT
#include "instance/web/controls.hpp"

#include <fmt/core.h>

#include "instance/process/process.hpp"
#include "instance/web/actions.hpp"
#include "instance/web/page.hpp"
#include "lib/core/text.hpp"

namespace web {

using lifecycle::ProcessState;

const char* classOf(ProcessState state) noexcept {
  switch (state) {
    case ProcessState::Running: return "statusrunning";
    case ProcessState::Fatal:
    case ProcessState::Backoff:
    case ProcessState::Unknown: return "statuserror";
    case ProcessState::Starting:
    case ProcessState::Stopping: return "statusbusy";
    case ProcessState::Stopped:
    case ProcessState::Exited: break;
  }
  return "statusnominal";
}

std::string badge(ProcessState state) {
  return fmt::format(R"(<span class="{}">{}</span>)", classOf(state), core::lower(lifecycle::toText(state)));
}

std::string actionButton(std::string_view text, std::string_view action, std::string_view parameter,
                         const std::string& name, bool hidden) {
  const Action asked{std::string(action), parameter == "processname" ? name : "", parameter == "groupname" ? name : ""};
  const std::string ask = asksFirst(asked) ? fmt::format(R"( data-ask="{}")", escape(question(asked))) : "";
  const std::string label = name.empty() ? "" : fmt::format(R"( aria-label="{} {}")", text, escape(name));
  return fmt::format(R"(<button data-act="{}" formaction="{}"{}{}{}>{}</button>)", action, escape(address(asked)),
                     label, ask, hidden ? " hidden" : "", text);
}

std::string programButtons(const process::Process& program) {
  const auto name = program.fullName();
  const auto state = program.state();
  const bool stopped = state == ProcessState::Stopped || state == ProcessState::Exited || state == ProcessState::Fatal;
  // All three, some hidden: the script only changes which ones are visible.
  return actionButton("Start", "start", "processname", name, !stopped) +
         actionButton("Restart", "restart", "processname", name, state != ProcessState::Running) +
         actionButton("Stop", "stop", "processname", name, !lifecycle::isActive(state) && !program.awaitsStart());
}

}  // namespace web
