// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/failure.hpp"

#include <netdb.h>

#include <cerrno>
#include <cstring>

#include "lib/core/text.hpp"

namespace ctl {
namespace {

const char* classOf(int code) noexcept {
  switch (code) {
    case EACCES:
    case EPERM: return "PermissionError";
    case ECONNREFUSED: return "ConnectionRefusedError";
    case ECONNRESET: return "ConnectionResetError";
    case ENOENT: return "FileNotFoundError";
    case ENOTDIR: return "NotADirectoryError";
    case EPIPE: return "BrokenPipeError";
    case ETIMEDOUT: return "TimeoutError";
    default: return "OSError";
  }
}

Failure systemFailure(Failure::Kind kind, int code) {
  const char* words = ::strerrordesc_np(code);
  return {kind, code, {}, classOf(code), "[Errno " + std::to_string(code) + "] " + (words ? words : "Unknown error")};
}

/// A failed name lookup as Python prints it, with its number. The error has only the text of gai_strerror(), which can
/// have the host before it, so the number is found by comparison.
Failure lookupFailure(const std::string& text) {
  for (const int code : {EAI_NONAME, EAI_AGAIN, EAI_FAIL, EAI_NODATA}) {
    const char* words = ::gai_strerror(code);
    if (text.ends_with(words))
      return {Failure::Kind::Lookup, code, text, "socket.gaierror", "[Errno " + std::to_string(code) + "] " + words};
  }
  return {Failure::Kind::Lookup, 0, text, "OSError", text};
}

Failure httpFailure(Failure::Kind kind, int status, const std::string& reason) {
  const std::string text = std::to_string(status) + ' ' + reason;
  return {kind, status, text, "xmlrpc.client.ProtocolError", "<ProtocolError for 127.0.0.1/RPC2: " + text + '>'};
}

}  // namespace

Failure toFailure(const xmlrpc::ClientError& error) {
  using Kind = xmlrpc::ClientError::Kind;
  switch (error.kind) {
    case Kind::Fault:
      return {Failure::Kind::Fault, error.code, error.text, "xmlrpc.client.Fault",
              "<Fault " + std::to_string(error.code) + ": " + core::pythonRepr(error.text) + '>'};
    case Kind::Refused: return systemFailure(Failure::Kind::Refused, ECONNREFUSED);
    case Kind::NoFile: return systemFailure(Failure::Kind::NoFile, ENOENT);
    case Kind::Unauthorized: return httpFailure(Failure::Kind::Unauthorized, 401, "Unauthorized");
    case Kind::Status: return httpFailure(Failure::Kind::Status, error.code, error.text);
    case Kind::System:
      if (error.code != 0) return systemFailure(Failure::Kind::System, error.code);
      return lookupFailure(error.text);
    case Kind::Protocol: return {Failure::Kind::Protocol, 0, error.text, "xmlrpc.client.ResponseError", error.text};
  }
  return raised("OSError", error.text);
}

Failure badAddress(const std::string& text) { return {Failure::Kind::Address, 0, text, "ValueError", text}; }

Failure raised(std::string type, std::string value) {
  return {Failure::Kind::Other, 0, {}, std::move(type), std::move(value)};
}

Failure interrupted() { return {Failure::Kind::Interrupted, 0, {}, "KeyboardInterrupt", {}}; }

std::string genericLine(const Failure& failure) {
  return "error: <class '" + failure.type + "'>, " + failure.value + ": file: supervisorctl line: 0";
}

}  // namespace ctl
