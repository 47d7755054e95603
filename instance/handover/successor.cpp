// SPDX-License-Identifier: MIT
#include "instance/handover/successor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "instance/handover/image.hpp"
#include "instance/state/sealed.hpp"
#include "instance/state/text.hpp"
#include "lib/core/program.hpp"

namespace handover {
namespace {

/// Lets descriptors pass an execve, for as long as it lives.
class Passing {
 public:
  explicit Passing(std::vector<int> descriptors) : descriptors_(std::move(descriptors)) { mark(0); }
  ~Passing() { mark(FD_CLOEXEC); }
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;

 private:
  void mark(int flags) noexcept {
    for (const int fd : descriptors_) (void)::fcntl(fd, F_SETFD, flags);
  }

  std::vector<int> descriptors_;
};

}  // namespace

/// A package replaces the file: ours is then one that has no name any more.
std::string installedProgram() {
  constexpr std::string_view gone = " (deleted)";
  auto path = core::ownExecutable();
  if (path.ends_with(gone)) path.resize(path.size() - gone.size());
  return path;
}

core::Expected<Document> writeDocument(const std::function<state::State(state::Outgoing&)>& save) {
  state::Outgoing descriptors;
  auto state = save(descriptors);
  for (const auto& [name, fd] : descriptors.all()) state.descriptors.push_back({name, fd});
  auto file = state::writeSealed(state::encode(state));
  if (!file) return core::Err{std::move(file).error()};
  Document document{std::move(*file), {}, std::move(state.daemon.arguments)};
  for (const auto& [name, fd] : descriptors.all()) document.descriptors.push_back(fd);
  return document;
}

core::Error becomeSuccessor(const std::string& program, const Document& document) {
  const core::UniqueFd old(::open("/proc/self/exe", O_PATH | O_CLOEXEC));
  if (!old) return core::sysError("cannot open the program that runs, /proc/self/exe", errno).value;
  auto passed = document.descriptors;
  passed.push_back(document.file.get());
  passed.push_back(old.get());
  Image image(document.arguments);
  image.set(kStateVariable, std::to_string(document.file.get()));
  image.set(kPredecessorVariable, std::to_string(old.get()));
  const Passing passing(std::move(passed));
  ::execve(program.c_str(), image.arguments(), image.environment());
  return core::sysError("cannot execute " + program, errno).value;
}

}  // namespace handover
