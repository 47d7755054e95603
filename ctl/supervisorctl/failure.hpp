// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lib/core/result.hpp"
#include "lib/xmlrpc/client_error.hpp"
#include "lib/xmlrpc/fault.hpp"

namespace ctl {

/// Why a command could not go on. A command handles the kinds it has words for and passes the rest up, where it
/// becomes a sentence (walls.hpp) or Supervisor's "error: <class ...>, ...: file: ... line: ..." line.
struct Failure {
  enum class Kind {
    Fault,         ///< the server's answer: `code` and `text`
    Refused,       ///< nobody listens
    NoFile,        ///< the socket does not exist
    Unauthorized,  ///< the server wants a user and a password
    Status,        ///< another HTTP status: `code`, and `text` "503 Service Unavailable"
    System,        ///< a failed call of the system: `code` is the errno
    Lookup,        ///< the host has no address; `text` says why
    Protocol,      ///< the answer is none of a supervisord's; `text` says what is wrong
    Address,       ///< the URL is none that there could be a server at; `text` says why
    Interrupted,   ///< Ctrl-C while a person was asked
    Other,
  };
  Kind kind = Kind::Other;
  int code = 0;
  std::string text;   ///< the faultString of a fault; of other kinds as said there
  std::string type;   ///< the class that Python's client would have raised
  std::string value;  ///< what Python would have printed of it

  [[nodiscard]] bool isFault(xmlrpc::FaultCode fault) const noexcept {
    return kind == Kind::Fault && code == static_cast<int>(fault);
  }
};

template <class T>
using Answer = core::Result<T, Failure>;

[[nodiscard]] Failure toFailure(const xmlrpc::ClientError& error);
/// The server's URL is of no use.
[[nodiscard]] Failure badAddress(std::string text);
/// A failure of our own in the words of a Python exception of class `type`.
[[nodiscard]] Failure raised(std::string type, std::string value);
/// A person pressed Ctrl-C instead of an answer.
[[nodiscard]] Failure interrupted();
/// The line that reports a failure nobody had better words for.
[[nodiscard]] std::string genericLine(const Failure& failure);

}  // namespace ctl
