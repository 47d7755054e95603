// SPDX-License-Identifier: MIT
// The limit for the manager: starts COUNT supervisords as one account as fast as the system can, each with a notify
// socket of its own, and waits until all have sent READY=1; then ends them with SIGTERM and waits for them. The
// environment of this program is theirs. Prints the seconds that each of the two took, and the processor seconds of this
// program without its children.
//
//   instance_loop SUPERVISORD COUNT PATTERN UID GID DIRECTORY
//
// PATTERN: a configuration file, with %03d for its number. DIRECTORY: for the sockets, the account may enter it.
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

extern char** environ;

static double own_time(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static int notify_socket(const char* path, uid_t uid) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int size = 1024 * 1024;
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  unlink(path);
  if (fd < 0 || bind(fd, (struct sockaddr*)&address, sizeof address) != 0) fail(path);
  if (chmod(path, 0600) != 0 || chown(path, uid, (gid_t)-1) != 0) fail(path);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  return fd;
}

// In the child. The parent is small, so that a fork copies little.
static void become(const char* program, const char* conf, const char* socket, uid_t uid, gid_t gid, int null) {
  static char address[256];
  char* arguments[] = {(char*)program, (char*)"-n", (char*)"-c", (char*)conf, NULL};
  snprintf(address, sizeof address, "NOTIFY_SOCKET=%s", socket);
  putenv(address);
  for (int fd = 0; fd < 3; ++fd) dup2(null, fd);
  close_range(3, ~0U, 0);
  if (setsid() < 0 || setgroups(1, &gid) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
    _exit(126);
  if (chdir("/") != 0) _exit(126);
  umask(022);
  execve(program, arguments, environ);
  _exit(127);
}

// Reads what is there, or waits for it. Returns how many have become ready; -1: nothing came.
static int read_ready(int poller, int timeout) {
  struct epoll_event events[64];
  char text[65536];
  int ready = 0;
  const int count = epoll_wait(poller, events, 64, timeout);
  if (count <= 0) return -1;
  for (int i = 0; i < count; ++i)
    for (ssize_t n; (n = recv(events[i].data.fd, text, sizeof text - 1, 0)) > 0;) {
      text[n] = '\0';
      if (strstr(text, "READY=1")) ++ready;
    }
  return ready;
}

int main(int argc, char** argv) {
  if (argc < 7) return 2;
  const int count = atoi(argv[2]);
  const uid_t uid = (uid_t)atoi(argv[4]);
  const gid_t gid = (gid_t)atoi(argv[5]);
  pid_t* pids = calloc((size_t)count, sizeof *pids);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  int ready = 0;
  const double start = now();
  for (int i = 0; i < count; ++i) {
    char conf[512], path[100];
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(conf, sizeof conf, argv[3], i);
    snprintf(path, sizeof path, "%s/%03d", argv[6], i);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = notify_socket(path, uid)};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, event.data.fd, &event) != 0) fail("epoll_ctl");
    pids[i] = fork();
    if (pids[i] < 0) fail("fork");
    if (pids[i] == 0) become(argv[1], conf, path, uid, gid, null);
    const int more = read_ready(poller, 0);
    if (more > 0) ready += more;
  }
  while (ready < count) {
    const int more = read_ready(poller, 60000);
    if (more < 0) {
      fprintf(stderr, "%d of %d have become ready\n", ready, count);
      break;
    }
    ready += more;
  }
  const double all_ready = now();
  for (int i = 0; i < count; ++i) kill(pids[i], SIGTERM);
  for (int i = 0; i < count; ++i) {
    int status = 0;
    if (waitpid(pids[i], &status, 0) != pids[i] || status != 0) fprintf(stderr, "%s %d: status %d\n", argv[1], i, status);
  }
  printf("%.6f %.6f %.6f\n", all_ready - start, now() - all_ready, own_time());
  free(pids);
  return ready == count ? 0 : 1;
}
