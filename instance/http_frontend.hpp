// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "instance/api/dispatcher.hpp"
#include "instance/api/instance.hpp"
#include "instance/api/method_table.hpp"
#include "instance/config/model.hpp"
#include "instance/http/listen_socket.hpp"
#include "instance/http/server.hpp"
#include "instance/web/site.hpp"
#include "lib/core/result.hpp"

namespace api {
class SupervisorMethods;
}
namespace state {
class Incoming;
class Outgoing;
struct State;
}  // namespace state

/// The HTTP side of supervisord: the listening sockets, the server, and what it serves: XML-RPC, log streams and the
/// web page.
class HttpFrontend {
 public:
  /// Opens every configured socket; those of `kept` that did not change keep listening.
  [[nodiscard]] static core::Expected<std::vector<http::ListenSocket>> openSockets(
      const config::Configuration& configuration, std::vector<http::ListenSocket> kept);

  /// Opens what `next` needs beside the sockets of `current`, which are open.
  [[nodiscard]] static core::Expected<std::vector<http::ListenSocket>> openAhead(const config::Configuration& next,
                                                                                 const config::Configuration& current);

  /// Finds out why a server could not listen, without changing anything. `isMade`: directories that will exist by then.
  [[nodiscard]] static core::Status checkServers(const config::Configuration& configuration,
                                                 const std::function<bool(const std::string&)>& isMade);

  /// `instance` must outlive this.
  explicit HttpFrontend(api::Instance& instance);
  ~HttpFrontend();

  /// Serves `sockets`, which are those of the instance's configuration, and logs it.
  void serve(std::vector<http::ListenSocket> sockets);
  /// Adds the listening sockets and the clients to what a successor gets.
  void save(state::State& saved, state::Outgoing& descriptors) const { server_.save(saved, descriptors); }
  /// Instead of serve(): takes the sockets of a predecessor. Fails if one that was not handed over cannot be opened.
  [[nodiscard]] core::Status restore(const state::State& saved, state::Incoming& descriptors);
  /// Continues with the clients of a predecessor, after restore(), when the table has its programs again and before it
  /// resumes. Calls that wait for one program wait again; `refused` is the outcome of those that asked for the upgrade:
  /// why this program continues after another one that was to replace it; nullopt: it replaces another.
  void proceed(const state::State& saved, state::Incoming& descriptors, const std::optional<std::string>& refused);
  /// Stops serving; the sockets are for the next life.
  [[nodiscard]] std::vector<http::ListenSocket> release() { return server_.release(); }

 private:
  void addMethods(const config::Configuration& configuration);
  void addInterface(const config::RpcInterface& interface);
  [[nodiscard]] api::MethodTable resumedMethods(const std::optional<std::string>& refused) const;
  void resume(const api::MethodTable& methods, const http::Request& request, const http::Reply& reply) const;
  void call(const http::Request& request, const http::Reply& reply);
  [[nodiscard]] web::About about() const;

  api::Instance& instance_;
  api::MethodTable methods_;
  std::vector<std::unique_ptr<api::SupervisorMethods>> supervisors_;  ///< one for each section that asks for it
  /// The page acts through the same methods, whether or not clients may call them.
  api::MethodTable pageMethods_;
  std::unique_ptr<api::SupervisorMethods> pageSupervisor_;
  api::Dispatcher dispatcher_;
  web::Site site_;
  http::Server server_;  // last: its connections refer to the parts above
};
