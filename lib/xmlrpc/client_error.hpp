// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace xmlrpc {

/// Why a call or a stream failed.
struct ClientError {
  enum class Kind {
    Fault,         ///< the server answered with a fault: `code` is the faultCode, `text` the faultString
    Refused,       ///< ECONNREFUSED
    NoFile,        ///< ENOENT: the Unix socket does not exist
    Unauthorized,  ///< HTTP 401
    Status,        ///< another HTTP status than 200: `code` is the status, `text` the reason ("Not Found")
    System,        ///< a failed system call: `code` is the errno (or 0 for a host name), `text` is complete
    Protocol,      ///< the answer is not HTTP or not XML-RPC; `text` is the reason
  };
  Kind kind = Kind::System;
  int code = 0;
  std::string text;
};

}  // namespace xmlrpc
