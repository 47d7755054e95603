// SPDX-License-Identifier: MIT
#include "instance/config/listener.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/core/text.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

constexpr std::array<std::string_view, 29> kEventTypes{"EVENT",
                                                       "PROCESS_STATE",
                                                       "PROCESS_STATE_STARTING",
                                                       "PROCESS_STATE_BACKOFF",
                                                       "PROCESS_STATE_RUNNING",
                                                       "PROCESS_STATE_STOPPING",
                                                       "PROCESS_STATE_STOPPED",
                                                       "PROCESS_STATE_EXITED",
                                                       "PROCESS_STATE_FATAL",
                                                       "PROCESS_STATE_UNKNOWN",
                                                       "PROCESS_COMMUNICATION",
                                                       "PROCESS_COMMUNICATION_STDOUT",
                                                       "PROCESS_COMMUNICATION_STDERR",
                                                       "PROCESS_LOG",
                                                       "PROCESS_LOG_STDOUT",
                                                       "PROCESS_LOG_STDERR",
                                                       "REMOTE_COMMUNICATION",
                                                       "SUPERVISOR_STATE_CHANGE",
                                                       "SUPERVISOR_STATE_CHANGE_RUNNING",
                                                       "SUPERVISOR_STATE_CHANGE_STOPPING",
                                                       "TICK",
                                                       "TICK_5",
                                                       "TICK_60",
                                                       "TICK_3600",
                                                       "PROCESS_GROUP",
                                                       "PROCESS_GROUP_ADDED",
                                                       "PROCESS_GROUP_REMOVED",
                                                       "PROCESS_RESTART_LIMIT",
                                                       "PROCESS_HEALTH"};

void readHandler(SectionReader& in, const core::Names& names, ListenerSettings& settings) {
  const auto text = in.text("result_handler", names);
  if (!text) return;
  const auto handler = core::trim(*text);
  if (handler == "supervisor.dispatchers:default_handler")
    settings.handler = ResultHandler::Default;
  else if (handler == "supervisor_twiddler.resulthandler:stdin_write_handler")
    settings.handler = ResultHandler::StdinWrite;
  else if (handler == "supervisor_stdout:event_handler")
    settings.handler = ResultHandler::Stdout;
  else
    in.fail("result_handler",
            *text + " cannot be resolved within [" + in.name() +
                "]: handlers are not loaded from Python. Use supervisor_stdout:event_handler to print what the "
                "listener answers on standard output, supervisor_twiddler.resulthandler:stdin_write_handler to write "
                "it to the program that the event came from, or remove the line if the listener answers OK or FAIL");
}

void readEvents(SectionReader& in, const core::Names& names, ListenerSettings& settings) {
  const auto text = in.text("events", names);
  if (!text) return;
  for (const auto& piece : parseStrings(*text)) {
    std::string type = core::upper(piece);
    if (std::find(settings.events.begin(), settings.events.end(), type) != settings.events.end()) continue;
    if (std::find(kEventTypes.begin(), kEventTypes.end(), type) == kEventTypes.end()) {
      const auto near = core::nearest(type, kEventTypes);
      return in.fail("events", "Unknown event type " + type + " in [" + in.name() + "] events" +
                                   (near ? " (did you mean " + std::string(*near) + "?)" : ""));
    }
    settings.events.push_back(std::move(type));
  }
  if (settings.events.empty()) in.fail("[" + in.name() + "] section requires an \"events\" line");
}

}  // namespace

// The order of the keys is Supervisor's: it decides which error is reported first.
ListenerSettings readListener(SectionReader& in, const core::Names& names) {
  ListenerSettings settings;
  in.take("buffer_size", names, parseInteger, settings.bufferSize);
  if (in.ok() && settings.bufferSize < 1)
    in.fail("buffer_size", fmt::format("[{}] section sets invalid buffer_size ({})", in.name(), settings.bufferSize));
  readHandler(in, names, settings);
  in.take("event_details", names, parseBoolean, settings.details);
  readEvents(in, names, settings);
  // What the listener writes to standard error would be read as an answer.
  bool redirect = false;
  in.take("redirect_stderr", names, parseBoolean, redirect);
  if (redirect)
    in.fail("redirect_stderr",
            "[" + in.name() +
                "] section sets redirect_stderr=true but this is not allowed because it will interfere "
                "with the eventlistener protocol");
  return settings;
}

}  // namespace config
