// SPDX-License-Identifier: MIT
#include "instance/web/controls.hpp"

#include <fmt/core.h>

#include "instance/process/process.hpp"
#include "instance/web/actions.hpp"
#include "instance/web/page.hpp"
#include "lib/core/text.hpp"

namespace web {

using lifecycle::State;

const char* classOf(State state) noexcept {
  switch (state) {
    case State::Running: return "statusrunning";
    case State::Fatal:
    case State::Backoff:
    case State::Unknown: return "statuserror";
    case State::Starting:
    case State::Stopping: return "statusbusy";
    case State::Stopped:
    case State::Exited: break;
  }
  return "statusnominal";
}

std::string badge(State state) {
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
  const bool stopped = state == State::Stopped || state == State::Exited || state == State::Fatal;
  return actionButton("Start", "start", "processname", name, !stopped) +
         actionButton("Restart", "restart", "processname", name, state != State::Running) +
         actionButton("Stop", "stop", "processname", name, !lifecycle::isActive(state));
}

}  // namespace web
