// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"

namespace instances {

/// A small file of lines "key=value", the manager's own memory. A key may come again.
class KeyedFile {
 public:
  static constexpr mode_t kMode = 0600;

  /// Reads a regular file that belongs to this process's user and that nobody else may write; anything else, and a
  /// missing file, is an empty one.
  [[nodiscard]] static KeyedFile read(const std::string& path);
  /// Replaces the file, all or nothing, mode 0600. One that is like that already stays as it is: a sync costs
  /// milliseconds, and a manager that starts a thousand instances has nothing new to write.
  [[nodiscard]] core::Status write(const std::string& path) const;
  /// The same without a sync, for what counts until the next boot.
  [[nodiscard]] core::Status writeUntilBoot(const std::string& path) const;

  [[nodiscard]] bool empty() const noexcept { return lines_.empty(); }
  [[nodiscard]] std::string get(const std::string& key) const;
  [[nodiscard]] long long number(const std::string& key) const;
  [[nodiscard]] std::vector<std::string> all(const std::string& key) const;
  void set(const std::string& key, std::string value);
  void add(const std::string& key, std::string value);
  void erase(const std::string& key);

  /// The content of the file.
  [[nodiscard]] std::string text() const;

 private:
  using Lines = std::vector<std::pair<std::string, std::string>>;

  Lines lines_;  // by key, those of one key as they were added
};

/// Names of the files in one of the manager's own directories. Hidden ones are what a manager that was killed left
/// half-written: they are removed.
[[nodiscard]] std::vector<std::string> filesIn(const std::string& directory);

}  // namespace instances
