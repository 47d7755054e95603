// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/outcomes.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "ctl/supervisor-manager/json.hpp"
#include "ctl/supervisor-manager/output.hpp"
#include "lib/core/terminal_text.hpp"

namespace manager {

void Outcomes::add(const std::string& name, const std::string& result, const Failure* failure) {
  if (!session_.options.json) return;
  std::vector<std::pair<std::string, std::string>> members{
      {"instance", core::jsonString(instance_.empty() ? name : instance_)}};
  if (!instance_.empty()) members.emplace_back("program", core::jsonString(name));
  members.emplace_back("result", core::jsonString(result));
  members.emplace_back("error", failure ? json::object({{"name", core::jsonString(failure->name)},
                                                        {"message", core::jsonString(failure->message)}})
                                        : "null");
  objects_.push_back(json::object(members));
}

void Outcomes::done(const std::string& name, const std::string& what) {
  add(name, what, nullptr);
  good_.push_back(name);
  if (!session_.options.json && !session_.options.quiet) print(fmt::format("{}: {}\n", core::printable(name), what));
}

void Outcomes::failed(const std::string& name, const Failure& failure) {
  add(name, "failed", &failure);
  session_.fail(failure, name);
}

ExitCode Outcomes::finish() {
  if (session_.options.json) print(json::array(objects_) + "\n");
  return session_.code();
}

void runAll(Session& session, const std::vector<std::string>& names, const std::vector<Call>& calls,
            const std::string& done, Outcomes& outcomes) {
  const bool counts = calls.size() > 1 && !session.options.quiet && ::isatty(STDERR_FILENO);
  const auto results = session.client()->run(calls, [&](std::size_t answered) {
    if (counts) fmt::print(stderr, "\r{} of {} {}\033[K", answered, calls.size(), done);
  });
  if (counts) fmt::print(stderr, "\r\033[K");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (results[i])
      outcomes.failed(names[i], *results[i]);
    else
      outcomes.done(names[i], done);
  }
}

}  // namespace manager
