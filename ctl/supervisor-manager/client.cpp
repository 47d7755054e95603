// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/client.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "dbus/names.hpp"
#include "dbus/sdbus_compat.hpp"

namespace manager {

namespace {

using bus::kInstanceInterface, bus::kInstancePrefix, bus::kManagerInterface, bus::kManagerPath, bus::kServiceName;
constexpr const char* kPropertiesInterface = "org.freedesktop.DBus.Properties";
/// A method replies when its work is done, and the manager limits how long that takes. A second limit here could expire
/// first and report a failure for a start that succeeds.
constexpr std::uint64_t kNoTimeLimit = UINT64_MAX;
/// Calls that wait for their replies: less than the 128 of the system bus, and the 64 of the manager for one account.
constexpr std::size_t kSideBySide = 32;
/// If the limits of the bus or the manager do not admit a single call: the pause before the next attempt, and the
/// number of attempts (30 seconds in all) after which the refusal is the result.
constexpr int kPauseMs = 100;
constexpr std::size_t kMostPauses = 300;
/// How long the next manager may take to start, in microseconds: it reads all entries first.
constexpr std::uint64_t kReexecutionLimit = 60U * 1000000U;

Failure toFailure(const sdbus::Error& error) { return {error.getName(), error.getMessage()}; }

Value toValue(const sdbus::Variant& variant) {
  if (variant.containsValueOfType<std::string>()) return variant.get<std::string>();
  if (variant.containsValueOfType<bool>()) return variant.get<bool>();
  if (variant.containsValueOfType<std::int32_t>()) return std::int64_t{variant.get<std::int32_t>()};
  if (variant.containsValueOfType<std::uint32_t>()) return std::uint64_t{variant.get<std::uint32_t>()};
  if (variant.containsValueOfType<std::int64_t>()) return variant.get<std::int64_t>();
  if (variant.containsValueOfType<std::uint64_t>()) return variant.get<std::uint64_t>();
  if (variant.containsValueOfType<std::map<std::string, std::uint32_t>>())
    return variant.get<std::map<std::string, std::uint32_t>>();
  return std::string();
}

Properties toProperties(const std::map<std::string, sdbus::Variant>& variants) {
  Properties properties;
  for (const auto& [name, variant] : variants) properties[name] = toValue(variant);
  return properties;
}

std::string_view signatureOf(sdbus::Message& message) {
  return sd_bus_message_get_signature(static_cast<sd_bus_message*>(bus::rawMessage(message)), 1);
}

std::string nameFromPath(const std::string& path) {
  char* decoded = nullptr;
  if (sd_bus_path_decode(path.c_str(), kInstancePrefix, &decoded) <= 0) return path;
  const std::unique_ptr<char, decltype(&std::free)> owned(decoded, &std::free);
  return decoded;
}

void append(sdbus::MethodCall& call, const Argument& argument) {
  if (const auto* settings = std::get_if<EntryKeys>(&argument)) {
    std::map<std::string, sdbus::Variant> variants;
    for (const auto& [key, value] : *settings) variants.emplace(key, sdbus::Variant(value));
    call << variants;
    return;
  }
  std::visit(
      [&call](const auto& value) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, EntryKeys>) call << value;
      },
      argument);
}

using ChangeList = std::vector<sdbus::Struct<std::string, std::string, std::vector<std::string>>>;
using ComplaintList = std::vector<sdbus::Struct<std::string, std::uint32_t, std::string, std::string, std::string>>;

std::vector<ChangeRow> toRows(const ChangeList& list) {
  std::vector<ChangeRow> rows;
  for (const auto& one : list) rows.push_back({std::get<0>(one), std::get<1>(one), std::get<2>(one)});
  return rows;
}

std::vector<ComplaintRow> toRows(const ComplaintList& list) {
  std::vector<ComplaintRow> rows;
  for (const auto& one : list)
    rows.push_back({std::get<0>(one), std::get<1>(one), std::get<2>(one), std::get<3>(one), std::get<4>(one)});
  return rows;
}

}  // namespace

class Client::Impl {
 public:
  Impl(std::unique_ptr<sdbus::IConnection> connection, bool interactive)
      : connection_(std::move(connection)),
        manager_(sdbus::createProxy(*connection_, bus::ServiceName(kServiceName), sdbus::ObjectPath{kManagerPath})),
        interactive_(interactive) {}

