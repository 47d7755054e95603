// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "instance/http/reply.hpp"
#include "instance/http/request.hpp"
#include "instance/web/actions.hpp"
#include "instance/web/live.hpp"

namespace api {
class MethodTable;
}
namespace output {
class RotatingFile;
}

namespace web {

struct LogChoice;

/// Facts about the daemon for the pages, requested for each page, since a reread can change them.
struct About {
  std::string identifier;
  std::string version;
  output::RotatingFile* activityLog = nullptr;  ///< nullptr if it is not a file
  std::vector<std::string_view> warnings;       ///< about the configuration; valid while the page is composed
};

/// The web page of an instance, at Supervisor's addresses: index.html, tail.html, ok.html and what they need.
class Site {
 public:
  /// Everything must outlive this. The buttons call `methods`.
  Site(core::EventLoop& loop, process::Table& table, std::function<About()> about, const api::MethodTable& methods);

  /// Answers all requests except XML-RPC and log streams; 404 for unknown addresses.
  void handle(const http::Request& request, const http::Reply& reply);

 private:
  void index(const http::Request& request, const http::Reply& reply);
  void log(const std::string& path, const LogChoice& choice, const http::Request& request, const http::Reply& reply);
  void logOut(const http::Request& request, const http::Reply& reply);
  void act(const http::Request& request, const http::Reply& reply, const Action& action);
  void show(const http::Request& request, const http::Reply& reply, const std::string& title,
            const std::string& content, const std::string& message = {});
  [[nodiscard]] bool saidGoodbye(const http::Request& request) const;

  process::Table& table_;
  std::function<About()> about_;
  const api::MethodTable& methods_;
  std::string token_;
  std::string goodbye_;  ///< in the cookie of a browser that has logged out and not logged in again
  Live live_;
};

}  // namespace web
