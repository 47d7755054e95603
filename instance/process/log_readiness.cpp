// SPDX-License-Identifier: MIT
#include "instance/process/log_readiness.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

constexpr std::size_t kLongestLine = 4096;

}  // namespace

void LogReadiness::FreePattern::operator()(regex_t* pattern) const noexcept {
  ::regfree(pattern);
  delete pattern;
}

core::Status LogReadiness::beforeSpawn(LaunchExtras& /*extras*/) { return compile(); }

void LogReadiness::beginLate() {
  if (auto compiled = compile(); !compiled) logging::error("{}: {}", program_.name(), compiled.error().text);
}

core::Status LogReadiness::compile() {
  auto made = std::make_unique<regex_t>();
  if (::regcomp(made.get(), program_.config().extension->readiness.place.c_str(), REG_EXTENDED) != 0)
    return core::Err{core::Error{"couldn't compile the pattern of ready"}};
  pattern_.reset(made.release());
  return {};
}

void LogReadiness::onOutput(Channel channel, std::string_view bytes) noexcept try {
  if (!pattern_ || !expecting()) return;
  context_.touch(program_);
  take(channel == Channel::Stdout ? out_ : err_, bytes);
} catch (const std::exception&) {
  logging::error("{}: out of memory: a line was not compared with the pattern of ready", program_.name());
}

/// `line` holds the beginning of the next line.
void LogReadiness::take(std::string& line, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = std::min(bytes.find('\n'), bytes.size());
    line.append(bytes.substr(0, std::min(end, kLongestLine - line.size())));
    if (end == bytes.size()) return;
    bytes.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.pop_back();
    if (matches(line)) return meet();
    line.clear();
  }
}

bool LogReadiness::matches(std::string_view line) const noexcept {
  regmatch_t range{0, static_cast<regoff_t>(line.size())};  // a line may have a NUL
  return ::regexec(pattern_.get(), line.data(), 1, &range, REG_STARTEND) == 0;
}

void LogReadiness::stop() noexcept {
  pattern_.reset();
  std::exchange(out_, {});
  std::exchange(err_, {});
}

void LogReadiness::saveSigns(state::Readiness& saved, state::Outgoing& /*outgoing*/) const {
  saved.out = out_;
  saved.err = err_;
}

void LogReadiness::restoreSigns(const state::Readiness& saved, state::Incoming& /*incoming*/) {
  beginLate();
  out_ = saved.out.substr(0, kLongestLine);
  err_ = saved.err.substr(0, kLongestLine);
}

}  // namespace process