  sdbus::MethodCall call(sdbus::IProxy& proxy, const std::string& interface, const Call& what) const {
    auto message = proxy.createMethodCall(bus::InterfaceName(interface), bus::MethodName(what.method));
    auto* const raw = static_cast<sd_bus_message*>(bus::rawMessage(message));
    sd_bus_message_set_allow_interactive_authorization(raw, interactive_ && what.mayAsk);
    // An administrator who stopped the manager wants it stopped: a request must not start it through bus activation.
    sd_bus_message_set_auto_start(raw, false);
    for (const auto& argument : what.arguments) append(message, argument);
    return message;
  }

  /// Calls and reads the results into `results`.
  template <class... R>
  std::optional<Failure> get(const Call& what, R&... results) {
    return getFrom(*manager_, kManagerInterface, what, results...);
  }
  template <class... R>
  std::optional<Failure> getFrom(sdbus::IProxy& proxy, const std::string& interface, const Call& what, R&... results) {
    try {
      auto reply = proxy.callMethod(call(proxy, interface, what), kNoTimeLimit);
      (void)(reply >> ... >> results);
      return std::nullopt;
    } catch (const sdbus::Error& error) {
      return toFailure(error);
    }
  }

  Answer<Properties> properties(const std::string& path, const std::string& interface) {
    const auto proxy = sdbus::createProxy(*connection_, bus::ServiceName(kServiceName), sdbus::ObjectPath{path});
    std::map<std::string, sdbus::Variant> variants;
    if (auto failure = getFrom(*proxy, kPropertiesInterface, {"GetAll", {interface}}, variants))
      return core::Err{std::move(*failure)};
    return toProperties(variants);
  }

  /// Processes messages until `done` returns true. It is called after each message and at the latest at `wake`
  /// (CLOCK_MONOTONIC, microseconds).
  void serve(const std::function<bool()>& done, std::uint64_t wake = UINT64_MAX) {
    while (!done()) {
      if (bus::processOne(*connection_)) continue;
      const auto poll = connection_->getEventLoopPollData();
      pollfd watched{poll.fd, poll.events, 0};
      if (::poll(&watched, 1, waitFor(std::min(wake, bus::deadlineMicros(poll)))) < 0 && errno != EINTR)
        throw bus::makeError(SD_BUS_ERROR_FAILED, "cannot wait for messages from D-Bus (poll)");
    }
  }

  /// Replaces the manager's program and waits until the next one owns the bus name. The match comes before the call:
  /// the change of the owner would be lost otherwise.
  std::optional<Failure> reexecute() {
    try {
      std::string before;
      bool replaced = false;
      const auto slot = connection_->addMatch(
          fmt::format("type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                      "member='NameOwnerChanged',arg0='{}'",
                      kServiceName),
          [&](sdbus::Message& message) {
            std::string name, was, is;
            message >> name >> was >> is;
            replaced = replaced || (!is.empty() && is != before);
          });
      const auto bus = sdbus::createProxy(*connection_, bus::ServiceName("org.freedesktop.DBus"),
                                          sdbus::ObjectPath{"/org/freedesktop/DBus"});
      if (auto failure = getFrom(*bus, "org.freedesktop.DBus", {"GetNameOwner", {std::string(kServiceName)}}, before))
        return failure;
      if (auto failure = get({"Reexecute", {}})) return failure;
      const auto end = nowMicros() + kReexecutionLimit;
      serve([&] { return replaced || nowMicros() >= end; }, end);
      if (replaced) return std::nullopt;
      return Failure{"org.freedesktop.DBus.Error.TimedOut", "the new manager did not start within 60 seconds"};
    } catch (const sdbus::Error& error) {
      return toFailure(error);
    }
  }

