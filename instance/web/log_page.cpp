// SPDX-License-Identifier: MIT
#include "instance/web/log_page.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "instance/output/ansi.hpp"
#include "instance/process/process.hpp"
#include "instance/web/controls.hpp"
#include "instance/web/health_text.hpp"
#include "instance/web/log_history.hpp"
#include "instance/web/page.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace web {
namespace {

constexpr std::int64_t kUsualBytes = 16 * 1024;
constexpr std::int64_t kLeastBytes = 1024;
constexpr std::int64_t kMostBytes = 1024 * 1024;
constexpr std::size_t kLongestNeedle = 1024;

/// The parameters of a request for lines of a log, by the page or by its script.
struct Wanted {
  std::optional<Place> before, after;
  std::string search;
  std::int64_t limit;
};

std::optional<Place> placeOf(const http::Request& request, std::string_view name) {
  const auto text = parameter(request, name);
  return text ? Place::parse(*text) : std::nullopt;
}

Wanted wantedBy(const http::Request& request) {
  const auto limit = core::parseInteger(parameter(request, "limit").value_or("")).value_or(kUsualBytes);
  return {placeOf(request, "before"), placeOf(request, "after"),
          parameter(request, "search").value_or("").substr(0, kLongestNeedle),
          std::clamp(limit, kLeastBytes, kMostBytes)};
}

std::optional<Excerpt> read(const LogHistory& history, const Wanted& wanted) {
  return wanted.after ? history.after(*wanted.after, wanted.limit) : history.before(wanted.before, wanted.limit);
}

std::string withoutColours(const std::string& text) { return output::AnsiFilter().strip(text); }

/// The address of the page with other parameters.
std::string address(const LogChoice& choice, const std::string& parameters = {}) {
  return choice.activity ? "activity.html" + (parameters.empty() ? "" : "?" + parameters)
                         : "tail.html?" + choice.query() + (parameters.empty() ? "" : "&" + parameters);
}

std::string link(const std::string& where, std::string_view text, std::string_view more = {}) {
  return fmt::format(R"(<li><a class="button" href="{}"{}>{}</a></li>)", escape(where), more, text);
}

/// State and buttons of the program.
std::string programBar(const LogChoice& choice, const std::string& token) {
  const auto& program = *choice.program;
  const auto name = program.fullName();
  return fmt::format(R"(<form id="actions" class="program" action="index.html" method="post" data-name="{}">
<input type="hidden" name="token" value="{}">
<span class="status">{}</span> <span class="description">{}</span>
<span class="acts">{}{}</span>
</form>
)",
                     escape(name), token, badge(program.state()), escape(descriptionText(program)),
                     programButtons(program), actionButton("Clear Log", "clearlog", "processname", name));
}

/// The link to the other channel, if there is one.
std::string channelTabs(const LogChoice& choice) {
  std::string tabs;
  for (const auto channel : {process::Channel::Stdout, process::Channel::Stderr}) {
    const bool here = channel == choice.channel;
    if (!here && choice.program->log(channel) == nullptr) continue;
    auto other = choice;
    other.channel = channel;
    tabs += link(address(other), process::toText(channel), here ? R"( aria-current="page")" : "");
  }
  return tabs;
}

std::string toolBar(const LogChoice& choice, const std::string& search, const std::optional<Excerpt>& excerpt) {
  std::string tools = choice.program ? channelTabs(choice) : "";
  if (choice.log) tools += link("download?" + choice.query(), "Download");
  if (excerpt && excerpt->older)
    tools += link(address(choice, "before=" + excerpt->older->text()), "Older", R"( id="older")");
  if (excerpt && excerpt->newer)
    tools += link(address(choice, "after=" + excerpt->newer->text()), "Newer", R"( id="newer")");
  tools += link(address(choice), "Newest", R"( id="newest")");
  std::string hidden;
  for (const auto& [name, value] : http::parseForm(choice.query()))
    hidden += fmt::format(R"(<input type="hidden" name="{}" value="{}">)", escape(name), escape(value));
  return fmt::format(R"(<ul class="bar">{}
<li id="log-tools" hidden><button id="pause" type="button" aria-pressed="false">Pause</button></li>
<li class="search"><form id="search-form" action="{}" role="search">{}<label>Search
<input id="search" name="search" type="search" autocomplete="off" value="{}"></label><button>Search</button></form></li>
</ul>
<div id="found"{}>
)",
                     tools, choice.activity ? "activity.html" : "tail.html", hidden, escape(search),
                     search.empty() ? " hidden" : "");
}

