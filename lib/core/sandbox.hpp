// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace core {

/// A view of the file system for one child: a mount namespace of its own. Who is not root needs a user namespace for
/// it, which has only the account itself: files of others seem to belong to nobody there, and set-user-ID programs have
/// no effect.
struct Sandbox {
  /// A path that the child can only read, with all that is mounted below it.
  struct ReadOnly {
    std::string path;
    bool optional = false;  ///< a missing one is skipped
  };
  std::vector<ReadOnly> readOnly;
  bool privateTmp = false;  ///< /tmp and /var/tmp are empty, in memory, and go with the last process that sees them

  [[nodiscard]] bool wanted() const noexcept { return privateTmp || !readOnly.empty(); }
};

/// What of it failed: an errno, with the step.
struct SandboxError {
  enum class Step { None, Namespace, ReadOnly, PrivateTmp };
  Step step = Step::None;
  int code = 0;
  int path = -1;  ///< place in Sandbox::readOnly
};

/// The process, which must have one thread only, gets the view. What it has as working directory is still the old view:
/// the caller must change to it again. System calls only.
[[nodiscard]] SandboxError enterSandbox(const Sandbox& sandbox) noexcept;

}  // namespace core
