// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <set>
#include <string>

#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"

namespace instances {

class KeptFile;

/// Tries again to write what the manager's own disks did not take: after 1, 2, 4 ... 60 seconds, with one timer for
/// all files, which is armed only while there are some.
class WriteRetries {
 public:
  explicit WriteRetries(core::EventLoop& loop) : timer_(loop, [this] { tryAgain(); }) {}

 private:
  friend class KeptFile;
  void add(KeptFile& file);
  void remove(KeptFile& file);
  void tryAgain();

  std::set<KeptFile*> pending_;
  core::Timer timer_;
  core::Duration pause_{};
};

/// A file of the manager's own that is to be on disk in its newest version. The retries outlive it.
class KeptFile {
 public:
  using Write = std::function<core::Status()>;
  /// Hears why the file cannot be written, and, with "", that it is written after all. Told of each once.
  using Told = std::function<void(const std::string& obstacle)>;

  KeptFile(WriteRetries& retries, Write write, Told told)
      : retries_(retries), write_(std::move(write)), told_(std::move(told)) {}
  ~KeptFile() { forget(); }
  KeptFile(const KeptFile&) = delete;
  KeptFile& operator=(const KeptFile&) = delete;

  /// Writes what there is to write now; after a failure again and again until that works.
  core::Status write();
  /// Nothing is to be written any more.
  void forget();
  /// Why it is not written; "" if it is.
  [[nodiscard]] const std::string& obstacle() const noexcept { return obstacle_; }

 private:
  WriteRetries& retries_;
  Write write_;
  Told told_;
  std::string obstacle_;
};

}  // namespace instances