/// The lines that were found, each with a link to its place.
std::string foundList(const LogChoice& choice, const Found& found, const std::string& search) {
  std::string html = fmt::format("<p id=\"matches\" role=\"status\">{}{} lines</p>\n<ol id=\"results\">\n",
                                 found.older ? "so far " : "", found.lines.size());
  for (const auto& line : found.lines)
    html += fmt::format("<li><a href=\"{}\">{}</a></li>\n", escape(address(choice, "after=" + line.begin.text())),
                        escape(withoutColours(line.text)));
  html += "</ol>\n";
  if (found.older)
    html += fmt::format("<p><a class=\"button\" id=\"further\" href=\"{}\">Search further back</a></p>\n",
                        escape(address(choice, "search=" + quote(search) + "&before=" + found.older->text())));
  return html;
}

std::string placeAttribute(std::string_view name, const std::optional<Place>& place) {
  return place ? fmt::format(R"( data-{}="{}")", name, place->text()) : "";
}

std::string missing(const LogChoice& choice) {
  if (choice.activity) return "No file for the activity log";
  if (choice.name.empty()) return "No process name found";
  if (!choice.program) return "ERROR: unexpected rpc fault [10] BAD_NAME: " + choice.name;
  return "No file for " + choice.name;
}

std::string content(const LogChoice& choice, const Wanted& wanted, const std::string& heading,
                    const std::string& token) {
  const LogHistory history(choice.path());
  const bool searches = !wanted.search.empty();
  const auto excerpt = read(history, searches ? Wanted{{}, {}, {}, wanted.limit} : wanted);
  std::string html = fmt::format("<div id=\"content\" tabindex=\"-1\">\n<h2>{}</h2>\n", escape(heading));
  if (choice.program) html += programBar(choice, token);
  html += toolBar(choice, wanted.search, excerpt);
  html +=
      foundList(choice, searches ? history.search(wanted.search, wanted.before) : Found{}, wanted.search) + "</div>\n";
  std::string places;
  if (excerpt)
    places = fmt::format(R"( data-begin="{}" data-end="{}")", excerpt->begin.text(), excerpt->end.text()) +
             placeAttribute("older", excerpt->older) + placeAttribute("newer", excerpt->newer);
  html += fmt::format("<pre id=\"{}\" tabindex=\"0\" aria-label=\"{}\" data-query=\"{}\"{}>\n{}</pre>\n</div>\n",
                      choice.log ? "log" : "text", escape(heading), escape(choice.query()), places,
                      escape(excerpt ? withoutColours(excerpt->text) : missing(choice)));
  return html;
}

std::string placeJson(const std::optional<Place>& place) { return place ? '"' + place->text() + '"' : "null"; }

std::string foundJson(const Found& found) {
  std::string lines;
  for (const auto& line : found.lines)
    lines += fmt::format(R"({}{{"begin":"{}","text":{}}})", lines.empty() ? "" : ",", line.begin.text(),
                         core::jsonString(line.text));
  return fmt::format(R"({{"lines":[{}],"older":{}}})", lines, placeJson(found.older));
}

}  // namespace

LogPage logPage(const LogChoice& choice, const http::Request& request, const std::string& token) {
  std::string title =
      choice.activity ? "Activity log" : "Supervisor tail of process " + (choice.name.empty() ? "None" : choice.name);
  if (choice.program) title = choice.program->fullName() + " " + process::toText(choice.channel);
  auto html = content(choice, wantedBy(request), title, token);
  return {std::move(title), std::move(html)};
}

std::string logJson(const LogChoice& choice, const http::Request& request) {
  const LogHistory history(choice.path());
  const auto wanted = wantedBy(request);
  if (!wanted.search.empty()) return foundJson(history.search(wanted.search, wanted.before));
  const auto excerpt = read(history, wanted);
  if (!excerpt) return "null";
  return fmt::format(R"({{"begin":"{}","end":"{}","older":{},"newer":{},"text":{}}})", excerpt->begin.text(),
                     excerpt->end.text(), placeJson(excerpt->older), placeJson(excerpt->newer),
                     core::jsonString(excerpt->text));
}

}  // namespace web
