// SPDX-License-Identifier: MIT
// Any bytes from a listener, in any pieces: the invariants of its pool hold.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "instance/config/model.hpp"
#include "instance/events/pool.hpp"

using namespace events;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

class FuzzProcess : public ListenerProcess {
 public:
  [[nodiscard]] bool running() const override { return isRunning; }
  bool send(std::string_view bytes) override {
    require(bytes.starts_with("ver:3.0 server:s serial:"));
    return !broken;
  }
  bool isRunning = true;
  bool broken = false;
};

/// A busy listener understands the same, however its bytes are cut.
void cutAnywhere(std::string_view bytes, std::size_t cut) {
  const auto judge = [](std::string& result) {
    return result == "OK"  ? ListenerResult::Accepted
           : result == "E" ? ListenerResult::Failed
                           : ListenerResult::Rejected;
  };
  ListenerProtocol whole, pieces;
  for (ListenerProtocol* protocol : {&whole, &pieces}) {
    (void)protocol->on("READY\n", judge);
    protocol->sent();
  }
  const auto expected = whole.on(bytes, judge);
  auto actions = pieces.on(bytes.substr(0, cut), judge);
  const auto rest = pieces.on(bytes.substr(cut), judge);
  actions.insert(actions.end(), rest.begin(), rest.end());
  require(actions == expected && pieces.state() == whole.state());
}

/// One byte selects what happens, the following ones are the output of the listener.
void drivePool(std::string_view input) {
  config::GroupConfig group;
  group.name = "p";
  group.listener = config::ListenerSettings{3, {"EVENT"}, config::ResultHandler::StdinWrite};
  std::size_t writes = 0;
  Shared shared{"s", 0, [&](const Source&, std::string_view) { ++writes; },
                [](std::string_view, config::Backpressure) {}};
  Pool pool(group, shared);
  FuzzProcess processes[2];
  Pool::Member* members[2] = {&pool.add("a", processes[0]), &pool.add("b", processes[1])};
  while (!input.empty()) {
    const auto op = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    const std::size_t which = op & 1;
    switch ((op >> 1) & 7) {
      case 0: pool.accept(makeCommunicationEvent(Channel::Stdout, 1, input.substr(0, 3), {"x", "y"})); break;
      case 1: pool.accept(makeTickEvent(Type::Tick5, op)); break;
      case 2: pool.dispatch(); break;
      case 3: pool.spawned(*members[which]); break;
      case 4: pool.lost(*members[which]); break;
      case 5: processes[which].isRunning = !processes[which].isRunning; break;
      case 6: (void)pool.onOutput(*members[which], "READY\n"); break;
      default: {
        const std::string_view bytes = input.substr(0, op >> 4);
        input.remove_prefix(bytes.size());
        const bool unknown = members[which]->state() == ListenerState::Unknown;
        const bool violated = pool.onOutput(*members[which], bytes);
        require(!violated || (!unknown && members[which]->state() == ListenerState::Unknown));
        break;
      }
    }
    require(pool.queued() <= 3);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  cutAnywhere(input.substr(1), std::min<std::size_t>(data[0], size - 1));
  drivePool(input);
  return 0;
}
