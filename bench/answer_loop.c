// SPDX-License-Identifier: MIT
// The limit for a server: answers each request on SOCKET with SIZE bytes that it has ready, and looks at none.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void watch(int poller, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) exit(1);
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 5) != 0) return 1;

  const size_t size = (size_t)atol(argv[2]);
  char* const answer = malloc(size + 200);
  const size_t head = (size_t)sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %zu\r\n\r\n", size);
  memset(answer + head, 'x', size);

  const int poller = epoll_create1(0);
  watch(poller, listener);
  for (;;) {
    struct epoll_event events[8];
    const int count = epoll_wait(poller, events, 8, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        watch(poller, accept(listener, NULL, NULL));
        continue;
      }
      char request[16384];
      if (recv(fd, request, sizeof request, 0) <= 0)
        close(fd);
      else
        (void)!send(fd, answer, head + size, MSG_NOSIGNAL);
    }
  }
}
