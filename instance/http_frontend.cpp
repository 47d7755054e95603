// SPDX-License-Identifier: MIT
#include "instance/http_frontend.hpp"

#include <string>
#include <utility>

#include <fmt/core.h>

#include "instance/api/resumed_calls.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/api/system_methods.hpp"
#include "instance/api/twiddler_methods.hpp"
#include "instance/config/version.hpp"
#include "instance/endpoints/log_streams.hpp"
#include "instance/http/handover.hpp"
#include "instance/http/listen_check.hpp"
#include "instance/output/rotating_file.hpp"
#include "instance/process/table.hpp"
#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"
#include "instance/web/origin.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace {

constexpr const char* kCallPath = "/RPC2";
/// What a client may send in one call, standard input for a program included.
constexpr xmlrpc::Limits kCallLimits{std::size_t{16} << 20, 64, 100'000};

http::Address addressOf(const config::HttpServer& server) {
  return {server.unixSocket, server.path, server.mode, server.owner, server.host, server.port, server.place};
}

std::vector<http::Address> addressesOf(const config::Configuration& configuration) {
  std::vector<http::Address> addresses;
  for (const auto& server : configuration.servers) addresses.push_back(addressOf(server));
  return addresses;
}

/// A password keeps strangers out of a port; without one a web site must not come in under its own name. Nobody reaches
/// a Unix socket through a name.
http::Gate gateOf(const config::HttpServer& server) {
  http::Gate gate;
  const auto username = server.username.value_or("");
  if (!username.empty()) {
    gate.authenticator = std::make_unique<http::Authenticator>(username, server.password.value_or(""));
  } else if (!server.unixSocket) {
    auto names = server.allowedHosts;
    names.push_back(server.host);
    gate.hosts.emplace(
        names, fmt::format("add it to allowed_hosts in [{}], or set a username and a password there", server.section));
  }
  return gate;
}

http::Response responseOf(api::Answer answer) {
  if (answer.status != 200) return http::makeError(answer.status);
  return http::makeResponse("text/xml", std::move(answer.xml));
}

/// Clients whose address is made up ("http://127.0.0.1/whatever", as twiddler's documentation has it) post there, too.
bool carriesCall(const http::Request& request) {
  return request.method == "POST" && core::lower(request.header("Content-Type")).starts_with("text/xml");
}

}  // namespace

core::Expected<std::vector<http::ListenSocket>> HttpFrontend::openSockets(const config::Configuration& configuration,
                                                                          std::vector<http::ListenSocket> kept) {
  return http::openListenSockets(addressesOf(configuration), std::move(kept));
}

core::Expected<std::vector<http::ListenSocket>> HttpFrontend::openAhead(const config::Configuration& next,
                                                                        const config::Configuration& current) {
  return http::openAhead(addressesOf(next), addressesOf(current));
}

core::Status HttpFrontend::checkServers(const config::Configuration& configuration,
                                        const std::function<bool(const std::string&)>& isMade) {
  for (const auto& address : addressesOf(configuration))
    if (auto good = http::checkAddress(address, isMade); !good) return good;
  return {};
}

HttpFrontend::HttpFrontend(api::Instance& instance)
    : instance_(instance),
      pageSupervisor_(std::make_unique<api::SupervisorMethods>(instance, pageMethods_, "supervisor")),
      dispatcher_(methods_, kCallLimits),
      site_(
          instance.loop, instance.table, [this] { return about(); }, pageMethods_),
      server_(instance.loop) {
  // A child may have ended in the turn of the loop that serves the call: the answer must have its end already.
  for (auto* const methods : {&methods_, &pageMethods_})
    methods->beforeEach([&table = instance.table] { table.noticeEnds(); });
  server_.router().setGuard(web::embeddedElsewhere);
  server_.router().addPrefix(kCallPath, [this](const auto& request, const auto& reply) { call(request, reply); });
  endpoints::addLogStreams(server_.router(), instance.table, [this] { return instance_.activityLog(); });
  server_.router().setFallback([this](const auto& request, const auto& reply) {
    if (carriesCall(request)) return call(request, reply);
    instance_.table.noticeEnds();
    site_.handle(request, reply);
  });
}

