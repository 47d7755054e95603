// SPDX-License-Identifier: MIT
#include "instance/front.hpp"

#include <utility>

#include "lib/core/log.hpp"

namespace {

http::Address addressOf(const config::HttpServer& server) {
  return {server.unixSocket, server.path, server.mode, server.owner, server.host, server.port};
}

}  // namespace

core::Expected<std::vector<http::ListenSocket>> Front::openSockets(const config::Configuration& configuration,
                                                                   std::vector<http::ListenSocket> kept) {
  std::vector<http::Address> addresses;
  for (const auto& server : configuration.servers) addresses.push_back(addressOf(server));
  return http::openListenSockets(addresses, std::move(kept));
}

void Front::serve(const config::Configuration& configuration, std::vector<http::ListenSocket> sockets) {
  for (std::size_t i = 0; i < sockets.size(); i++) {
    const auto& server = configuration.servers[i];
    for (const auto& interface : configuration.interfaces)
      logging::info("RPC interface '{}' initialized", interface.name);
    const auto username = server.username.value_or("");
    if (username.empty())
      logging::critical("Server '{}' running without any HTTP authentication checking", server.section);
    server_.add(std::move(sockets[i]), username, server.password.value_or(""));
  }
}
