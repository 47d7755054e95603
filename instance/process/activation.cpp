// SPDX-License-Identifier: MIT
#include "instance/process/activation.hpp"

#include <poll.h>

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/core.h>

#include "instance/config/model.hpp"
#include "instance/process/context.hpp"
#include "instance/process/listeners.hpp"
#include "instance/process/process.hpp"
#include "instance/state/descriptors.hpp"
#include "lib/core/connections.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace process {
namespace {

using lifecycle::ProcessState;

/// How long the sockets stay open after a stop: a start that follows it, as in a restart, loses no connection.
constexpr core::seconds kLinger{5};
/// Between two attempts to start a program that must not start now.
constexpr core::seconds kStartPause{1};
/// Without restart_limit: more starts in this time are those of a program that does not take its connections.
constexpr int kMostStarts = 20;
constexpr core::seconds kStartWindow{2};
/// Ends in a row that leave a connection unaccepted: from then on the next one waits for kStartPause.
constexpr int kMostUnread = 20;
constexpr std::size_t kMostShown = 3;

bool isReadable(int fd) noexcept {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

std::string addressesOf(const std::vector<config::ListenSocket>& sockets) {
  std::vector<std::string> shown;
  for (const auto& socket : sockets)
    if (shown.size() < kMostShown) shown.push_back(socket.url);
  return core::join(shown, ", ") + (sockets.size() > kMostShown ? ", …" : "");
}

}  // namespace

Activation::Activation(ProcessContext& context, Process& program)
    : context_(context),
      program_(program),
      settle_(context.loop(), [this] { settle(); }),
      linger_(context.loop(),
              [this] {
                if (isIdle() && context_.supervisorState() == SupervisorState::Running) close();
              }),
      idle_(context.loop(), [this] { lookWhetherIdle(); }),
      again_(context.loop(), [this] { listen(); }) {
  sockets_.resize(settings().sockets.size());
  for (std::size_t i = 0; i < sockets_.size(); ++i)
    watches_.push_back(std::make_unique<core::IoWatch>(context.loop(), [this](std::uint32_t) { connected(); }));
}

/// The keeper has forgotten the program.
Activation::~Activation() {
  unlisten();
  for (std::size_t i = 0; i < sockets_.size(); ++i) close(i);
}

const config::Activation& Activation::settings() const noexcept { return program_.config().extension->activation; }

std::string Activation::storeName(std::size_t place) const { return "socket" + std::to_string(place); }

/// It does not run, and will not by itself.
bool Activation::isIdle() const noexcept {
  return program_.pid() == 0 && lifecycle::isStopped(program_.state()) && !program_.waits().start &&
         !program_.comesBack();
}

/// Opens those that are not open; after an error, some of them may still be closed.
core::Status Activation::open() {
  linger_.disarm();
  const auto& wanted = settings().sockets;
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (sockets_[i] && isListening(sockets_[i].get(), wanted[i])) continue;
    context_.touch(program_);
    auto fd = context_.listeners().acquire(wanted[i]);
    if (!fd) return core::Err{std::move(fd).error()};
    if (sockets_[i]) context_.listeners().release(wanted[i].url, std::move(sockets_[i]));
    sockets_[i] = std::move(*fd);
    if (auto* const keeper = context_.keeper()) keeper->keep(program_, storeName(i).c_str(), sockets_[i].get());
  }
  return {};
}

void Activation::close() noexcept {
  linger_.disarm();
  context_.touch(program_);
  for (std::size_t i = 0; i < sockets_.size(); ++i) close(i);
}

void Activation::close(std::size_t place) noexcept {
  if (!sockets_[place]) return;
  logging::attempt([&] {
    if (auto* const keeper = context_.keeper()) keeper->drop(program_, storeName(place).c_str());
  });
  context_.listeners().release(settings().sockets[place].url, std::move(sockets_[place]));
}

void Activation::listen() noexcept {
  again_.disarm();
  listens_ = true;
  for (std::size_t i = 0; i < sockets_.size(); ++i) watches_[i]->start(sockets_[i].get(), core::IoWatch::Read);
}

void Activation::unlisten() noexcept {
  again_.disarm();
  listens_ = false;
  for (const auto& watch : watches_) watch->stop();
}

