// SPDX-License-Identifier: MIT
// Replaces supervisord where only the manager is measured: reports to it that it is ready and has PROGRAMS programs that
// run, and sleeps until it is ended.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef PROGRAMS
#define PROGRAMS 20
#endif

int main(void) {
  const char* const path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  if (!path || strlen(path) >= sizeof to.sun_path) return 2;
  strcpy(to.sun_path, path);
  char text[4096] = "READY=1\nX_SUPERVISOR_PROGRAMS=all\n";
  for (int i = 0; i < PROGRAMS; ++i)
    sprintf(text + strlen(text), "X_SUPERVISOR_PROGRAM=RUNNING %d program%02d\n", 100000 + i, i);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (sendto(fd, text, strlen(text), 0, (const struct sockaddr*)&to, sizeof to) < 0) return 1;
  close(fd);
  for (;;) pause();
}
