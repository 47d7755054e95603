// SPDX-License-Identifier: MIT
#include "instance/web/site.hpp"

#include "instance/output/rotating_file.hpp"
#include "instance/process/process.hpp"
#include "instance/web/assets.hpp"
#include "instance/web/download.hpp"
#include "instance/web/log_choice.hpp"
#include "instance/web/log_feed.hpp"
#include "instance/web/log_page.hpp"
#include "instance/web/origin.hpp"
#include "instance/web/page.hpp"
#include "instance/web/status_page.hpp"
#include "instance/web/view.hpp"
#include "lib/core/files.hpp"
#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace web {
namespace {

constexpr std::size_t kLargestForm = 64 * 1024;

/// Bookmarks and old pages of Supervisor use addresses with these folders.
const Asset* findAsset(std::string_view path) {
  for (const std::string_view folder : {"stylesheets/", "images/"})
    if (path.starts_with(folder)) path.remove_prefix(folder.size());
  for (const auto& asset : assets())
    if (asset.name == path) return &asset;
  return nullptr;
}

http::Response assetResponse(const Asset& asset, const http::Request& request) {
  auto response = http::makeResponse(asset.type, std::string(asset.content));
  if (request.header("If-None-Match") == asset.tag) {
    response.status = 304;
    response.body.clear();
  }
  response.headers.emplace_back("ETag", asset.tag);
  response.headers.emplace_back("Cache-Control", "no-cache");
  return response;
}

/// Redirects to the front page. Relative, since only a proxy in front of us knows the scheme and the path that the
/// browser sees. Not cached: the address of an action must be requested again each time.
http::Response toFrontPage(const std::string& message) {
  auto response = http::makeRedirect("./?message=" + quote(message));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

constexpr std::string_view kGoodbyeName = "supervisor_goodbye=";

/// Without a path: the browser then uses that of the page, also behind a proxy.
std::string goodbyeCookie(const std::string& value) {
  return std::string(kGoodbyeName) + value + (value.empty() ? "; Max-Age=0" : "") + "; HttpOnly; SameSite=Strict";
}

}  // namespace

Site::Site(core::EventLoop& loop, process::Table& table, std::function<About()> about, const api::MethodTable& methods)
    : table_(table),
      about_(std::move(about)),
      methods_(methods),
      token_(makeToken()),
      goodbye_(makeToken()),
      live_(loop, table) {}

void Site::handle(const http::Request& request, const http::Reply& reply) {
  std::string path = request.path();
  path.erase(0, path.find_first_not_of('/'));
  if (const auto* asset = findAsset(path)) {
    const bool readable = request.method == "GET" || request.method == "HEAD";
    return reply.send(readable ? assetResponse(*asset, request) : http::makeError(400));
  }
  if (request.method != "GET" && request.method != "POST") return reply.send(http::makeError(404));
  if (request.body.size() > kLargestForm) return reply.send(http::makeError(413));
  if (path.empty() || path == "index.html") return index(request, reply);
  if (path == "ok.html") return reply.send(http::makeResponse("text/plain", "OK"));
  if (path == "logout.html") return logOut(request, reply);
  if (path == "events") return live_.attach(reply, parameter(request, "processname").value_or(""));
  for (const std::string_view page : {"tail.html", "activity.html", "log.json", "log-events", "download"}) {
    if (path != page) continue;
    auto choice = chooseLog(table_, about_().activityLog, request);
    if (page == "activity.html") choice = LogChoice{true, {}, nullptr, {}, about_().activityLog};
    return log(path, choice, request, reply);
  }
  reply.send(http::makeError(404));
}

void Site::log(const std::string& path, const LogChoice& choice, const http::Request& request,
               const http::Reply& reply) {
  if (path == "log.json") {
    auto response = http::makeResponse("application/json", logJson(choice, request));
    response.headers.emplace_back("Cache-Control", "no-store");
    return reply.send(std::move(response));
  }
  // Each of these needs a second descriptor: that of the log.
  if (path != "tail.html" && path != "activity.html" && core::areDescriptorsScarce())
    return reply.send(http::makeError(503, "Too many files are open: close other pages, and try again."));
  if (path == "download") {
    const auto name =
        choice.program ? choice.program->fullName() + "-" + process::toText(choice.channel) : "supervisord";
    return sendDownload(choice.path(), name, reply);
  }
  if (path == "log-events") {
    if (!choice.log) return reply.send(http::makeError(404));
    // A browser that reconnects sends the id of the last event.
    const auto seen = request.header("Last-Event-ID");
    const auto place = seen.empty() ? parameter(request, "from").value_or("") : std::string(seen);
    return reply.stream(eventStream(),
                        std::make_unique<LogFeed>(choice.path(), Place::parse(place), choice.log->notice()));
  }
  const auto page = logPage(choice, request, token_);
  show(request, reply, page.title, page.content);
}

/// Browsers forget a name and a password only when these are refused: the first request is answered with 401. The
/// cookie marks that, so that a new login at this very address is accepted.
void Site::logOut(const http::Request& request, const http::Reply& reply) {
  if (fromAnotherSite(request)) return reply.send(http::makeError(403));
  if (request.user.empty() || saidGoodbye(request)) {
    auto back = http::makeRedirect("./");
    back.headers.emplace_back("Cache-Control", "no-store");
    if (!request.user.empty()) back.headers.emplace_back("Set-Cookie", goodbyeCookie({}));
    return reply.send(std::move(back));
  }
  auto response = http::makeUnauthorized();
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("Set-Cookie", goodbyeCookie(goodbye_));
  reply.send(std::move(response));
}

bool Site::saidGoodbye(const http::Request& request) const {
  for (const auto& [name, value] : request.headers) {
    if (core::lower(name) != "cookie") continue;
    for (const auto& item : core::split(value, ';'))
      if (core::trim(item) == std::string(kGoodbyeName) + goodbye_) return true;
  }
  return false;
}

void Site::index(const http::Request& request, const http::Reply& reply) {
  const Action action{parameter(request, "action").value_or(""), parameter(request, "processname").value_or(""),
                      parameter(request, "groupname").value_or("")};
  if (action.verb.empty())
    return show(request, reply, "Supervisor Status",
                statusContent(table_, View::of(request), token_, about_().warnings),
                parameter(request, "message").value_or(""));
  if (!known(action)) return reply.send(http::makeError(400));

  const bool tokenValid = sameToken(parameter(request, "token").value_or(""), token_);
  const auto verdict = action.verb == "refresh" ? OriginCheck::Allow : judge(request, tokenValid);
  if (verdict == OriginCheck::Refuse) return reply.send(http::makeError(403));
  const bool confirmed = tokenValid && parameter(request, "confirmed") == "yes";
  const bool person = tokenValid || isBrowser(request);
  if (verdict == OriginCheck::Confirm || (person && asksFirst(action) && !confirmed))
    return show(request, reply, "Please confirm", confirmContent(question(action), address(action), token_));
  act(request, reply, action);
}

void Site::act(const http::Request& request, const http::Reply& reply, const Action& action) {
  const bool json = request.header("Accept") == "application/json";
  perform(action, table_, methods_, [reply, json](const core::Expected<std::string>& message) {
    if (!message) return reply.send(http::makeError(500, message.error().text));
    if (json)
      return reply.send(http::makeResponse("application/json", "{\"message\":" + core::jsonString(*message) + "}"));
    reply.send(toFrontPage(*message));
  });
}

void Site::show(const http::Request& request, const http::Reply& reply, const std::string& title,
                const std::string& content, const std::string& message) {
  const auto about = about_();
  auto response = pageResponse(composePage({title, about.identifier, message, about.version, request.user}, content));
  if (saidGoodbye(request)) response.headers.emplace_back("Set-Cookie", goodbyeCookie({}));
  reply.send(std::move(response));
}

}  // namespace web
