// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "instance/http/reply.hpp"

namespace http {

/// Which part answers a request: the first prefix that the undecoded URI starts with, else the fallback, else 404.
class Router {
 public:
  void addPrefix(std::string prefix, Handler handler) { routes_.emplace_back(std::move(prefix), std::move(handler)); }
  /// Requests for which `refuses` returns true get status 403.
  void setGuard(std::function<bool(const Request&)> refuses) { refuses_ = std::move(refuses); }
  void setFallback(Handler handler) { fallback_ = std::move(handler); }
  void dispatch(const Request& request, const Reply& reply) const;

 private:
  std::vector<std::pair<std::string, Handler>> routes_;
  Handler fallback_;
  std::function<bool(const Request&)> refuses_;
};

}  // namespace http
