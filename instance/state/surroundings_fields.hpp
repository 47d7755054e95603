// SPDX-License-Identifier: MIT
#pragma once

#include "instance/state/fields.hpp"
#include "lib/dialect/extension.hpp"

/// The fields of the keys for what surrounds a program's process: its environment, files, limits and control group.
namespace state {

template <class V>
constexpr void describe(V& v, Of<config::OptionalPath>) {
  using T = config::OptionalPath;
  v("path", &T::path);
  v("optional", &T::optional);
}

template <class V>
constexpr void describe(V& v, Of<config::Credential>) {
  using T = config::Credential;
  v("name", &T::name);
  v("path", &T::path);
}

template <class V>
constexpr void describe(V& v, Of<config::Surroundings>) {
  using T = config::Surroundings;
  v("group", &T::group);
  v("supplementaryGroups", &T::supplementaryGroups);
  v("environmentFiles", &T::environmentFiles);
  v("cleanEnvironment", &T::cleanEnvironment);
  v("loginEnvironment", &T::loginEnvironment);
  v("processNumber", &T::processNumber);
  v("credentials", &T::credentials);
  v("readOnlyPaths", &T::readOnlyPaths);
  v("privateTmp", &T::privateTmp);
}

template <class V>
constexpr void describe(V& v, Of<config::ResourceLimit>) {
  using T = config::ResourceLimit;
  v("resource", &T::resource);
  v("soft", &T::soft);
  v("hard", &T::hard);
}

template <class V>
constexpr void describe(V& v, Of<config::Limits>) {
  using T = config::Limits;
  v("resources", &T::resources);
  v("nice", &T::nice);
  v("ioPriority", &T::ioPriority);
  v("processors", &T::processors);
  v("capabilities", &T::capabilities);
  v("noNewPrivileges", &T::noNewPrivileges);
}

template <class V>
constexpr void describe(V& v, Of<config::ControlGroup>) {
  using T = config::ControlGroup;
  v("memoryMax", &T::memoryMax);
  v("memoryHigh", &T::memoryHigh);
  v("cpuQuota", &T::cpuQuota);
  v("tasksMax", &T::tasksMax);
}

}  // namespace state
