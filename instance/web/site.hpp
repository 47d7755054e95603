// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "instance/http/reply.hpp"
#include "instance/http/request.hpp"
#include "instance/web/actions.hpp"
#include "instance/web/live.hpp"

namespace web {

/// What the pages say about the daemon, asked anew for each page: a reread may change it.
struct About {
  std::string identifier;
  std::string version;
  std::string activityLog;  ///< path; empty if it is no file
};

/// The web page of an instance, at Supervisor's addresses: index.html, tail.html, ok.html and what they need.
class Site {
 public:
  Site(core::EventLoop& loop, process::Table& table, std::function<About()> about, Call call);

  /// Answers whatever is not /RPC2 and no log stream; 404 for what is not ours.
  void handle(const http::Request& request, const http::Reply& reply);

 private:
  void index(const http::Request& request, const http::Reply& reply);
  void act(const http::Request& request, const http::Reply& reply, const Action& action);
  void show(const http::Reply& reply, const std::string& title, const std::string& content,
            const std::string& message = {});

  process::Table& table_;
  std::function<About()> about_;
  Call call_;
  std::string token_;
  Live live_;
};

}  // namespace web
