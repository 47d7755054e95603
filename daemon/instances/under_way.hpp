// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "daemon/instances/fleet.hpp"

namespace instances {

/// One change of an instance, from its check until its files are in place; who works on it holds a share. A later
/// change of the same instance takes the place of one that is being checked, and waits for one that is being brought
/// about: an owner decides how long that takes, and must not decide which entry holds in the end.
struct Fleet::UnderWay {
  UnderWay(Fleet& owner, std::string instance) : fleet(owner), alive(owner.alive_), name(std::move(instance)) {}
  ~UnderWay() {
    if (alive.expired() || over) return;
    fleet.changing_.erase(name);
    if (!then) return;
    fleet.soon_.push_back(std::move(then));
    fleet.changes_.schedule();
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

  Fleet& fleet;
  std::weak_ptr<bool> alive;
  const std::string name;
  std::function<void()> then;  ///< the latest change that waits
  bool checking = false;       ///< nothing has been changed yet
  bool over = false;           ///< a later change, or a removal, has taken its place: it may do nothing more
};

}  // namespace instances
