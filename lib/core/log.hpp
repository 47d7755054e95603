// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/core.h>

#include <string_view>

/// The log of a program: Supervisor's seven levels, its level words and its line form "2026-11-21 00:28:29,056 INFO
/// text\n".
namespace logging {

enum class Level { Blather = 3, Trace = 5, Debug = 10, Info = 20, Warn = 30, Error = 40, Critical = 50 };

void setLevel(Level level) noexcept;
[[nodiscard]] Level level() noexcept;
[[nodiscard]] bool enabled(Level level) noexcept;

/// Counts a line that was lost because of missing memory. The next line that can be written is preceded by their
/// number.
void countLost() noexcept;
/// For a line whose parts take memory: one that cannot be made is counted.
template <class Make>
void attempt(const Make& make) noexcept {
  try {
    make();
  } catch (...) {
    countLost();
  }
}

/// Logs `text` as it is, without formatting.
void write(Level level, std::string_view text) noexcept;
void vwrite(Level level, fmt::string_view format, fmt::format_args args) noexcept;

template <class... A>
void log(Level level, fmt::format_string<A...> format, A&&... args) noexcept {
  if (enabled(level)) vwrite(level, format, fmt::make_format_args(args...));
}
template <class... A>
void trace(fmt::format_string<A...> format, A&&... args) noexcept {
  log(Level::Trace, format, std::forward<A>(args)...);
}
template <class... A>
void debug(fmt::format_string<A...> format, A&&... args) noexcept {
  log(Level::Debug, format, std::forward<A>(args)...);
}
template <class... A>
void info(fmt::format_string<A...> format, A&&... args) noexcept {
  log(Level::Info, format, std::forward<A>(args)...);
}
template <class... A>
void warn(fmt::format_string<A...> format, A&&... args) noexcept {
  log(Level::Warn, format, std::forward<A>(args)...);
}
template <class... A>
void error(fmt::format_string<A...> format, A&&... args) noexcept {
  log(Level::Error, format, std::forward<A>(args)...);
}
template <class... A>
void critical(fmt::format_string<A...> format, A&&... args) noexcept {
  log(Level::Critical, format, std::forward<A>(args)...);
}

/// Lines about one thing: the journal gets a field with them, so that `journalctl FIELD=value` finds them.
/// Both texts must outlive it.
class Tagged {
 public:
  Tagged(std::string_view field, std::string_view value) noexcept : field_(field), value_(value) {}
  [[nodiscard]] std::string_view field() const noexcept { return field_; }
  [[nodiscard]] std::string_view value() const noexcept { return value_; }

  template <class... A>
  void info(fmt::format_string<A...> format, A&&... args) const noexcept {
    vlog(Level::Info, format, fmt::make_format_args(args...));
  }
  template <class... A>
  void warn(fmt::format_string<A...> format, A&&... args) const noexcept {
    vlog(Level::Warn, format, fmt::make_format_args(args...));
  }
  template <class... A>
  void error(fmt::format_string<A...> format, A&&... args) const noexcept {
    vlog(Level::Error, format, fmt::make_format_args(args...));
  }

 private:
  void vlog(Level level, fmt::string_view format, fmt::format_args args) const noexcept;
  std::string_view field_, value_;
};

}  // namespace logging