HttpFrontend::~HttpFrontend() = default;

void HttpFrontend::serve(std::vector<http::ListenSocket> sockets) {
  const auto& configuration = instance_.configuration();
  addMethods(configuration);
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    const auto& server = configuration.servers[i];
    for (const auto& interface : configuration.interfaces)
      logging::info("RPC interface '{}' initialized", interface.name);
    auto gate = gateOf(server);
    if (!gate.authenticator)
      logging::critical("Server '{}' running without any HTTP authentication checking", server.section);
    server_.add(std::move(sockets[i]), std::move(gate));
  }
}

void HttpFrontend::addMethods(const config::Configuration& configuration) {
  api::addSystemMethods(methods_, instance_.loop);
  for (const auto& interface : configuration.interfaces) addInterface(interface);
}

void HttpFrontend::addInterface(const config::RpcInterface& interface) {
  if (interface.factory == config::RpcInterface::Factory::Supervisor)
    supervisors_.push_back(std::make_unique<api::SupervisorMethods>(instance_, methods_, interface.name));
  else
    api::addTwiddlerMethods(
        methods_, instance_.table, [this]() -> const config::Configuration& { return instance_.configuration(); },
        interface);
}

void HttpFrontend::call(const http::Request& request, const http::Reply& reply) {
  if (request.method != "POST") return reply.send(http::makeError(400));
  // A form on another site's page can post XML with the visitor's cached credentials.
  if (web::fromAnotherSite(request)) return reply.send(http::makeError(403));
  dispatcher_.run(request.body, [this, reply](api::Answer answer) {
    instance_.table.makeSafe();  // a crash must not undo what a client learns
    reply.send(responseOf(std::move(answer)));
  });
}

core::Status HttpFrontend::restore(const state::State& saved, state::Incoming& descriptors) {
  const auto& configuration = saved.configuration;  // what is served does not change with a reread
  addMethods(configuration);
  auto sockets = http::restoreSockets(addressesOf(configuration), saved.servers, descriptors);
  if (!sockets) return core::Err{std::move(sockets).error()};
  for (std::size_t i = 0; i < sockets->size(); ++i)
    server_.add(std::move((*sockets)[i]), gateOf(configuration.servers[i]));
  return {};
}

void HttpFrontend::proceed(const state::State& saved, state::Incoming& descriptors,
                           const std::optional<std::string>& refused) {
  auto streams = endpoints::resumeLogStreams(saved.connections, descriptors, instance_.table, instance_.activityLog());
  const auto methods = resumedMethods(refused);
  server_.restore(saved.connections, descriptors,
                  {[&](const state::Connection& one) { return std::move(streams[one.socket]); },
                   [&](const auto& request, const auto& reply) { resume(methods, request, reply); }});
}

/// What clients can call, for calls that have begun already.
api::MethodTable HttpFrontend::resumedMethods(const std::optional<std::string>& refused) const {
  auto methods = api::lostCalls(methods_);
  for (const auto& supervisor : supervisors_) supervisor->addResumed(methods, refused);
  return methods;
}

/// Continues with a request that waited for its answer.
void HttpFrontend::resume(const api::MethodTable& methods, const http::Request& request,
                          const http::Reply& reply) const {
  const bool calls = carriesCall(request) || request.uri.starts_with(kCallPath);
  if (!calls)  // an action of the page
    return reply.send(http::makeError(
        503, "supervisord was upgraded during this request. Look at the page, and repeat the request if necessary."));
  if (request.body.empty()) return reply.send(responseOf(api::lostAnswer()));  // it was long: a multicall, for example
  api::Dispatcher(methods, kCallLimits).run(request.body, [reply](api::Answer answer) {
    reply.send(responseOf(std::move(answer)));
  });
}

web::About HttpFrontend::about() const {
  return {instance_.configuration().daemon.identifier,
          fmt::format("{} · supervisor-manager {}", config::supervisorVersion, config::packageVersion),
          instance_.activityLog(), instance_.configuration().warnings()};
}
