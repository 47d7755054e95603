// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>

namespace events {
class Service;
}
namespace state {
struct State;
}

namespace handover {

/// Writes the records of events, queues and listeners into a journal: those that have changed. `service` must outlive
/// this.
class EventRecords {
 public:
  explicit EventRecords(const events::Service& service) : service_(service) {}
  /// Appends what has changed since the last call.
  void append(std::string& out);
  /// The whole journal has been written again, with `state`.
  void begin(const state::State& state);

 private:
  template <class Record>
  void appendIfNew(std::string& out, const Record& record);

  const events::Service& service_;
  std::uint64_t revision_ = 0;
  std::set<std::uint64_t> events_;                       ///< serials of those that the journal has
  std::unordered_map<std::string, std::uint64_t> last_;  ///< head and hash of the others
};

}  // namespace handover
