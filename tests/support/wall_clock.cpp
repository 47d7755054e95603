// SPDX-License-Identifier: MIT
// Preloaded by tests: a process whose wall clock shows another time, and its children.
//
// $TEST_WALL_CLOCK names a file with the number of microseconds to add, which the test changes while the process runs.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>

namespace {

constexpr std::int64_t kMicros = 1'000'000;

const volatile std::int64_t* added = nullptr;
std::array<bool, 65536> wall{};  ///< the descriptors of timers by the wall clock

__attribute__((constructor)) void mapFile() {
  const char* const path = ::getenv("TEST_WALL_CLOCK");
  const int fd = path != nullptr ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void* const memory = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (memory != MAP_FAILED) added = static_cast<const volatile std::int64_t*>(memory);
}

void add(timespec& time, std::int64_t micros) noexcept {
  const auto sum = time.tv_sec * kMicros + time.tv_nsec / 1000 + micros;
  time.tv_sec = sum / kMicros;
  time.tv_nsec = sum % kMicros * 1000 + time.tv_nsec % 1000;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto result = ::syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock == CLOCK_REALTIME && added != nullptr) add(*time, *added);
  return static_cast<int>(result);
}

int timerfd_create(clockid_t clock, int flags) noexcept {
  const auto fd = static_cast<int>(::syscall(SYS_timerfd_create, clock, flags));
  if (fd >= 0 && static_cast<std::size_t>(fd) < wall.size())
    wall[static_cast<std::size_t>(fd)] = clock == CLOCK_REALTIME;
  return fd;
}

int timerfd_settime(int fd, int flags, const itimerspec* next, itimerspec* before) noexcept {
  auto real = *next;
  const bool stops = real.it_value.tv_sec == 0 && real.it_value.tv_nsec == 0;
  if (fd >= 0 && static_cast<std::size_t>(fd) < wall.size() && wall[static_cast<std::size_t>(fd)] && !stops &&
      (flags & TFD_TIMER_ABSTIME) != 0 && added != nullptr)
    add(real.it_value, -*added);
  return static_cast<int>(::syscall(SYS_timerfd_settime, fd, flags, &real, before));
}

}  // extern "C"
#pragma GCC visibility pop
