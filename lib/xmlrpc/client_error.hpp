// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace xmlrpc {

/// Why a call or a stream failed.
struct ClientError {
  enum class Kind {
    Fault,         ///< the server answered with a fault: `code` is the faultCode, `text` the faultString
    Refused,       ///< ECONNREFUSED: nobody listens
    NoFile,        ///< ENOENT: the Unix socket does not exist
    Unauthorized,  ///< HTTP 401
    Status,        ///< another HTTP status than 200: `code` is the status, `text` the reason ("Not Found")
    System,        ///< a failed call of the system: `code` is the errno (or 0 for a host name), `text` is complete
    Protocol,      ///< the answer is not HTTP or not XML-RPC; `text` says what is wrong
  };
  Kind kind = Kind::System;
  int code = 0;
  std::string text;
};

}  // namespace xmlrpc