  /// Sends the calls in parallel. The bus limits the pending replies of a connection, and the manager those of an
  /// account, which other clients of the account share. When a call exceeds such a limit, it is sent again later, and
  /// fewer calls are in flight from then on; with none in flight, there is a pause before the next attempt.
  std::vector<std::optional<Failure>> run(const std::vector<Call>& calls, const Progress& progress) {
    std::vector<std::optional<Failure>> outcomes(calls.size());
    std::vector<bool> answered(calls.size(), false);
    std::size_t next = 0, waiting = 0, done = 0, limit = kSideBySide, pauses = 0;
    bool full = false;
    std::vector<std::size_t> again;
    const auto onReply = [&](std::size_t i, const sdbus::Error* error) {
      --waiting;
      if (error && error->getName() == SD_BUS_ERROR_LIMITS_EXCEEDED && (waiting > 0 || pauses < kMostPauses)) {
        limit = std::max<std::size_t>(1, std::min(limit, waiting));
        full = waiting == 0;
        return again.push_back(i);
      }
      limit = std::min(kSideBySide, limit + 1);
      pauses = 0;
      if (error) outcomes[i] = toFailure(*error);
      answered[i] = true;
      ++done;
      if (progress) progress(done);
    };
    const auto send = [&](std::size_t i) {
      ++waiting;
      manager_->callMethod(
          call(*manager_, kManagerInterface, calls[i]),
          [&onReply, i](sdbus::MethodReply&, const sdbus::Error* error) { onReply(i, error); }, kNoTimeLimit);
    };
    try {
      const auto turn = [&] {
        while (!full && waiting < limit && (!again.empty() || next < calls.size())) {
          const std::size_t i = again.empty() ? next++ : again.back();
          if (!again.empty()) again.pop_back();
          send(i);
        }
        return full || done == calls.size();
      };
      for (serve(turn); full; serve(turn)) {
        ::poll(nullptr, 0, kPauseMs);
        ++pauses;
        full = false;
      }
    } catch (const sdbus::Error& error) {
      for (std::size_t i = 0; i < calls.size(); ++i)
        if (!answered[i]) outcomes[i] = toFailure(error);
    }
    return outcomes;
  }

  /// Older managers reply without descriptions: a(ssu) instead of a(ssus).
  std::optional<Failure> programs(const std::string& name, std::vector<ProgramRow>& rows) {
    try {
      auto reply = manager_->callMethod(call(*manager_, kManagerInterface, {"ListPrograms", {name}}), kNoTimeLimit);
      if (signatureOf(reply) == "a(ssu)") {
        std::vector<sdbus::Struct<std::string, std::string, std::uint32_t>> list;
        reply >> list;
        for (const auto& one : list) rows.push_back({std::get<0>(one), std::get<1>(one), std::get<2>(one), ""});
      } else {
        std::vector<sdbus::Struct<std::string, std::string, std::uint32_t, std::string>> list;
        reply >> list;
        for (const auto& one : list)
          rows.push_back({std::get<0>(one), std::get<1>(one), std::get<2>(one), std::get<3>(one)});
      }
      return std::nullopt;
    } catch (const sdbus::Error& error) {
      return toFailure(error);
    }
  }

  std::optional<Failure> watch(const std::function<bool(const Event&)>& event) {
    bool more = true;
    const auto tell = [&](const Event& one) { more = more && event(one); };
    try {
      const auto slots = watchSignals(tell);
      serve([&more] { return !more; });
      return std::nullopt;
    } catch (const sdbus::Error& error) {
      return toFailure(error);
    }
  }

 private:
  static std::uint64_t nowMicros() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1000000U + static_cast<std::uint64_t>(now.tv_nsec) / 1000U;
  }
  static int waitFor(std::uint64_t deadline) {
    if (deadline == UINT64_MAX) return -1;
    const auto micros = nowMicros();
    return deadline <= micros ? 0 : static_cast<int>((deadline - micros) / 1000 + 1);
  }

  std::vector<sdbus::Slot> watchSignals(const std::function<void(const Event&)>& tell) {
    const auto match = [](const std::string& interface, const std::string& member) {
      return fmt::format("type='signal',sender='{}',interface='{}',member='{}'", kServiceName, interface, member);
    };
    std::vector<sdbus::Slot> slots;
    slots.push_back(connection_->addMatch(
        match(kPropertiesInterface, "PropertiesChanged") + fmt::format(",arg0='{}'", kInstanceInterface),
        [tell](sdbus::Message& message) {
          std::string interface;
          std::map<std::string, sdbus::Variant> changed;
          message >> interface >> changed;
          tell({Event::Kind::Changed, nameFromPath(message.getPath()), toProperties(changed), {}});
        }));
    const auto object = [tell](Event::Kind kind) {
      return [tell, kind](sdbus::Message& message) {
        sdbus::ObjectPath path;
        message >> path;
        tell({kind, nameFromPath(path), {}, {}});
      };
    };
    slots.push_back(connection_->addMatch(match("org.freedesktop.DBus.ObjectManager", "InterfacesAdded"),
                                          object(Event::Kind::Added)));
    slots.push_back(connection_->addMatch(match("org.freedesktop.DBus.ObjectManager", "InterfacesRemoved"),
                                          object(Event::Kind::Removed)));
    slots.push_back(
        connection_->addMatch(match(kManagerInterface, "ProgramStateChanged"), [tell](sdbus::Message& message) {
          Event event{Event::Kind::Program, {}, {}, {}};
          message >> event.instance >> event.program.name >> event.program.state >> event.program.pid;
          if (sdbus::ObjectPath path; signatureOf(message) == "sssuos") message >> path >> event.program.description;
          tell(event);
        }));
    return slots;
  }

  std::unique_ptr<sdbus::IConnection> connection_;
  std::unique_ptr<sdbus::IProxy> manager_;
  bool interactive_;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Answer<std::unique_ptr<Client>> Client::connect(const Target& target) {
  try {
    auto connection = !target.host.empty()      ? sdbus::createRemoteSystemBusConnection(target.host)
                      : !target.address.empty() ? bus::connectTo(target.address)
                                                : sdbus::createSystemBusConnection();
    return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(std::move(connection), target.interactive)));
  } catch (const sdbus::Error& error) {
    return core::Err{Failure{"org.freedesktop.DBus.Error.NoServer", error.getMessage()}};
  }
}

