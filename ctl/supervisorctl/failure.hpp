// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lib/core/result.hpp"
#include "lib/xmlrpc/client_error.hpp"
#include "lib/xmlrpc/fault.hpp"

namespace ctl {

/// Why a command failed. A command handles the kinds for which Supervisor's command has a message and returns the
/// others. Those are printed as a sentence (failure_text.hpp) or as Supervisor's "error: <class ...>, ...: file: ...
/// line: ...".
struct Failure {
  enum class Kind {
    Fault,         ///< the server's answer: `code` and `text`
    Refused,       ///< ECONNREFUSED
    NoFile,        ///< the socket does not exist
    Unauthorized,  ///< the server requires a user and a password
    Status,        ///< another HTTP status: `code`, and `text` "503 Service Unavailable"
    System,        ///< a failed system call: `code` is the errno
    Lookup,        ///< the host has no address; `text` is the reason
    Protocol,      ///< the answer is not that of a supervisord; `text` is the reason
    Address,       ///< the URL cannot be that of a server; `text` is the reason
    Interrupted,   ///< Ctrl-C at a question
    Other,
  };
  Kind kind = Kind::Other;
  int code = 0;
  std::string text;   ///< the faultString of a fault; for other kinds see there
  std::string type;   ///< the class of the exception in Supervisor's client
  std::string value;  ///< the text of that exception

  [[nodiscard]] bool isFault(xmlrpc::FaultCode fault) const noexcept {
    return kind == Kind::Fault && code == static_cast<int>(fault);
  }
};

template <class T>
using Answer = core::Result<T, Failure>;

[[nodiscard]] Failure toFailure(const xmlrpc::ClientError& error);
/// The URL of the server is invalid.
[[nodiscard]] Failure badAddress(const std::string& text);
/// A failure that Supervisor's client reports as a Python exception of class `type`.
[[nodiscard]] Failure raised(std::string type, std::string value);
/// The user pressed Ctrl-C at a question.
[[nodiscard]] Failure interrupted();
/// Supervisor's line for a failure without a message of its own.
[[nodiscard]] std::string genericLine(const Failure& failure);

}  // namespace ctl
