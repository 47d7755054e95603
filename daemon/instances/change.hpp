// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/layout/apply.hpp"

/// What an operation does, or would do, to an instance: as data, so that nobody has to read it out of texts.
namespace instances {

enum class Deed {
  Nothing,  ///< its files are compared, and put right
  Add,
  Remove,
  Change,  ///< entry and files; what runs continues
  Start,
  Stop,
  Restart,
};

/// A line of an entry that differs. Without a value it has its default.
struct KeyChange {
  std::string key;
  std::optional<std::string> before;
  std::optional<std::string> after;
  bool secret = false;  ///< the values are empty: not everybody who may see the change may read them
  bool operator==(const KeyChange&) const = default;
};

/// Why a change was not made, or only a part of it. What the files of the instance refuse is in the layout's report.
struct Failure {
  enum class Cause {
    RefusedByCheck,  ///< its owner's check of the configuration; nothing was changed
    Superseded,      ///< a later change came while this one was checked; nothing was changed
    NotRecorded,     ///< the manager's own file of what is deployed cannot be written
    NotStarted,
    NotUpdated,  ///< it runs, and did not load its changed programs
  };
  Cause cause;
  std::string text;  ///< a sentence for people; empty where the cause is enough
  bool operator==(const Failure&) const = default;
};

/// One instance in the report of an operation.
struct Change {
  std::string name;
  Deed deed = Deed::Nothing;
  std::vector<KeyChange> keys = {};
  layout::Report report = {};
  /// More than one is possible: a record that cannot be written does not keep an instance from being started.
  std::vector<Failure> failures = {};

  [[nodiscard]] bool isEmpty() const {
    return deed == Deed::Nothing && report.changes.empty() && report.errors.empty() && failures.empty();
  }
  /// The first reason why not all of it was done; nothing if all was, or if a later change does it.
  [[nodiscard]] std::optional<std::string> problem() const;
};

}  // namespace instances
