// SPDX-License-Identifier: MIT
// The limit for a client: asks SOCKET once for METHOD, as supervisorctl does, and prints the size of the answer.
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "client.h"

static char block[1 << 20];

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int fd = connectTo(argv[1]);
  if (fd < 0) return 1;
  char request[600];
  const int length = composeCall(request, sizeof request, argv[2], "Connection: close\r\n");
  if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length) return 1;
  size_t have = 0;
  ssize_t n = 0;
  while (have < sizeof block && (n = recv(fd, block + have, sizeof block - have, 0)) > 0) have += (size_t)n;
  if (have < 12 || memcmp(block + 9, "200", 3) != 0) return 1;
  printf("%zu\n", have);
  return 0;
}
