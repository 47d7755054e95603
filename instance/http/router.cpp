// SPDX-License-Identifier: MIT
#include "instance/http/router.hpp"

namespace http {

void Router::dispatch(const Request& request, const Reply& reply) const {
  if (refuses_ && refuses_(request)) return reply.send(makeError(403));
  for (const auto& [prefix, handler] : routes_)
    if (request.uri.starts_with(prefix)) return handler(request, reply);
  if (fallback_) return fallback_(request, reply);
  reply.send(makeError(404));
}

}  // namespace http
