// SPDX-License-Identifier: MIT
#include "instance/web/site.hpp"

#include "instance/web/assets.hpp"
#include "instance/web/log_page.hpp"
#include "instance/web/namespec.hpp"
#include "instance/web/origin.hpp"
#include "instance/web/page.hpp"
#include "instance/web/status_page.hpp"
#include "lib/core/json.hpp"

namespace web {
namespace {

constexpr std::size_t largestForm = 64 * 1024;

/// Bookmarks and pages of old know these addresses.
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

/// Back to the front page, which is beside whatever was asked for: relative, since only a proxy in front of us knows the
/// scheme and the path that the browser sees. An action is asked for again at the same address, so nobody remembers it.
http::Response toFrontPage(const std::string& message) {
  auto response = http::makeRedirect("./?message=" + quote(message));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

}  // namespace

Site::Site(core::EventLoop& loop, process::Table& table, std::function<About()> about, Call call)
    : table_(table), about_(std::move(about)), call_(std::move(call)), token_(makeToken()), live_(loop, table) {}

void Site::handle(const http::Request& request, const http::Reply& reply) {
  std::string path = request.path();
  path.erase(0, path.find_first_not_of('/'));
  if (const auto* asset = findAsset(path)) {
    const bool readable = request.method == "GET" || request.method == "HEAD";
    return reply.send(readable ? assetResponse(*asset, request) : http::makeError(400));
  }
  if (request.method != "GET" && request.method != "POST") return reply.send(http::makeError(404));
  if (request.body.size() > largestForm) return reply.send(http::makeError(413));
  if (path.empty() || path == "index.html") return index(request, reply);
  if (path == "ok.html") return reply.send(http::makeResponse("text/plain", "OK"));
  if (path == "events") return live_.attach(reply);
  if (path == "tail.html") {
    const auto page = tailPage(table_, request);
    return show(reply, page.title, page.content);
  }
  if (path == "activity.html") {
    const auto page = activityPage(about_().activityLog);
    return show(reply, page.title, page.content);
  }
  reply.send(http::makeError(404));
}

void Site::index(const http::Request& request, const http::Reply& reply) {
  const Action action{parameter(request, "action").value_or(""), parameter(request, "processname").value_or(""),
                      parameter(request, "groupname").value_or("")};
  if (action.verb.empty())
    return show(reply, "Supervisor Status", statusContent(table_, token_), parameter(request, "message").value_or(""));
  if (!known(action)) return reply.send(http::makeError(400));

  const bool tokenValid = sameToken(parameter(request, "token").value_or(""), token_);
  const auto verdict = action.verb == "refresh" ? Verdict::Allow : judge(request, tokenValid);
  if (verdict == Verdict::Refuse) return reply.send(http::makeError(403));
  if (verdict == Verdict::Confirm)
    return show(reply, "Supervisor: please confirm",
                confirmContent(question(action), "index.html?" + std::string(request.query()), token_));
  act(request, reply, action);
}

void Site::act(const http::Request& request, const http::Reply& reply, const Action& action) {
  const bool json = request.header("Accept") == "application/json";
  perform(action, table_, call_, [reply, json](const std::string& message) {
    if (json) return reply.send(http::makeResponse("application/json", "{\"message\":" + core::jsonString(message) + "}"));
    reply.send(toFrontPage(message));
  });
}

void Site::show(const http::Reply& reply, const std::string& title, const std::string& content,
                const std::string& message) {
  const auto about = about_();
  reply.send(pageResponse(composePage({title, about.identifier, message, about.version}, content)));
}

}  // namespace web
