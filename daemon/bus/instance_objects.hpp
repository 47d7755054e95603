// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "daemon/bus/bus_methods.hpp"
#include "daemon/bus/loop_bus.hpp"
#include "daemon/bus/raw_bus.hpp"
#include "daemon/bus/status_difference.hpp"

struct sd_bus_slot;

namespace bus {

/// Numbers of instances, for the manager's properties.
struct InstanceCounts {
  std::uint32_t all = 0;
  std::uint32_t running = 0;
  std::uint32_t failed = 0;
  std::uint32_t troubled = 0;
};

/// The objects of all instances. One table of sd-bus serves every path below kInstancePrefix: an object of sdbus-c++
/// for each instance took 16 KB. Here an instance has only a digest of what was signalled of it last; its properties
/// are read from the manager for each message that asks for them.
class InstanceObjects {
 public:
  InstanceObjects(BusMethods& methods, const RawBus& bus, const LoopBus& loopBus);
  ~InstanceObjects();
  InstanceObjects(const InstanceObjects&) = delete;
  InstanceObjects& operator=(const InstanceObjects&) = delete;

  // These throw sdbus::Error when their signal cannot be sent.

  /// Shows and signals the object of an instance; nothing if there is one already, or no such instance.
  void add(const std::string& name);
  void remove(const std::string& name);
  /// Signals the properties that changed since the last signal. With `patient`, not if only the numbers of programs
  /// did: returns true if so.
  bool update(const std::string& name, bool patient = false);
  [[nodiscard]] const InstanceCounts& counts() const noexcept { return counts_; }

  // For the table of methods and properties (instance_table.cpp).

  /// The instance that the message at hand is about.
  [[nodiscard]] const instances::InstanceStatus& current() const noexcept { return current_; }
  [[nodiscard]] BusMethods& methods() noexcept { return methods_; }
  [[nodiscard]] const RawBus& rawBus() const noexcept { return bus_; }

 private:
  /// What was signalled of an instance last.
  struct Object {
    StatusDigest digest;
    instances::InstanceState state = instances::InstanceState::Inactive;
    bool troubled = false;
  };
  using Objects = std::map<std::string, Object>;

  /// Whether there is an object at `path`; makes its instance the current one.
  bool select(const char* path);
  bool readStatus(const std::string& name);
  void signalChanges(const std::string& name, Object& object, const StatusDigest& now);
  void count(const Object& object, int change) noexcept;
  [[nodiscard]] char** paths() const;

  BusMethods& methods_;
  const RawBus& bus_;
  const LoopBus& loopBus_;
  Objects objects_;
  InstanceCounts counts_;
  instances::InstanceStatus current_;
  std::uint64_t currentTurn_ = 0;  ///< of the loop's messages, in which current_ was read
  bool removing_ = false;          ///< the removal of an object is being signalled
  sd_bus_slot* table_ = nullptr;
  sd_bus_slot* enumerator_ = nullptr;
};

}  // namespace bus
