// SPDX-License-Identifier: MIT
#include "instance/http/router.hpp"

namespace http {

void Router::dispatch(const Request& request, const Reply& reply) const {
  // Before everything else: no handler can forget it.
  if (refuses_ && refuses_(request)) return reply.send(makeError(403));
  // By the undecoded URI and in the order of registration, as in Medusa.
  for (const auto& [prefix, handler] : routes_)
    if (request.uri.starts_with(prefix)) return handler(request, reply);
  if (fallback_) return fallback_(request, reply);
  reply.send(makeError(404));
}

}  // namespace http