/// Somebody waits at a socket, or a datagram.
void Activation::connected() {
  const ProcessContext::Turn turn(context_);
  unlisten();
  logging::debug("{}: a connection starts it", program_.fullName());
  demanded_ = true;
  program_.startUnasked(true);
  if (!demanded_ || !isIdle()) return;
  demanded_ = false;
  if (program_.disabled() || context_.supervisorState() != SupervisorState::Running) return;
  listenLater();
}

/// The connection waits.
void Activation::listenLater() noexcept {
  listens_ = true;
  again_.armIn(kStartPause);
}

/// Whether it has ended many times in a row and left a connection, or a datagram.
bool Activation::leavesConnections() {
  const bool leaves =
      std::any_of(sockets_.begin(), sockets_.end(), [](const auto& fd) { return isReadable(fd.get()); });
  unread_ = leaves ? std::min(unread_ + 1, kMostUnread + 2) : 0;
  if (unread_ == kMostUnread + 1)
    logging::warn("{} ends again and again without taking what waits at {}: it is started once in a second",
                  program_.fullName(), addressesOf(settings().sockets));
  return unread_ > kMostUnread;
}

/// Whether connections may start it once more; this start counts.
bool Activation::mayStart() {
  const auto& pacing = program_.config().extension->pacing;
  const bool paced = pacing.limit > 0;
  return limit_.admit(core::Clock::now(), paced ? pacing.limit : kMostStarts,
                      paced ? pacing.limitWindow : core::milliseconds(kStartWindow));
}

core::Status Activation::beforeSpawn(LaunchExtras& extras) {
  if (std::exchange(demanded_, false) && !mayStart()) exhausted_ = true;
  if (exhausted_)
    return core::Err{
        core::Error{"connections have started it too often, and it ended each time without taking them", 0}};
  if (auto opened = open(); !opened) return opened;
  std::string names;
  int number = config::kFirstDescriptor;
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    extras.descriptors.emplace_back(sockets_[i].get(), number++);
    names += (i > 0 ? ":" : "") + settings().sockets[i].name;
  }
  extras.environment.emplace_back("LISTEN_FDS", std::to_string(sockets_.size()));
  extras.environment.emplace_back("LISTEN_FDNAMES", names);
  extras.pidVariable = "LISTEN_PID";
  return {};
}

void Activation::onState(ProcessState to) noexcept {
  idle_.disarm();
  if (to == ProcessState::Starting) {
    context_.touch(program_);
    wanted_ = true;
    cancelled_ = false;
    unlisten();
    linger_.disarm();
  } else if (to == ProcessState::Running) {
    watchIdleness();
  }
  settle_.schedule();
}

/// Follows the last change of its state.
void Activation::settle() {
  taken_ = false;
  // At its end supervisord closes all, or passes them to its next life.
  if (!isIdle() || listens_ || context_.supervisorState() != SupervisorState::Running) return;
  const ProcessContext::Turn turn(context_);
  const bool wanted = wanted_ && settings().onDemand;
  if (program_.state() == ProcessState::Fatal && wanted) {
    context_.touch(program_);
    wanted_ = exhausted_ = false;
    cancelled_ = true;
    limit_.forget();
    logging::warn("{} is FATAL, connections do not start it any more; its sockets are closed", program_.fullName());
    return close();
  }
  if (wanted && !program_.disabled()) {
    if (auto opened = open(); opened)
      return leavesConnections() ? listenLater() : listen();
    else
      logging::error("{}: {}; connections do not start it any more", program_.fullName(), opened.error().text);
    context_.touch(program_);
    wanted_ = false;
    cancelled_ = true;
  }
  if (std::any_of(sockets_.begin(), sockets_.end(), [](const auto& fd) { return fd.valid(); })) linger_.armIn(kLinger);
}

void Activation::describeIdle(std::string& text) const {
  if (listens_) text += "; listening on " + addressesOf(settings().sockets);
}

/// What fails is reported when it is started.
void Activation::beforeAutostart() {
  if (!program_.startIsForbidden()) (void)open();
}

bool Activation::takesAutostart() {
  if (!settings().onDemand || program_.startIsForbidden()) return false;
  if (taken_ && cancelled_) return true;
  context_.touch(program_);
  wanted_ = true;
  cancelled_ = exhausted_ = demanded_ = false;
  limit_.forget();
  // Without its sockets it is started, which fails with the reason.
  if (auto opened = open(); !opened) return false;
  if (isIdle() && !listens_) listen();
  return true;
}

void Activation::onStartRequest() noexcept {
  context_.touch(program_);
  wanted_ = true;
  cancelled_ = exhausted_ = demanded_ = false;
  limit_.forget();
  unlisten();
}

