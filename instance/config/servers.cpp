// SPDX-License-Identifier: MIT
#include "instance/config/servers.hpp"

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/context.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

void readCredentials(SectionReader& in, const core::Names& names, const char* userKey, const char* passwordKey,
                     HttpServer& server) {
  server.username = in.text(userKey, names);
  server.password = in.text(passwordKey, names);
  if (server.username.has_value() != server.password.has_value())
    in.fail("Section [" + in.name() +
            "] contains incomplete authentication: If a username or a password is specified, both the username and "
            "password must be specified");
}

HttpServer readInet(SectionReader& in, const core::Names& names) {
  HttpServer server;
  server.section = in.name();
  server.place = in.placeOf("port");
  readCredentials(in, names, "username", "password", server);
  InetAddress address;
  if (in.ok() && !in.has("port")) in.fail("section [" + in.name() + "] has no port value");
  in.take("port", names, parseInetAddress, address);
  in.take("allowed_hosts", names, parseHostNames, server.allowedHosts);
  server.host = address.host;
  server.port = address.port;
  return server;
}

std::string socketPath(const ReadContext& context, std::string_view text) {
  return core::absolutePath(core::expandHome(core::trim(text)), context.startDirectory);
}

HttpServer readUnix(SectionReader& in, const ReadContext& context) {
  HttpServer server;
  server.unixSocket = true;
  server.section = in.name();
  server.place = in.placeOf("file");
  const auto file = in.text("file", context.withHere());
  if (in.ok() && !file) in.fail("section [" + in.name() + "] has no file value");
  if (file) server.path = socketPath(context, *file);
  const auto& names = context.environment;
  readCredentials(in, names, "username", "password", server);
  in.take("chown", names, parseOwner, server.owner, "Invalid sockchown value");
  std::optional<gid_t> group;
  in.take("chgrp", names, parseGroup, group, "Invalid chgrp value");
  if (group) {
    // chgrp adds the group to a chown that gives none.
    if (!server.owner) server.owner = std::pair(static_cast<uid_t>(-1), *group);
    if (server.owner->second == static_cast<gid_t>(-1)) server.owner->second = *group;
  }
  in.take("chmod", names, parseOctal, server.mode, "Invalid chmod value");
  return server;
}

/// Supervisor 2 wrote "user.group". A dot may also be part of an account's name.
core::Expected<std::pair<uid_t, gid_t>> parseOldOwner(std::string_view text) {
  if (auto whole = parseOwner(text)) return whole;
  std::string owner(text);
  if (const auto dot = owner.rfind('.'); dot != std::string::npos) owner[dot] = ':';
  return parseOwner(owner);
}

HttpServer readOld(SectionReader& in, const ReadContext& context) {
  HttpServer server;
  const auto names = context.withHere();
  const auto address = in.text("http_port", names).value_or("");
  server.unixSocket = address.find('/') != std::string::npos;
  server.section = server.unixSocket ? "unix_http_server" : "inet_http_server";
  server.place = in.placeOf("http_port");
  readCredentials(in, names, "http_username", "http_password", server);
  if (server.unixSocket) {
    server.path = socketPath(context, address);
    in.take("sockchmod", names, parseOctal, server.mode, "Invalid sockchmod value");
    in.take("sockchown", names, parseOldOwner, server.owner, "Invalid sockchown value");
  } else {
    InetAddress inet;
    in.store("http_port", parseInetAddress(address), inet);
    server.host = inet.host;
    server.port = inet.port;
  }
  return server;
}

core::Expected<RpcInterface> readInterface(const ReadContext& context, const core::IniSection& section) {
  constexpr std::string_view factoryKey = "supervisor.rpcinterface_factory";
  SectionReader in(context.document, section, SectionKind::RpcInterface);
  RpcInterface interface;
  interface.name = section.name().substr(section.name().find(':') + 1);
  const auto* factory = context.document.get(section, factoryKey);
  if (!factory) {
    in.fail("section [" + section.name() + "] does not specify a " + std::string(factoryKey));
    return in.error();
  }
  const auto spec =
      in.expanded(factoryKey, factory->value, context.environment, section.name() + "." + std::string(factoryKey));
  if (core::trim(spec) == "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface")
    interface.factory = RpcInterface::Factory::Twiddler;
  else if (core::trim(spec) != "supervisor.rpcinterface:make_main_rpcinterface")
    in.fail(factoryKey, spec + " cannot be resolved within [" + section.name() +
                            "]: interfaces are not loaded from Python; built in are "
                            "supervisor.rpcinterface:make_main_rpcinterface and "
                            "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface");
  for (const auto& entry : section.entries()) {
    if (entry.key == factoryKey) continue;
    if (interface.factory == RpcInterface::Factory::Supervisor || entry.key != "whitelist")
      in.fail(entry.key, "Could not make " + interface.name + " rpc interface: it takes no such option");
    interface.options.emplace_back(
        entry.key, in.expanded(entry.key, entry.value, context.environment, section.name() + "." + entry.key));
  }
  if (!in.ok()) return in.error();
  return interface;
}

bool hasOldPort(const ReadContext& context) {
  const auto* section = context.document.find("supervisord");
  return section && context.document.get(*section, "http_port");
}

}  // namespace

core::Expected<std::vector<HttpServer>> readServers(ReadContext& context) {
  std::vector<HttpServer> servers;
  // TCP first, as in Supervisor: its log lists them in this order.
  for (const auto kind : {SectionKind::InetServer, SectionKind::UnixServer}) {
    for (const auto& section : context.document.sections()) {
      if (kindOf(section.name()) != kind) continue;
      SectionReader in(context.document, section, kind);
      servers.push_back(kind == SectionKind::InetServer ? readInet(in, context.environment) : readUnix(in, context));
      if (!in.ok()) return in.error();
    }
  }
  if (hasOldPort(context)) {
    SectionReader in(context.document, *context.document.find("supervisord"), SectionKind::Supervisord);
    servers.push_back(readOld(in, context));
    if (!in.ok()) return in.error();
  }
  return servers;
}

core::Expected<std::vector<RpcInterface>> readRpcInterfaces(ReadContext& context) {
  std::vector<RpcInterface> interfaces;
  bool main = false;
  for (const auto& section : context.document.sections()) {
    if (kindOf(section.name()) != SectionKind::RpcInterface) continue;
    auto interface = readInterface(context, section);
    if (!interface) return core::Err{std::move(interface).error()};
    main = main || interface->factory == RpcInterface::Factory::Supervisor;
    interfaces.push_back(std::move(interface).value());
  }
  if (!main && hasOldPort(context)) interfaces.push_back({"supervisor", RpcInterface::Factory::Supervisor, {}});
  return interfaces;
}

}  // namespace config
