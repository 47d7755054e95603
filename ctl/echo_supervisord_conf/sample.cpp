// SPDX-License-Identifier: MIT
#include "ctl/echo_supervisord_conf/sample.hpp"

std::string_view sampleConfiguration() noexcept {
  return R"sample(; Sample supervisor config file.
;
; A line that starts with ';' or '#' is a comment; so is the rest of a line from a ';' that has a blank in front of it.
; A line that is indented deeper than its key continues the value of that key.
; %(here)s is the directory of this file, %(ENV_X)s the environment variable X, and a literal '%' is written '%%'.
; "~" means the home directory only for keys marked so. Quotes are part of the value, except in 'environment' and
; 'command'.

[unix_http_server]
file=/tmp/supervisor.sock       ; the socket for supervisorctl; "~" allowed
;chmod=0700                     ; its mode, octal; this is the default
;chown=nobody:nogroup           ; its user, or user:group; default: the daemon's
;username=user                  ; ask for this name (default: no authentication) ...
;password=123                   ; ... and this password, plain, or {SHA256} and its hexadecimal digest

;[inet_http_server]             ; the same over TCP, and the web page; off unless this section is here
;port=127.0.0.1:9001            ; address:port; "*:9001" or "9001" listens on every address; [::1]:9001 is IPv6
;username=user                  ; as above: anyone who can reach the port and knows these runs commands as the daemon
;password=123
;allowed_hosts=tools.example.org ; without a password: host names that are accepted, besides addresses and localhost

[supervisord]
logfile=/tmp/supervisord.log    ; the activity log; "syslog" for the system log
logfile_maxbytes=50MB           ; rotate it at this size; 0: never
logfile_backups=10              ; how many rotated ones to keep; 0: none
loglevel=info                   ; critical, error, warn, info, debug, trace or blather
pidfile=/tmp/supervisord.pid    ; where the daemon writes its process number
;state_file=/var/lib/mine.state ; remembers what is disabled; default: beside the activity log (not Supervisor's)
nodaemon=false                  ; true: stay in the foreground
silent=false                    ; true: in the foreground, keep the log off the terminal
minfds=1024                     ; refuse to start with fewer file descriptors
minprocs=200                    ; refuse to start with fewer processes
;umask=022                      ; for the files of the daemon, octal
;user=supervisord               ; become this account; needs root
;identifier=supervisor          ; the name of this daemon, in events and names of logs
;directory=/tmp                 ; change to this directory when going to the background
;nocleanup=true                 ; keep the automatic logs of an earlier run
;childlogdir=/tmp               ; where automatic logs go; default: $TMPDIR or /tmp
;environment=KEY="value"        ; for every program
;strip_ansi=false               ; true: remove terminal escapes from the programs' output
;log_backpressure=block         ; drop: discard output when a pipe or the system log is full, do not wait
;exit_when=never                ; all_exited: end when no program runs or will run (not Supervisor's)

; supervisorctl and the web page need this section.

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

; The settings of supervisorctl. They must match one of the servers above.

[supervisorctl]
serverurl=unix:///tmp/supervisor.sock ; a socket: unix://PATH
;serverurl=http://127.0.0.1:9001 ; or TCP: http://HOST:PORT
;username=chris                 ; the name and password of the server's section
;password=123
;prompt=mysupervisor            ; the word in front of the cursor; default: supervisor
;history_file=~/.sc_history     ; store the lines typed; "~" allowed

; A program to run: all keys, with examples; only 'command' is required.

;[program:theprogramname]
;command=/bin/cat               ; what to run; without '/' it is searched in PATH; not run by a shell
;process_name=%(program_name)s  ; its name; with numprocs above 1 it must contain %(process_num)s
;numprocs=1                     ; how many copies
;numprocs_start=0               ; the number of the first copy
;directory=/tmp                 ; where to run it; default: the daemon's directory
;umask=022                      ; octal; default: the daemon's
;priority=999                   ; lower starts earlier and stops later
;autostart=true                 ; start it with the daemon; last: only if it was to run before (not Supervisor's)
;startsecs=1                    ; it has started when it has run for this many seconds
;startretries=3                 ; attempts after the first, then it is FATAL; -1: no limit
;autorestart=unexpected         ; when it exits: true, false, or unexpected (by exitcodes)
;exitcodes=0                    ; the expected exit codes, "0,2"
;stopsignal=QUIT                ; the signal that stops it; default: TERM
;stopwaitsecs=10                ; seconds to wait before it is killed
;stopasgroup=false              ; true: send the signal to its whole process group
;killasgroup=false              ; true: kill its whole process group
;user=chrism                    ; run it as this account; needs root
;oom_score_adj=500              ; how likely it is killed when memory runs out; default: 200 above supervisord's
;redirect_stderr=true           ; send stderr to the log of stdout; default: false
;stdout_logfile=/a/path         ; a file, AUTO (default) or NONE; "~" allowed
;stdout_logfile_maxbytes=1MB    ; rotate it at this size; 0: never; default: 50MB
;stdout_logfile_backups=10      ; how many rotated ones to keep; 0: none
;stdout_capture_maxbytes=1MB    ; size of the text between communication marks; default: 0, do not look for them
;stdout_events_enabled=false    ; true: send events with the output
;stdout_syslog=false            ; true: also to the system log
;stderr_logfile=/a/path         ; these six as for stdout
;stderr_logfile_maxbytes=1MB
;stderr_logfile_backups=10
;stderr_capture_maxbytes=1MB
;stderr_events_enabled=false
;stderr_syslog=false
;log_backpressure=block         ; as above, for this program
;environment=A="1",B="2"        ; in addition to the daemon's
;serverurl=AUTO                 ; SUPERVISOR_SERVER_URL in its environment; AUTO: one of the servers above
; The keys from here on are not Supervisor's.
;exec_start_pre=/path/to/check   ; commands before the start, one a line; '-' in front: it may fail
;exec_start_post=/path/to/tell   ; beside the running program
;exec_stop=/path/to/stop now     ; instead of the stop signal; $MAINPID is the program's pid
;exec_stop_post=/path/to/clean   ; after its end, with SUPERVISOR_RESULT and SUPERVISOR_EXIT_CODE in its environment
;exec_start_pre_timeout=30       ; the time for each command; the same for the three others
;exec_start_post_timeout=30
;exec_stop_timeout=30
;exec_stop_post_timeout=30
;stopsignal=TERM 10, INT 5, KILL ; signals one after the other, with the seconds between them
;kill_scope=tree                 ; what is stopped: process, group, session or tree; default: see stopasgroup
;leftovers=stop                  ; processes that it leaves behind when it ends by itself; default: keep
;restart_delay=2                ; seconds before it is started again; also 500ms, 5m, 1h; default: as Supervisor
;restart_delay_factor=2         ; what each failure multiplies the delay by; default: 1
;restart_delay_max=60           ; the longest delay
;restart_limit=5/60             ; the most restarts in so many seconds, then it is FATAL; default: no limit
;fatal_retry=1h                 ; try a FATAL program again after so long; default: never
;ready=notify                   ; RUNNING after its READY=1, as for systemd; also fd:3, log:REGEX,
                                ; file:PATH, tcp:PORT, unix:PATH, http://localhost:PORT/PATH, exec:COMMAND
;ready_timeout=90               ; a program that is not ready then has failed to start; 0: no limit
;ready_interval=500ms           ; pause between two questions of tcp, unix, http and exec
;notify_access=main             ; whose notifications count: its own process's, or with all those of its process group
;notify_status=false            ; true: show the program's STATUS in its description
;health_check=tcp:8080          ; or unix:PATH, http://HOST:PORT/PATH [STATUS], exec:COMMAND, watchdog; default: none
;health_interval=10             ; seconds from one question to the next
;health_timeout=5               ; seconds for the answer
;health_retries=3               ; so many failures in a row, and it is unhealthy
;health_start_period=0          ; seconds in which failures do not count, until the first success
;health_action=restart          ; of an unhealthy program: restart, stop, signal NAME or none
;watchdog=0                     ; seconds within which it has to send WATCHDOG=1, as with sd_notify; 0: never
;memory_restart=500MB           ; restart it when it has more memory, with its children; default: no limit
;memory_interval=10             ; seconds from one look at its memory to the next
;environment_file=-/etc/app.env  ; files with variables, one a line, read at each start; "-": may be missing
;environment_clean=false        ; true: inherit only PATH from supervisord
;login_environment=false        ; true: set HOME, USER and LOGNAME to those of the account
;environment_process_number=true ; set SUPERVISOR_PROCESS_NUMBER
;credential=key:/etc/app/key    ; secrets, one a line: NAME:PATH, files in $CREDENTIALS_DIRECTORY
;read_only_paths=/etc           ; it can only read these, one a line; "-": may be missing
;private_tmp=false              ; true: /tmp and /var/tmp are its own, empty, and in memory
;group=www-data                 ; its group; needs root
;supplementary_groups=adm,tty   ; in addition to those of the account; needs root
;limit_as=4GB                   ; resource limits: a number or size, SOFT:HARD, or unlimited
;limit_core=0
;limit_cpu=3600
;limit_data=4GB
;limit_fsize=1GB
;limit_locks=100
;limit_memlock=64KB
;limit_msgqueue=800KB
;limit_nice=20
;limit_nofile=1024:4096
;limit_nproc=100
;limit_rss=1GB
;limit_rtprio=0
;limit_rttime=unlimited
;limit_sigpending=100
;limit_stack=8MB
;nice=5                         ; from -20 (first) to 19
;ionice=best-effort:4           ; idle, best-effort:LEVEL or realtime:LEVEL; levels from 0 (first) to 7
;cpu_affinity=0-3,8             ; the processors that it may use
;capabilities=net_bind_service  ; it has only these, also as another account than root; none: no one
;no_new_privileges=false        ; true: program files cannot give it other rights
;depends_on=db,cache:started    ; start it when these are RUNNING or as named; stop it before them
;restart_with_dependencies=false ; restart it when one of these is started again
;type=simple                    ; oneshot: its end with one of its exitcodes is success, however early
;start_delay=5                  ; what an automatic start waits for, when nothing else is missing
;stagger=500ms                  ; with numprocs: each waits so much longer than the one before
;reload_signal=HUP              ; what "supervisorctl reload-program" sends it; default: none
;reload_command=/bin/reload     ; or what it runs
;reload_timeout=60              ; seconds that the command may run; default: 60
;schedule=30 2 * * mon-fri      ; start it then: a cron expression, @daily, @every 5m; default: none
;schedule_overlap=skip          ; when it still runs: skip, queue or kill
;schedule_jitter=30s            ; each run is late by a random time up to this; default: none
;time_zone=Europe/Berlin        ; of the schedule; default: local time
;essential=false                ; true: when it has ended permanently, supervisord ends with its exit status
;max_runtime=1h                 ; what runs longer is stopped, as if it had failed; default: no limit
;max_age=7d                     ; restart it when its process is that old; default: never
;max_age_jitter=12h             ; up to which that comes later; default: a tenth of max_age
;run_window=mon-fri 08:00-18:00 ; when it runs; default: always
;sockets=thesocketname          ; [socket:x] sections that supervisord opens for it (LISTEN_FDS, as systemd)
;autostart=ondemand             ; with sockets: start it when somebody connects
;idle_stop=5m                   ; with ondemand: stop it when nobody was connected for so long; default: never
;watch=/etc/app.conf,/srv/app   ; restart it when one of these files, or something below these directories, changes
;watch_action=restart           ; what a change leads to: restart, reload (as above) or signal NAME
;watch_delay=500ms              ; how long nothing else must change before that
;watch_ignore=*.pyc,*~,.git     ; names that do not count below a directory; default: see supervisord.conf(5)
;memory_max=512MB               ; limits of it with all that it starts, by a control group: more memory ends it
;memory_high=400MB              ; above this it is slowed down
;cpu_max=1.5                    ; processors; or a percentage of one, "50%%"
;tasks_max=100                  ; processes and threads

; Values that every program takes that does not give them itself: all keys of a program. Not Supervisor's.

;[program-defaults]
;stopwaitsecs=30

; A program that receives events in the event listener protocol: the keys of a program, except those of capture, and
; these. redirect_stderr must stay false.

;[eventlistener:theeventlistenername]
;command=/bin/eventlistener
;process_name=%(program_name)s
;numprocs=1
;events=EVENT                   ; the types of its events, "PROCESS_STATE,TICK_60"; required
;buffer_size=10                 ; number of events that can wait for it
;event_details=false            ; true: exit codes, signals and reasons behind Supervisor's words (ours)
;directory=/tmp
;umask=022
;priority=-1                    ; listeners start before programs
;autostart=true
;startsecs=1
;startretries=3
;autorestart=unexpected
;exitcodes=0
;stopsignal=QUIT
;stopwaitsecs=10
;stopasgroup=false
;killasgroup=false
;user=chrism
;redirect_stderr=false
;stdout_logfile=/a/path
;stdout_logfile_maxbytes=1MB
;stdout_logfile_backups=10
;stdout_events_enabled=false
;stdout_syslog=false
;stderr_logfile=/a/path
;stderr_logfile_maxbytes=1MB
;stderr_logfile_backups=10
;stderr_events_enabled=false
;stderr_syslog=false
;log_backpressure=block
;environment=A="1",B="2"
;serverurl=AUTO

; A FastCGI program: the keys of a program, and the socket that its copies share on their standard input.

;[fcgi-program:thefcgiprogramname]
;command=/usr/bin/fcgi
;socket=unix:///tmp/fcgi.sock   ; or tcp://HOST:PORT; required
;socket_owner=nobody:nogroup    ; for a Unix socket; default: the account of 'user'
;socket_mode=0700               ; for a Unix socket, octal
;socket_backlog=128             ; number of connections that can wait

; Sockets that programs with this name among their 'sockets' get, open also while these start again. Not Supervisor's.

;[socket:thesocketname]
;socket=tcp://127.0.0.1:8080    ; or udp://HOST:PORT, unix:///PATH; several with commas; "*": every address
;socket_owner=nobody:nogroup    ; for a Unix socket; default: the daemon's
;socket_mode=0700               ; for a Unix socket, octal
;socket_backlog=128             ; number of connections that can wait

; Programs that can be started and stopped together: "supervisorctl start thegroupname:*".

;[group:thegroupname]
;programs=progname1,progname2   ; names of [program:x] sections
;priority=999                   ; of the group among groups and programs
;autorestart=true               ; any other key of a program: for the members that do not give it (not Supervisor's)

; More files, read as part of this one. Relative names start in the directory of this file.

;[include]
;files = relative/directory/*.ini
)sample";
}
