// SPDX-License-Identifier: MIT
// Any bytes from a client: the server answers or refuses them, has no connection left when the client has closed, and
// sees the same requests in whatever pieces they arrive.
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "instance/http/gate.hpp"
#include "instance/http/server.hpp"

namespace {

/// A server, its two gates, and what its handler was given.
struct Fuzzed {
  core::EventLoop loop;
  http::Server server{loop};
  std::shared_ptr<http::Gate> open;
  std::shared_ptr<http::Gate> guarded;
  std::string seen;

  Fuzzed() {
    http::Gate first;
    first.hosts.emplace(std::vector<std::string>{"x"}, "use another one");
    open = server.addGate(std::move(first));
    http::Gate second;
    second.authenticator = std::make_unique<http::Authenticator>("user", "password");
    guarded = server.addGate(std::move(second));
    server.router().setFallback([this](const http::Request& request, const http::Reply& reply) {
      // Headers that determine the request's end or its sender have one value, without a line end.
      for (const char* name : {"Content-Length", "Transfer-Encoding", "Host", "Authorization"})
        if (request.count(name) > 1) std::abort();
      if (request.count("Transfer-Encoding") != 0 || !request.uri.starts_with('/')) std::abort();
      for (const auto& [name, value] : request.headers)
        if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) std::abort();
      seen += request.method + ' ' + request.uri + ' ' + std::to_string(request.body.size()) + request.body + '\n';
      (void)http::parseForm(request.query());
      reply.send(http::makeResponse("text/plain", request.path() + request.body));
    });
  }

  /// What the handler sees of `text`, sent in pieces of `step` bytes.
  std::string talk(const std::shared_ptr<http::Gate>& gate, std::string_view text, std::size_t step) {
    seen.clear();
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
    core::UniqueFd client(ends[0]);
    server.addConnection(core::UniqueFd(ends[1]), "localhost:0", gate);
    for (std::size_t at = 0; at < text.size(); at += step) {
      const auto piece = text.substr(at, step);
      (void)!::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
      loop.step(core::Duration::zero());
    }
    client.reset();
    for (int i = 0; i < 100 && server.connections() > 0; ++i) loop.step(core::Duration::zero());
    if (server.connections() > 0 || gate->connections > 0 || gate->held > 0) std::abort();
    return seen;
  }
};

}  // namespace

/// The first byte of the input is the length of the pieces; its highest bit selects the gate with a password.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Fuzzed fuzzed;
  if (size == 0 || size >= 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto& gate = (data[0] & 0x80) != 0 ? fuzzed.guarded : fuzzed.open;
  const std::string pieces = fuzzed.talk(gate, text, std::size_t{1} + (data[0] & 0x7F));
  if (fuzzed.talk(gate, text, text.size() + 1) != pieces) std::abort();
  return 0;
}
