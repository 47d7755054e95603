// SPDX-License-Identifier: MIT
// What the clients of the benchmark share: a connection to a Unix socket, and a call without parameters.
#pragma once
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/// A connection to the socket at `path`, or -1 with errno.
static inline int connectTo(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  return connect(fd, (struct sockaddr*)&address, sizeof address) == 0 ? fd : -1;
}

/// Writes the request for `method` with further header lines, each with its end; returns its length.
static inline int composeCall(char* request, size_t room, const char* method, const char* headers) {
  char body[300];
  const int size = snprintf(
      body, sizeof body, "<?xml version='1.0'?><methodCall><methodName>%s</methodName><params/></methodCall>", method);
  return snprintf(request, room,
                  "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n"
                  "%sContent-Length: %d\r\n\r\n%s", headers, size, body);
}
