// SPDX-License-Identifier: MIT
// The program that every peer supervises. It reports its pid and its start, in ns of CLOCK_MONOTONIC, as two numbers of
// 64 bits in one write to FIFO, and sleeps with FIFO open, so that its reader sees when the last program has ended.
//
//   program FIFO [ANYTHING...]                  further words are ignored: a shebang line adds the name of the script
//   program --daemon PIDFILE FIFO               in the background, for a peer that only supervises daemons
//   program --end PIDFILE                       sends SIGTERM to the one in the background
//   program --write GO SIZE LINES FIFO          once GO has a writer, writes SIZE bytes to standard output, LINES lines
//                                               of 80 bytes at once; then sleeps until GO has no writer
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static void report(const char* fifo) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  const int64_t record[2] = {getpid(), (int64_t)t.tv_sec * 1000000000 + t.tv_nsec};
  const int fd = open(fifo, O_WRONLY);
  if (fd < 0 || write(fd, record, sizeof record) != sizeof record) fail(fifo);
}

static void to_background(const char* pidfile) {
  const pid_t pid = fork();
  if (pid < 0) fail("fork");
  if (pid > 0) _exit(0);
  setsid();
  FILE* const file = fopen(pidfile, "w");
  if (file == NULL || fprintf(file, "%d\n", getpid()) < 0 || fclose(file) != 0) fail(pidfile);
}

static int end(const char* pidfile) {
  int pid = 0;
  FILE* const file = fopen(pidfile, "r");
  if (file == NULL || fscanf(file, "%d", &pid) != 1 || kill(pid, SIGTERM) != 0) fail(pidfile);
  return 0;
}

/// Writes to standard output; a socket or pipe may take a part of a block.
static void write_lines(long size, long lines) {
  const long block = lines * 80;
  char* const text = malloc((size_t)block);
  if (text == NULL) fail("malloc");
  memset(text, 'x', (size_t)block);
  for (long i = 1; i <= lines; ++i) text[i * 80 - 1] = '\n';
  for (; size >= block; size -= block) {
    for (long done = 0; done < block;) {
      const ssize_t n = write(1, text + done, (size_t)(block - done));
      if (n < 0) fail("standard output");
      done += n;
    }
  }
}

int main(int argc, char** argv) {
  if (argc == 3 && strcmp(argv[1], "--end") == 0) return end(argv[2]);
  if (argc == 6 && strcmp(argv[1], "--write") == 0) {
    report(argv[5]);
    const int go = open(argv[2], O_RDONLY);
    if (go < 0) fail(argv[2]);
    write_lines(atol(argv[3]), atol(argv[4]));
    char byte;
    return read(go, &byte, 1) == 0 ? 0 : 1;
  }
  const int is_daemon = argc == 4 && strcmp(argv[1], "--daemon") == 0;
  if (is_daemon) to_background(argv[2]);
  if (argc < 2) return 2;
  report(argv[is_daemon ? 3 : 1]);
  for (;;) pause();
}