Answer<std::vector<InstanceRow>> Client::list() {
  std::vector<sdbus::Struct<std::string, std::string, std::string, std::string, std::uint32_t, bool, std::string,
                            sdbus::ObjectPath>>
      list;
  if (auto failure = impl_->get({"ListInstances", {}}, list)) return core::Err{std::move(*failure)};
  std::vector<InstanceRow> rows;
  for (const auto& one : list)
    rows.push_back({std::get<0>(one), std::get<1>(one), std::get<2>(one), std::get<3>(one), std::get<4>(one),
                    std::get<5>(one), std::get<6>(one), std::get<7>(one)});
  return rows;
}

Answer<Properties> Client::managerProperties() { return impl_->properties(kManagerPath, kManagerInterface); }
Answer<Properties> Client::instanceProperties(const std::string& path) {
  return impl_->properties(path, kInstanceInterface);
}

Answer<std::vector<ProgramRow>> Client::programs(const std::string& name) {
  std::vector<ProgramRow> rows;
  if (auto failure = impl_->programs(name, rows)) return core::Err{std::move(*failure)};
  return rows;
}

Answer<std::map<std::string, ProgramCounts>> Client::programCounts() {
  std::map<std::string, ProgramCounts> counts;
  if (auto failure = impl_->get({"ListProgramCounts", {}}, counts)) return core::Err{std::move(*failure)};
  return counts;
}

Answer<std::string> Client::programLog(const std::string& name, const std::string& program) {
  std::string text;
  if (auto failure = impl_->get({"GetProgramLog", {name, program}, false}, text)) return core::Err{std::move(*failure)};
  return text;
}

Answer<std::string> Client::failureDetails(const std::string& name) {
  std::string details;
  if (auto failure = impl_->get({"GetFailureDetails", {name}, false}, details)) return core::Err{std::move(*failure)};
  return details;
}

Answer<std::vector<ChangeRow>> Client::reload() {
  ChangeList changes;
  if (auto failure = impl_->get({"Reload", {}}, changes)) return core::Err{std::move(*failure)};
  return toRows(changes);
}

Answer<Client::Plan> Client::plan() {
  ChangeList changes;
  ComplaintList refused, warnings;
  if (auto failure = impl_->get({"PlanReload", {}}, changes, refused, warnings)) return core::Err{std::move(*failure)};
  return Plan{toRows(changes), toRows(refused), toRows(warnings)};
}

Answer<std::vector<std::string>> Client::check(const std::string& name) {
  std::vector<std::string> warnings;
  if (auto failure = impl_->get({"CheckInstance", {name}, false}, warnings)) return core::Err{std::move(*failure)};
  return warnings;
}

Answer<std::vector<ComplaintRow>> Client::complaints(bool refused) {
  ComplaintList list;
  if (auto failure = impl_->get({refused ? "ListRefusedEntries" : "ListWarnings", {}}, list))
    return core::Err{std::move(*failure)};
  return toRows(list);
}

std::vector<std::optional<Failure>> Client::run(const std::vector<Call>& calls, const Progress& progress) {
  return impl_->run(calls, progress);
}
std::optional<Failure> Client::watch(const std::function<bool(const Event&)>& event) { return impl_->watch(event); }

std::optional<Failure> Client::reexecute() { return impl_->reexecute(); }

}  // namespace manager
