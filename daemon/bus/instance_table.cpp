// SPDX-License-Identifier: MIT
#include "daemon/bus/instance_table.hpp"

#include <systemd/sd-bus.h>

#include <functional>
#include <numeric>
#include <type_traits>

#include "daemon/bus/guarded_call.hpp"
#include "daemon/bus/instance_objects.hpp"

namespace bus {

namespace {

using instances::InstanceStatus;
using instances::Manager;
using instances::ProgramVerb;
using Counts = std::map<std::string, std::uint32_t>;

/// A call that is being served.
struct Call {
  InstanceObjects& objects;
  sdbus::MethodCall message;

  template <class T>
  [[nodiscard]] T argument() {
    T value{};
    message >> value;
    return value;
  }
  [[nodiscard]] std::string name() const { return objects.current().name; }
  [[nodiscard]] Caller caller() const { return callerOf(message); }
  /// Begins `method` and sends what it returns.
  template <class... R, class Task>
  void reply(Task method) {
    objects.methods().reply(sdbus::Result<R...>(message), std::move(method));
  }
};

template <auto Serve>
int method(sd_bus_message* message, void* self, sd_bus_error* error) noexcept {
  return guardedCall(error, [&] {
    auto& objects = *static_cast<InstanceObjects*>(self);
    Call call{objects, objects.rawBus().callFrom(message)};
    Serve(call);
    return 1;
  });
}

template <Verb What, BusMethods::Operation Operation>
void operate(Call& call) {
  call.reply<>(call.objects.methods().run(call.caller(), What, Operation, call.name()));
}

template <bool Enabled>
void enable(Call& call) {
  call.reply<bool>(call.objects.methods().enable(call.caller(), call.name(), Enabled));
}

template <ProgramVerb What>
void program(Call& call) {
  auto name = call.argument<std::string>();
  call.reply<>(call.objects.methods().program(call.caller(), call.name(), std::move(name), What));
}

void kill(Call& call) {
  auto whom = call.argument<std::string>();
  const auto signal = call.argument<std::int32_t>();
  call.reply<>(call.objects.methods().kill(call.caller(), call.name(), std::move(whom), signal));
}

void setProperties(Call& call) {
  auto properties = call.argument<PropertyMap>();
  call.reply<>(call.objects.methods().change(call.caller(), call.name(), std::move(properties)));
}

void removeInstance(Call& call) {
  const auto purge = call.argument<bool>();
  call.reply<>(call.objects.methods().remove(call.caller(), call.name(), purge));
}

void listPrograms(Call& call) {
  sdbus::Result<ProgramList>(call.message).returnResults(call.objects.methods().programs(call.name()));
}

int append(sd_bus_message* reply, const std::string& text) {
  return sd_bus_message_append_basic(reply, 's', text.c_str());
}
int append(sd_bus_message* reply, bool value) {
  const int flag = value;
  return sd_bus_message_append_basic(reply, 'b', &flag);
}
int append(sd_bus_message* reply, std::int32_t value) { return sd_bus_message_append_basic(reply, 'i', &value); }
int append(sd_bus_message* reply, std::uint32_t value) { return sd_bus_message_append_basic(reply, 'u', &value); }
int append(sd_bus_message* reply, std::uint64_t value) { return sd_bus_message_append_basic(reply, 't', &value); }
int append(sd_bus_message* reply, const Counts& counts) {
  int r = sd_bus_message_open_container(reply, 'a', "{su}");
  for (const auto& [word, count] : counts)
    if (r >= 0) r = sd_bus_message_append(reply, "{su}", word.c_str(), count);
  return r < 0 ? r : sd_bus_message_close_container(reply);
}

template <auto Of>
int property(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply, void* self,
             sd_bus_error* error) noexcept {
  return guardedCall(error, [&] {
    auto& objects = *static_cast<InstanceObjects*>(self);
    if constexpr (std::is_invocable_v<decltype(Of), InstanceObjects&>)
      return append(reply, Of(objects));
    else
      return append(reply, std::invoke(Of, objects.current()));
  });
}

std::string state(const InstanceStatus& status) { return toText(status.state); }
std::uint32_t mainPid(const InstanceStatus& status) { return static_cast<std::uint32_t>(status.mainPid); }
bool managed(const InstanceStatus& status) { return status.state != instances::InstanceState::Unmanaged; }
std::uint64_t since(const InstanceStatus& status) { return static_cast<std::uint64_t>(status.sinceWallMicros); }
std::uint32_t programs(const InstanceStatus& status) {
  return std::accumulate(status.programCounts.begin(), status.programCounts.end(), 0U,
                         [](std::uint32_t sum, const auto& one) { return sum + one.second; });
}
instances::Usage usage(InstanceObjects& objects) { return objects.methods().manager().usage(objects.current().name); }
std::uint64_t memory(InstanceObjects& objects) { return usage(objects).memoryBytes.value_or(UINT64_MAX); }
std::uint64_t processorTime(InstanceObjects& objects) { return usage(objects).cpuMicros.value_or(UINT64_MAX); }

constexpr std::uint64_t kOpen = SD_BUS_VTABLE_UNPRIVILEGED;  // BusMethods decides who may call
constexpr std::uint64_t kTold = SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;

const sd_bus_vtable kTable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Start", "", "", (method<operate<Verb::Start, &Manager::start>>), kOpen),
    SD_BUS_METHOD("Stop", "", "", (method<operate<Verb::Stop, &Manager::stop>>), kOpen),
    SD_BUS_METHOD("Restart", "", "", (method<operate<Verb::Restart, &Manager::restart>>), kOpen),
    SD_BUS_METHOD("Reload", "", "", (method<operate<Verb::Reload, &Manager::reload>>), kOpen),
    SD_BUS_METHOD("Upgrade", "", "", (method<operate<Verb::Upgrade, &Manager::upgrade>>), kOpen),
    SD_BUS_METHOD_WITH_NAMES("Kill", "si", SD_BUS_PARAM(whom) SD_BUS_PARAM(signal), "", "", method<kill>, kOpen),
    SD_BUS_METHOD_WITH_NAMES("Enable", "", "", "b", SD_BUS_PARAM(changed), method<enable<true>>, kOpen),
    SD_BUS_METHOD_WITH_NAMES("Disable", "", "", "b", SD_BUS_PARAM(changed), method<enable<false>>, kOpen),
    SD_BUS_METHOD_WITH_NAMES("SetProperties", "a{sv}", SD_BUS_PARAM(properties), "", "", method<setProperties>, kOpen),
    SD_BUS_METHOD_WITH_NAMES("Remove", "b", SD_BUS_PARAM(purge), "", "", method<removeInstance>, kOpen),
    SD_BUS_METHOD_WITH_NAMES("ListPrograms", "", "", "a(ssus)", SD_BUS_PARAM(programs), method<listPrograms>, kOpen),
    SD_BUS_METHOD_WITH_NAMES("StartProgram", "s", SD_BUS_PARAM(program), "", "", method<program<ProgramVerb::Start>>,
                             kOpen),
    SD_BUS_METHOD_WITH_NAMES("StopProgram", "s", SD_BUS_PARAM(program), "", "", method<program<ProgramVerb::Stop>>,
                             kOpen),
    SD_BUS_METHOD_WITH_NAMES("RestartProgram", "s", SD_BUS_PARAM(program), "", "",
                             method<program<ProgramVerb::Restart>>, kOpen),
    SD_BUS_PROPERTY("Name", "s", property<&InstanceStatus::name>, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("User", "s", property<&InstanceStatus::user>, 0, kTold),
    SD_BUS_PROPERTY("UID", "u", property<&InstanceStatus::uid>, 0, kTold),
    SD_BUS_PROPERTY("Group", "s", property<&InstanceStatus::group>, 0, kTold),
    SD_BUS_PROPERTY("GID", "u", property<&InstanceStatus::gid>, 0, kTold),
    SD_BUS_PROPERTY("State", "s", property<state>, 0, kTold),
    SD_BUS_PROPERTY("SubState", "s", property<&InstanceStatus::subState>, 0, kTold),
    SD_BUS_PROPERTY("StatusText", "s", property<&InstanceStatus::reason>, 0, kTold),
    SD_BUS_PROPERTY("MainPID", "u", property<mainPid>, 0, kTold),
    SD_BUS_PROPERTY("Enabled", "b", property<&InstanceStatus::enabled>, 0, kTold),
    SD_BUS_PROPERTY("Managed", "b", property<managed>, 0, kTold),
    SD_BUS_PROPERTY("NoRemove", "b", property<&InstanceStatus::noRemove>, 0, kTold),
    SD_BUS_PROPERTY("WantedState", "s", property<&InstanceStatus::desired>, 0, kTold),
    SD_BUS_PROPERTY("Priority", "i", property<&InstanceStatus::priority>, 0, kTold),
    SD_BUS_PROPERTY("EntryFile", "s", property<&InstanceStatus::sourceFile>, 0, kTold),
    SD_BUS_PROPERTY("ConfigurationFile", "s", property<&InstanceStatus::confFile>, 0, kTold),
    SD_BUS_PROPERTY("IncludeDirectory", "s", property<&InstanceStatus::includeDir>, 0, kTold),
    SD_BUS_PROPERTY("LogsDirectory", "s", property<&InstanceStatus::logsDir>, 0, kTold),
    SD_BUS_PROPERTY("LogFile", "s", property<&InstanceStatus::logFile>, 0, kTold),
    SD_BUS_PROPERTY("PIDDirectory", "s", property<&InstanceStatus::pidDir>, 0, kTold),
    SD_BUS_PROPERTY("SocketsDirectory", "s", property<&InstanceStatus::socksDir>, 0, kTold),
    SD_BUS_PROPERTY("Socket", "s", property<&InstanceStatus::socket>, 0, kTold),
    SD_BUS_PROPERTY("ControlProgram", "s", property<&InstanceStatus::supervisorctl>, 0, kTold),
    SD_BUS_PROPERTY("Endpoint", "s", property<&InstanceStatus::endpoint>, 0, kTold),
    SD_BUS_PROPERTY("StateChangeTimestamp", "t", property<since>, 0, kTold),
    SD_BUS_PROPERTY("StateChangeTimestampMonotonic", "t", property<&InstanceStatus::sinceMonotonicMicros>, 0, kTold),
    SD_BUS_PROPERTY("NRestarts", "u", property<&InstanceStatus::restarts>, 0, kTold),
    SD_BUS_PROPERTY("NTakeovers", "u", property<&InstanceStatus::takeovers>, 0, kTold),
    SD_BUS_PROPERTY("Result", "s", property<&InstanceStatus::result>, 0, kTold),
    SD_BUS_PROPERTY("NPrograms", "u", property<programs>, 0, kTold),
    SD_BUS_PROPERTY("ProgramsByState", "a{su}", property<&InstanceStatus::programCounts>, 0, kTold),
    SD_BUS_PROPERTY("ControlGroup", "s", property<&InstanceStatus::controlGroup>, 0, kTold),
    SD_BUS_PROPERTY("MemoryCurrent", "t", property<memory>, 0, 0),
    SD_BUS_PROPERTY("CPUUsageUSec", "t", property<processorTime>, 0, 0),
    SD_BUS_VTABLE_END,
};

}  // namespace

const sd_bus_vtable* instanceTable() noexcept { return kTable; }

}  // namespace bus
