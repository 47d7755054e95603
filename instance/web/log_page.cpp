// SPDX-License-Identifier: MIT
#include "instance/web/log_page.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "instance/output/log_reader.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "instance/web/namespec.hpp"
#include "instance/web/page.hpp"
#include "lib/core/text.hpp"

namespace web {
namespace {

constexpr std::int64_t activityBytes = 16 * 1024;
constexpr std::int64_t leastBytes = 1024;
constexpr std::int64_t mostBytes = 4 * 1024 * 1024;

/// `stream` empty: nothing to follow. `refresh` empty: no link.
std::string content(const std::string& heading, const std::string& text, const std::string& stream,
                    const std::string& refresh) {
  const std::string follow = stream.empty() ? "" : fmt::format(" data-stream=\"{}\"", escape(stream));
  const std::string link =
      refresh.empty() ? "" : fmt::format(R"(<li><a class="button" href="{}">Refresh</a></li>)", escape(refresh));
  return fmt::format(R"(<div id="content" tabindex="-1">
<h2>{}</h2>
<ul class="bar">{}
<li id="log-tools" hidden><button id="pause" type="button" aria-pressed="false">Pause</button>
<label>Search <input id="search" type="search" autocomplete="off"></label> <span id="matches" role="status"></span></li>
</ul>
<pre id="{}" tabindex="0" aria-label="{}"{}>{}</pre>
</div>
)",
                     escape(heading), link, stream.empty() ? "text" : "log", escape(heading), follow, escape(text));
}

std::string lastBytes(const std::string& path, std::int64_t count, const std::string& missing) {
  if (path.empty()) return missing;
  const auto read = output::readLog(path, -count, 0);
  if (read) return *read;
  return read.error().kind == output::ReadError::Kind::NoFile ? missing
                                                              : "ERROR: cannot read the log: " + read.error().text;
}

}  // namespace

LogPage tailPage(const process::Table& table, const http::Request& request) {
  const auto name = parameter(request, "processname").value_or("");
  LogPage page{"Supervisor tail of process " + (name.empty() ? "None" : name), {}};
  if (name.empty()) {
    page.content = content(page.title, "No process name found", {}, {});
    return page;
  }
  const auto limit = std::clamp(core::parseInteger(parameter(request, "limit").value_or("")).value_or(leastBytes),
                                leastBytes, mostBytes);
  const auto channel = parameter(request, "channel") == "stderr" ? process::Channel::Stderr : process::Channel::Stdout;
  const std::string suffix = channel == process::Channel::Stderr ? "&channel=stderr" : "";
  const auto refresh = "tail.html?processname=" + quote(name) + suffix + "&limit=" + std::to_string(limit);
  const auto* program = findProgram(table, name);
  if (!program) {
    page.content = content(page.title, "ERROR: unexpected rpc fault [10] BAD_NAME: " + name, {}, refresh);
    return page;
  }
  const auto& path = program->logPath(channel);
  const auto text = lastBytes(path, limit, "No file for " + name);
  const auto stream = path.empty() ? "" : "logtail/" + quote(name) + "/" + process::toText(channel);
  page.content = content(name + " " + process::toText(channel), text, stream, refresh);
  return page;
}

LogPage activityPage(const std::string& path) {
  const auto text = lastBytes(path, activityBytes, "No file for the activity log");
  return {"Supervisor activity log", content("Activity log", text, path.empty() ? "" : "mainlogtail", "activity.html")};
}

}  // namespace web
