// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/failure.hpp"

#include <doctest/doctest.h>

#include <cerrno>

using Kind = xmlrpc::ClientError::Kind;

TEST_CASE("failures in the words of Python's client") {
  const auto line = [](Kind kind, int code, const char* text) {
    const std::string whole = ctl::genericLine(ctl::toFailure({kind, code, text}));
    return whole.substr(0, whole.find(": file: "));
  };
  CHECK(line(Kind::Fault, 92, "CANT_REREAD: x") ==
        "error: <class 'xmlrpc.client.Fault'>, <Fault 92: 'CANT_REREAD: x'>");
  CHECK(line(Kind::Refused, 0, "") == "error: <class 'ConnectionRefusedError'>, [Errno 111] Connection refused");
  CHECK(line(Kind::NoFile, 0, "") == "error: <class 'FileNotFoundError'>, [Errno 2] No such file or directory");
  CHECK(line(Kind::System, EACCES, "") == "error: <class 'PermissionError'>, [Errno 13] Permission denied");
  CHECK(line(Kind::System, 0, "host x: Name or service not known") ==
        "error: <class 'socket.gaierror'>, [Errno -2] Name or service not known");
  CHECK(line(Kind::Unauthorized, 401, "") ==
        "error: <class 'xmlrpc.client.ProtocolError'>, <ProtocolError for 127.0.0.1/RPC2: 401 Unauthorized>");
  CHECK(line(Kind::Status, 404, "Not Found") ==
        "error: <class 'xmlrpc.client.ProtocolError'>, <ProtocolError for 127.0.0.1/RPC2: 404 Not Found>");
}
