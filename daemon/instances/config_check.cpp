// SPDX-License-Identifier: MIT
#include "daemon/instances/config_check.hpp"

#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "daemon/instances/launch.hpp"
#include "lib/core/files.hpp"
#include "lib/core/log.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

constexpr auto kLimit = core::seconds(15);
constexpr std::size_t kMostWarnings = 50;
constexpr std::size_t kLongestReport = 2000;

/// The plan as records for supervisord's --overlay.
std::string overlayOf(const layout::Plan& plan) {
  std::string out;
  const auto add = [&out](const char* kind, const std::string& path, const std::string& content = {}) {
    for (const auto& field : {std::string(kind), path, content}) (out += field) += '\0';
  };
  // What an earlier plan made goes first: a file of this one may have its place.
  for (const auto& node : plan.nodes)
    if (const auto* gone = std::get_if<layout::Removal>(&node); gone && gone->what == layout::Removal::What::File)
      add("gone", gone->path);
  for (const auto& node : plan.nodes) {
    if (const auto* file = std::get_if<layout::File>(&node)) add("file", file->path, file->content);
    if (const auto* directory = std::get_if<layout::Directory>(&node)) add("directory", directory->path);
  }
  return out;
}

core::UniqueFd inMemory(const std::string& text) {
  core::UniqueFd file(::memfd_create("overlay", MFD_CLOEXEC));
  if (!file || core::writeAll(file.get(), text) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0) file.reset();
  return file;
}

std::string cleaned(std::string_view text) {
  const auto line = core::replaceAll(core::replaceAll(std::string(text), "\n", " "), "\t", " ");
  auto out = core::printable(core::toUtf8(core::trim(line)));
  if (out.size() > kLongestReport) out = core::toUtf8(out.substr(0, kLongestReport)) + " …";
  return out;
}

CheckResult resultOf(const OwnerCommand::End& end) {
  CheckResult out;
  if (end.status < 0) {
    out.objection = end.failure;
    return out;
  }
  std::string error;
  for (const auto& line : core::split(end.output, '\n')) {
    if (!line.starts_with("Warning: "))
      error += line + '\n';
    else if (out.warnings.size() < kMostWarnings)
      out.warnings.push_back(cleaned(line.substr(9)));
  }
  if (end.ok()) return out;
  if (error.starts_with("Error: option --check not recognized")) return {};
  if (error.starts_with("Error: ")) error.erase(0, 7);
  out.objection = cleaned(error);
  if (out.objection->empty()) out.objection = fmt::format("its check ended with status {}", end.status);
  return out;
}

core::Task<CheckResult> runCheck(InstanceContext& context, core::SpawnSpec spec, core::UniqueFd input) {
  const auto end = co_await runProgramAsOwner(context, std::move(spec), std::move(input), kLimit);
  co_return resultOf(end);
}

}  // namespace

/// Everything is read from the arguments before the task begins: nothing of them needs to outlive the call.
core::Task<CheckResult> checkConfiguration(InstanceContext& context, const entries::Entry& entry,
                                           const std::string& mark, const layout::Plan* plan) {
  // Not the instance's own mark: a check is neither taken for the instance nor for something that it left behind.
  auto spec = launchSpec(entry, {context.supervisord, {}, mark + ":check", context.privileged});
  spec.arguments = {spec.file, "--check", "-c", entry.confFile};
  spec.newSession = false;
  spec.parentDeathSignal = true;
  core::UniqueFd input;
  if (plan) {
    spec.arguments.insert(spec.arguments.begin() + 2, "--overlay");
    input = inMemory(overlayOf(*plan));
  }
  return runCheck(context, std::move(spec), std::move(input));
}

}  // namespace instances