void Activation::onStopRequest() noexcept {
  if (stopping_) return;
  context_.touch(program_);
  wanted_ = demanded_ = false;
  cancelled_ = true;
  unlisten();
  settle_.schedule();
}

/// It runs, and counts as used until now.
void Activation::watchIdleness() noexcept {
  if (settings().idleStop.count() == 0) return;
  const auto now = core::Clock::now();
  idleness_.begin(now);
  idle_.arm(idleness_.next(now, settings().idleStop));
}

/// idle_stop may begin, end, or have another value.
void Activation::onReconfigured() {
  if (program_.state() != ProcessState::Running) return;
  idle_.disarm();
  watchIdleness();
}

void Activation::lookWhetherIdle() {
  const auto limit = settings().idleStop;
  if (program_.state() != ProcessState::Running || limit.count() == 0) return;
  const auto now = core::Clock::now();
  if (idleness_.look(now, isBusy(), limit) && !isUsed()) return stopIdle();
  idle_.arm(std::max(idleness_.next(now, limit), now + std::min<core::Duration>(limit / 2, kStartPause)));
}

/// Whether somebody is connected, or waits to be.
bool Activation::isBusy() {
  for (const auto& socket : sockets_) {
    if (isReadable(socket.get())) return true;
    const auto address = core::localAddressOf(socket.get());
    const auto count = address ? core::countConnections(*address) : core::Err{address.error()};
    if (count && *count == 0) continue;
    if (!count && !std::exchange(unseen_, true))
      logging::warn("{}: idle_stop: its connections cannot be counted ({}); it is not stopped", program_.fullName(),
                    count.error().text);
    return true;
  }
  return false;
}

/// Whether a program that runs depends on it.
bool Activation::isUsed() { return Process::inStopOrder({&program_}, Along::All).size() > 1; }

void Activation::stopIdle() {
  const ProcessContext::Turn turn(context_);
  logging::info("{} had no connection for {}, it is stopped (idle_stop)", program_.fullName(),
                lifecycle::durationText(settings().idleStop));
  stopping_ = true;
  (void)program_.stop(Along::Nobody);
  stopping_ = false;
}

void Activation::save(state::Program& saved, state::Outgoing& outgoing) const {
  state::Activation out{wanted_, cancelled_, exhausted_, {}};
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (!sockets_[i]) {
      out.sockets.emplace_back();
      continue;
    }
    const auto file = context_.listeners().fileOf(settings().sockets[i].url);
    auto name = state::pipeName(program_.number(), storeName(i).c_str());
    out.sockets.push_back({outgoing.add(std::move(name), sockets_[i].get()), file.device, file.inode});
  }
  saved.activation = std::move(out);
}

/// Takes the sockets of a predecessor. Those that got lost in a crash are taken from the process, or opened again.
void Activation::take(state::Incoming& incoming, const std::vector<state::OpenSocket>* saved) {
  const auto& wanted = settings().sockets;
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (sockets_[i]) continue;
    auto fd = incoming.take(state::pipeName(program_.number(), storeName(i).c_str()));
    if (!fd && program_.pid() > 1)
      fd = takeListenSocket(program_.pid(), config::kFirstDescriptor + static_cast<int>(i), wanted[i]);
    if (!isListening(fd.get(), wanted[i])) {
      context_.listeners().discard(std::move(fd));
      continue;
    }
    const bool known = saved != nullptr && i < saved->size();
    context_.listeners().adopt(wanted[i], fd.get(),
                               known ? SocketFile{(*saved)[i].device, (*saved)[i].inode} : SocketFile{});
    sockets_[i] = std::move(fd);
  }
}

void Activation::adopt(state::Incoming& incoming) noexcept try {
  take(incoming, nullptr);
} catch (const std::exception&) {
  logging::error("{}: out of memory: its sockets are lost in a crash of supervisord", program_.name());
}

void Activation::restore(const state::Program& saved, state::Incoming& incoming) {
  taken_ = true;
  if (!saved.activation) return;
  wanted_ = saved.activation->wanted;
  cancelled_ = saved.activation->cancelled;
  exhausted_ = saved.activation->exhausted;
  take(incoming, &saved.activation->sockets);
}

void Activation::resume() noexcept {
  if (program_.state() == ProcessState::Running) watchIdleness();
  settle_.schedule();
}

}  // namespace process
