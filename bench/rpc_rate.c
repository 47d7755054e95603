// SPDX-License-Identifier: MIT
// Posts one XML-RPC call repeatedly over one connection for SECONDS, and prints the answered calls per second.
// In C, and without parsing the replies, so that it measures the server and not the client.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "client.h"
#include "clock.h"

static char block[1 << 18];

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static size_t receive(int fd, char* into, size_t room) {
  const ssize_t n = recv(fd, into, room, 0);
  if (n <= 0) fail("the server closed the connection");
  return (size_t)n;
}

/// One reply: its head, then as many bytes as that announces.
static void take(int fd) {
  size_t have = 0;
  char* end = NULL;
  while (end == NULL) {
    have += receive(fd, block + have, sizeof block - 1 - have);
    block[have] = '\0';
    end = strstr(block, "\r\n\r\n");
  }
  const char* const length = strcasestr(block, "\r\nContent-Length:");
  if (length == NULL) fail("a reply without a length");
  long left = atol(length + 17) - (long)(have - (size_t)(end + 4 - block));
  while (left > 0) left -= (long)receive(fd, block, (size_t)left < sizeof block ? (size_t)left : sizeof block);
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const int fd = connectTo(argv[1]);
  if (fd < 0) fail(argv[1]);
  char request[600];
  const int length = composeCall(request, sizeof request, argv[2], "");
  const double start = now(), seconds = atof(argv[3]);
  long count = 0;
  double passed = 0;
  do {
    if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length) fail("send");
    take(fd);
    count++;
    passed = now() - start;
  } while (passed < seconds);
  printf("%.3f\n", (double)count / passed);
  return 0;
}
