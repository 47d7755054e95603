// SPDX-License-Identifier: MIT
// Preloaded by tests: makes chosen allocations of one process fail, also those of libraries.
//
// $FAILING_MALLOC names a file with the numbers of Plan, which the test maps as well and changes while the process
// runs.
#include <execinfo.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

struct Plan {
  std::atomic<std::int64_t> first;   ///< the first allocation to fail, counted from 1; 0: none
  std::atomic<std::int64_t> length;  ///< so many in a row fail
  std::atomic<std::int64_t> seen;    ///< allocations since the test has set this to 0
  std::atomic<std::int64_t> failed;
};

Plan* plan = nullptr;
pid_t self = 0;
bool trace = false;  ///< $FAILING_MALLOC_TRACE: each failure writes where it happens to standard error

void tellWhere() noexcept {
  void* frames[40];
  ::backtrace_symbols_fd(frames, ::backtrace(frames, 40), STDERR_FILENO);
  (void)!::write(STDERR_FILENO, "--\n", 3);
}

/// Before the process has any thread or child. Children must not fail.
__attribute__((constructor)) void readPlan() {
  const char* const path = ::getenv("FAILING_MALLOC");
  const int fd = path != nullptr ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
  void* first[1];
  trace = ::getenv("FAILING_MALLOC_TRACE") != nullptr && ::backtrace(first, 1) > 0;  // which takes memory at first
  ::unsetenv("LD_PRELOAD");
  ::unsetenv("FAILING_MALLOC");
  if (fd < 0) return;
  void* const memory = ::mmap(nullptr, sizeof(Plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  self = ::getpid();
  if (memory != MAP_FAILED) plan = static_cast<Plan*>(memory);
}

bool fails() noexcept {
  if (plan == nullptr) return false;
  const std::int64_t number = ++plan->seen;
  const std::int64_t first = plan->first;
  if (first == 0 || number < first || number >= first + plan->length || ::getpid() != self) return false;
  ++plan->failed;
  if (trace) tellWhere();
  errno = ENOMEM;
  return true;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

void* malloc(std::size_t size) { return fails() ? nullptr : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) { return fails() ? nullptr : __libc_calloc(count, size); }
void* realloc(void* old, std::size_t size) { return fails() ? nullptr : __libc_realloc(old, size); }
void* memalign(std::size_t alignment, std::size_t size) { return fails() ? nullptr : __libc_memalign(alignment, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return fails() ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  if (fails()) return ENOMEM;
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}
}
#pragma GCC visibility pop
