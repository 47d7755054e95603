// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "lib/dialect/schema.hpp"

namespace config {

/// The keys of a program that Supervisor does not have and that Extension holds, by topic. None has a default text: a
/// missing key is a struct's default.
inline constexpr auto kExtensionKeys = std::to_array<Key>({
    // pacing
    {"restart_delay"},
    {"restart_delay_max"},
    {"restart_delay_factor"},
    {"restart_limit"},
    {"fatal_retry"},
    // readiness
    {"ready"},
    {"ready_timeout"},
    {"ready_interval"},
    {"notify_access"},
    {"notify_status"},
    // health
    {"health_check"},
    {"health_interval"},
    {"health_timeout"},
    {"health_retries"},
    {"health_start_period"},
    {"health_action"},
    {"watchdog"},
    {"memory_restart"},
    {"memory_interval"},
    // surroundings
    {"group"},
    {"supplementary_groups"},
    {"environment_file"},
    {"environment_clean"},
    {"login_environment"},
    {"environment_process_number"},
    {"credential"},
    {"read_only_paths"},
    {"private_tmp"},
    // limits
    {"limit_as"},
    {"limit_core"},
    {"limit_cpu"},
    {"limit_data"},
    {"limit_fsize"},
    {"limit_locks"},
    {"limit_memlock"},
    {"limit_msgqueue"},
    {"limit_nice"},
    {"limit_nofile"},
    {"limit_nproc"},
    {"limit_rss"},
    {"limit_rtprio"},
    {"limit_rttime"},
    {"limit_sigpending"},
    {"limit_stack"},
    {"nice"},
    {"ionice"},
    {"cpu_affinity"},
    {"capabilities"},
    {"no_new_privileges"},
    // dependence
    {"depends_on"},
    {"restart_with_dependencies"},
    {"type"},
    {"start_delay"},
    {"stagger"},
    // reload
    {"reload_signal"},
    {"reload_command"},
    {"reload_timeout"},
    // commands around the program
    {"exec_start_pre"},
    {"exec_start_pre_timeout"},
    {"exec_start_post"},
    {"exec_start_post_timeout"},
    {"exec_stop"},
    {"exec_stop_timeout"},
    {"exec_stop_post"},
    {"exec_stop_post_timeout"},
    // stop
    {"kill_scope"},
    {"leftovers"},
    // schedule
    {"schedule"},
    {"schedule_overlap"},
    {"schedule_jitter"},
    {"time_zone"},
    // lifetime
    {"essential"},
    {"max_runtime"},
    {"max_age"},
    {"max_age_jitter"},
    {"run_window"},
    // activation
    {"sockets"},
    {"idle_stop"},
    // watch
    {"watch"},
    {"watch_action"},
    {"watch_delay"},
    {"watch_ignore"},
    // control group
    {"memory_max"},
    {"memory_high"},
    {"cpu_max"},
    {"tasks_max"},
});

}  // namespace config
