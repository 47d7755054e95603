// SPDX-License-Identifier: MIT
// Whatever a client sends over a connection, in whatever pieces: it is answered or refused, and the server is left
// without connections when the client has gone.
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "instance/http/authenticator.hpp"
#include "instance/http/server.hpp"

namespace {

/// The first byte says how long the pieces are, and whether a password is asked for.
void talk(core::EventLoop& loop, http::Server& server, std::string_view text) {
  const auto way = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  const std::size_t step = 1 + (way & 0x7F);
  std::shared_ptr<http::Authenticator> authenticator;
  if ((way & 0x80) != 0) authenticator = std::make_shared<http::Authenticator>("user", "password");
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
  core::UniqueFd client(ends[0]);
  server.addConnection(core::UniqueFd(ends[1]), "localhost:0", authenticator);
  for (std::size_t at = 0; at < text.size(); at += step) {
    const auto piece = text.substr(at, step);
    (void)!::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    loop.step(core::Duration::zero());
  }
  client.reset();
  for (int i = 0; i < 100 && server.connections() > 0; ++i) loop.step(core::Duration::zero());
  if (server.connections() > 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static core::EventLoop loop;
  static http::Server server(loop);
  static const bool routed = [] {
    server.router().setFallback([](const http::Request& request, const http::Reply& reply) {
      reply.send(http::makeResponse("text/plain", request.path() + request.body));
      (void)http::parseForm(request.query());
    });
    return true;
  }();
  if (routed && size > 0 && size < 4096) talk(loop, server, {reinterpret_cast<const char*>(data), size});
  return 0;
}
