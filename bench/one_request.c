// SPDX-License-Identifier: MIT
// The limit for a client: asks SOCKET once for METHOD, as supervisorctl does, and prints the size of the answer.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char block[1 << 20];

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr*)&address, sizeof address) != 0) return 1;

  char body[300], request[600];
  const int size = snprintf(
      body, sizeof body, "<?xml version='1.0'?><methodCall><methodName>%s</methodName><params/></methodCall>", argv[2]);
  const int length = snprintf(request, sizeof request,
                              "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n"
                              "Connection: close\r\nContent-Length: %d\r\n\r\n%s", size, body);
  if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length) return 1;
  size_t have = 0;
  ssize_t n = 0;
  while (have < sizeof block && (n = recv(fd, block + have, sizeof block - have, 0)) > 0) have += (size_t)n;
  if (have < 12 || memcmp(block + 9, "200", 3) != 0) return 1;
  printf("%zu\n", have);
  return 0;
}
