// SPDX-License-Identifier: MIT
#include "daemon/instances/program_control.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "daemon/entries/environment.hpp"
#include "daemon/instances/program_client.hpp"
#include "daemon/layout/owner_task.hpp"
#include "lib/core/terminal_text.hpp"
#include "lib/core/text.hpp"

namespace instances {
namespace {

using Outcome = ProgramAnswer::Outcome;

/// For longer than any sensible startsecs or stopwaitsecs.
constexpr auto kControlLimit = core::seconds(120);
/// How long an owner's processes may take over the end of a log.
constexpr auto kLogLimit = core::seconds(5);
constexpr int kLogBytes = 4096;
constexpr std::size_t kLongestText = 500;

/// An answer for the pipe of the helper: the outcome as one digit, then the text.
std::string toText(const ProgramAnswer& answer) {
  return static_cast<char>('0' + static_cast<int>(answer.outcome)) + answer.text;
}

/// Reads what a helper sent. It had the owner's ids: nothing but the text is the owner's to choose.
ProgramAnswer fromText(const std::string& text) {
  const int digit = text.empty() ? -1 : text.front() - '0';
  if (digit < 0 || digit > static_cast<int>(Outcome::Unreachable))
    return {Outcome::Unreachable, "the helper with the owner's ids sent an answer that cannot be understood"};
  return {static_cast<Outcome>(digit), text.substr(1)};
}

/// The text of a failure in one line that harms no terminal.
std::string inOneLine(std::string text) {
  text = core::printable(core::toUtf8(core::trim(core::replaceAll(text, "\n", " "))));
  if (text.size() > kLongestText) text = core::toUtf8(text.substr(0, kLongestText)) + " …";
  return text;
}

using Ask = std::function<ProgramAnswer(ProgramClient& client)>;

core::Task<ProgramAnswer> ask(InstanceContext& context, std::optional<core::Identity> identity,
                              layout::OwnerTask::Work work, core::Duration limit) {
  const auto answer = co_await layout::runAsOwner(context.loop, context.reaper, identity, std::move(work), limit);
  if (answer) co_return fromText(*answer);
  const auto seconds = std::chrono::duration_cast<core::seconds>(limit).count();
  ProgramAnswer out{Outcome::Unreachable, answer.error().text};
  if (answer.error().code == ETIMEDOUT) out.text = fmt::format("supervisord did not answer within {} seconds", seconds);
  out.late = answer.error().code == ETIMEDOUT;
  co_return out;
}

/// The work of a helper: a request to the instance of `entry`.
layout::OwnerTask::Work asking(const entries::Entry& entry, Ask request) {
  return [confFile = entry.confFile, socket = entry.socketPath(), environment = entries::ownerEnvironment(entry),
          request = std::move(request)] {
    ProgramClient client(controlAddress(confFile, socket, environment));
    return toText(request(client));
  };
}

std::optional<core::Identity> identityOf(const InstanceContext& context, const entries::Entry& entry) {
  return context.privileged ? std::optional(entry.identity) : std::nullopt;
}

core::Task<ProgramAnswer> withCleanText(core::Task<ProgramAnswer> request) {
  auto answer = co_await request;
  answer.text = inOneLine(std::move(answer.text));
  co_return answer;
}

core::Task<std::optional<std::string>> textOf(core::Task<ProgramAnswer> request) {
  auto answer = co_await request;
  if (answer.late) co_return std::nullopt;
  if (!answer.ok()) co_return std::string();
  // The instance decides how much it returns.
  co_return answer.text.substr(answer.text.size() - std::min<std::size_t>(answer.text.size(), kLogBytes));
}

}  // namespace

bool isPlainName(const std::string& program) {
  return !program.empty() && program.front() != '-' && program.size() < 300 &&
         program.find_first_of(" \t\n\r'\"\\") == std::string::npos;
}

core::Task<ProgramAnswer> controlProgram(InstanceContext& context, const entries::Entry& entry, std::string program,
                                         ProgramVerb verb) {
  auto work =
      asking(entry, [program = std::move(program), verb](auto& client) { return client.control(program, verb); });
  return withCleanText(ask(context, identityOf(context, entry), std::move(work), kControlLimit));
}

core::Task<ProgramAnswer> updatePrograms(InstanceContext& context, const entries::Entry& entry) {
  auto work = asking(entry, [](auto& client) { return client.update(); });
  return withCleanText(ask(context, identityOf(context, entry), std::move(work), kControlLimit));
}

core::Task<ProgramAnswer> upgradeSupervisord(InstanceContext& context, const entries::Entry& entry) {
  auto work = asking(entry, [](auto& client) { return client.upgrade(); });
  return withCleanText(ask(context, identityOf(context, entry), std::move(work), kControlLimit));
}

core::Task<std::optional<std::string>> tailProgram(InstanceContext& context, const entries::Entry& entry,
                                                   std::string program) {
  auto work = asking(entry, [program = std::move(program)](auto& client) { return client.tail(program, kLogBytes); });
  return textOf(ask(context, identityOf(context, entry), std::move(work), kLogLimit));
}

}  // namespace instances
