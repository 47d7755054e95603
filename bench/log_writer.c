// SPDX-License-Identifier: MIT
// Writes TOTAL bytes in lines of 80 to its standard output, BLOCK bytes in each write(2), and appends a line to REPORT:
// the seconds that it took, and its own processor time. With short blocks the writer can be the slower side.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const long total = atol(argv[1]);
  const size_t size = (size_t)atol(argv[2]);
  char* const block = malloc(size);
  memset(block, 'x', size);
  for (size_t i = 79; i < size; i += 80) block[i] = '\n';
  const double start = now();
  for (long done = 0; done + (long)size <= total; done += (long)size)
    for (size_t sent = 0; sent < size;) {
      const ssize_t n = write(1, block + sent, size - sent);
      if (n < 0) return 1;
      sent += (size_t)n;
    }
  const double took = now() - start;
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  char line[64];
  const double used = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                      (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
  const int length = snprintf(line, sizeof line, "%.6f %.6f\n", took, used);
  const int report = open(argv[3], O_WRONLY | O_CREAT | O_APPEND, 0644);
  return write(report, line, (size_t)length) == length ? 0 : 1;
}
