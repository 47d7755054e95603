// SPDX-License-Identifier: MIT
#include "instance/process/descriptor_readiness.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/process.hpp"
#include "instance/state/descriptors.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

constexpr const char* kPipeName = "ready";

/// As read(2), but the bytes stay in the pipe: if we are killed before the change is kept, a successor finds them. It
/// takes them if there are no descriptors for that.
ssize_t peek(int pipe, std::span<char> into) noexcept {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return ::read(pipe, into.data(), into.size());
  const core::UniqueFd reader(ends[0]), writer(ends[1]);
  const auto size = ::tee(pipe, writer.get(), into.size(), SPLICE_F_NONBLOCK);
  return size > 0 ? ::read(reader.get(), into.data(), static_cast<std::size_t>(size)) : size;
}

}  // namespace

DescriptorReadiness::DescriptorReadiness(ProcessContext& context, Process& program)
    : Readiness(context, program), watch_(context.loop(), [this](std::uint32_t) { look(); }) {}

core::Status DescriptorReadiness::beforeSpawn(LaunchExtras& extras) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return core::Err{core::Error{fmt::format("couldn't make the pipe for readiness: {}", ::strerrorname_np(errno))}};
  reader_.reset(ends[0]);
  writer_.reset(ends[1]);
  ::fcntl(reader_.get(), F_SETFL, O_NONBLOCK);
  extras.descriptors.emplace_back(writer_.get(), program_.config().extension->readiness.descriptor);
  if (auto* const keeper = context_.keeper()) keeper->keep(program_, kPipeName, reader_.get());
  return {};
}

void DescriptorReadiness::adopt(state::Incoming& incoming) noexcept try {
  reader_ = incoming.take(state::pipeName(program_.number(), kPipeName));
  lost_ = !reader_;
} catch (const std::exception&) {
  logging::error("{}: out of memory: its descriptor for readiness is lost", program_.name());
}

void DescriptorReadiness::onSpawned() noexcept {
  writer_.reset();
  if (reader_) watch_.start(reader_.get(), core::IoWatch::Read);
}

void DescriptorReadiness::look() {
  if (std::exchange(lost_, false)) {
    logging::warn("{}: its descriptor for readiness was lost in a crash of supervisord; it counts as ready",
                  program_.fullName());
    return meet();
  }
  if (!reader_) return;
  std::array<char, 256> bytes;
  const auto size = peek(reader_.get(), bytes);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size > 0 && std::memchr(bytes.data(), '\n', static_cast<std::size_t>(size)) == nullptr) {
    (void)!::read(reader_.get(), bytes.data(), static_cast<std::size_t>(size));
    return;
  }
  if (size > 0)
    meet();
  else
    logging::warn("{}: closed descriptor {} without the newline that reports readiness", program_.fullName(),
                  program_.config().extension->readiness.descriptor);
  stop();
}

void DescriptorReadiness::stop() noexcept {
  watch_.stop();
  writer_.reset();
  if (!reader_) return;
  context_.touch(program_);
  if (auto* const keeper = context_.keeper()) keeper->drop(program_, kPipeName);
  reader_.reset();
}

void DescriptorReadiness::saveSigns(state::Readiness& saved, state::Outgoing& outgoing) const {
  auto name = state::pipeName(program_.number(), kPipeName);
  // If we are killed before the loss is handled, a successor handles it.
  saved.pipe = lost_ ? std::move(name) : outgoing.add(std::move(name), reader_.get());
}

void DescriptorReadiness::restoreSigns(const state::Readiness& saved, state::Incoming& incoming) {
  reader_ = incoming.take(saved.pipe);
  lost_ = !saved.pipe.empty() && !reader_;
  if (reader_) watch_.start(reader_.get(), core::IoWatch::Read);
}

}  // namespace process
