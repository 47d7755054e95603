// SPDX-License-Identifier: MIT
#include "ctl/echo_supervisord_conf/sample.hpp"

std::string_view sampleConfiguration() noexcept {
  return R"sample(; Sample supervisor config file.
;
; A line that starts with ';' or '#' is a comment; so is the rest of a line from a ';' that has a blank in front of it.
; A line indented deeper than its key goes on with that key's value.
; %(here)s is the directory of this file, %(ENV_X)s the environment variable X, and a literal '%' is written '%%'.
; "~" means the home directory only where a note says so. Quotes belong to the value, except in 'environment'
; and 'command'.

[unix_http_server]
file=/tmp/supervisor.sock       ; the socket that supervisorctl talks to; "~" allowed
;chmod=0700                     ; its mode, octal; this is the default
;chown=nobody:nogroup           ; its user, or user:group; default: the daemon's
;username=user                  ; ask for this name (default: no authentication) ...
;password=123                   ; ... and this password, plain, or {SHA256} and its hexadecimal digest

;[inet_http_server]             ; the same over TCP, and the web page; off unless this section is here
;port=127.0.0.1:9001            ; address:port; "*:9001" or "9001" listens on every address; [::1]:9001 is IPv6
;username=user                  ; as above: whoever reaches the port and knows these runs commands as the daemon
;password=123
;allowed_hosts=tools.example.org ; without a password: names to answer to, besides addresses and localhost

[supervisord]
logfile=/tmp/supervisord.log    ; the activity log; "syslog" for the system log
logfile_maxbytes=50MB           ; rotate it at this size; 0: never
logfile_backups=10              ; how many rotated ones to keep; 0: none
loglevel=info                   ; critical, error, warn, info, debug, trace or blather
pidfile=/tmp/supervisord.pid    ; where the daemon writes its process number
nodaemon=false                  ; true: stay in the foreground
silent=false                    ; true: in the foreground, keep the log off the terminal
minfds=1024                     ; refuse to start with fewer file descriptors
minprocs=200                    ; refuse to start with fewer processes
;umask=022                      ; for the files of the daemon, octal
;user=supervisord               ; become this account; needs root
;identifier=supervisor          ; the name of this daemon, in events and names of logs
;directory=/tmp                 ; where to be after going to the background
;nocleanup=true                 ; keep the automatic logs of an earlier run
;childlogdir=/tmp               ; where automatic logs go; default: $TMPDIR or /tmp
;environment=KEY="value"        ; for every program
;strip_ansi=false               ; true: take terminal escapes out of the programs' output
;log_backpressure=block         ; drop: lose output that a pipe or the system log has no room for, do not wait

; Without this section supervisorctl and the web page have nothing to talk to.

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

; What supervisorctl needs to know. It must match one of the servers above.

[supervisorctl]
serverurl=unix:///tmp/supervisor.sock ; a socket: unix://PATH
;serverurl=http://127.0.0.1:9001 ; or TCP: http://HOST:PORT
;username=chris                 ; what the server asks for
;password=123
;prompt=mysupervisor            ; what stands in front of the cursor; default: supervisor
;history_file=~/.sc_history     ; keep the lines typed; "~" allowed

; A program to run. Every key that there is, with an example; only 'command' is needed.

;[program:theprogramname]
;command=/bin/cat               ; what to run; without '/' it is looked for in PATH; no shell is involved
;process_name=%(program_name)s  ; its name; with numprocs above 1 it must hold %(process_num)s
;numprocs=1                     ; how many copies
;numprocs_start=0               ; the number of the first copy
;directory=/tmp                 ; where to run it; default: where the daemon is
;umask=022                      ; octal; default: the daemon's
;priority=999                   ; lower starts earlier and stops later
;autostart=true                 ; start it with the daemon
;startsecs=1                    ; it has started when it stayed up for this long
;startretries=3                 ; attempts after the first, then it is FATAL
;autorestart=unexpected         ; when it exits: true, false, or unexpected (by exitcodes)
;exitcodes=0                    ; the expected exit codes, "0,2"
;stopsignal=QUIT                ; how it is asked to stop; default: TERM
;stopwaitsecs=10                ; how long it may take before it is killed
;stopasgroup=false              ; true: ask its whole process group
;killasgroup=false              ; true: kill its whole process group
;user=chrism                    ; run it as this account; needs root
;oom_score_adj=500              ; how likely it is killed when memory runs out; default: 200 above supervisord's
;redirect_stderr=true           ; put stderr where stdout goes; default: false
;stdout_logfile=/a/path         ; a file, AUTO (default) or NONE; "~" allowed
;stdout_logfile_maxbytes=1MB    ; rotate it at this size; 0: never; default: 50MB
;stdout_logfile_backups=10      ; how many rotated ones to keep; 0: none
;stdout_capture_maxbytes=1MB    ; most bytes between communication marks; default: 0, do not look for them
;stdout_events_enabled=false    ; true: an event for all that is written
;stdout_syslog=false            ; true: also to the system log
;stderr_logfile=/a/path         ; as for stdout, to the end of this list
;stderr_logfile_maxbytes=1MB
;stderr_logfile_backups=10
;stderr_capture_maxbytes=1MB
;stderr_events_enabled=false
;stderr_syslog=false
;log_backpressure=block         ; as above, for this program
;environment=A="1",B="2"        ; on top of the daemon's
;serverurl=AUTO                 ; SUPERVISOR_SERVER_URL in its environment; AUTO: one of the servers above

; A program that is told what happens, in the event listener protocol: the keys of a program, except those of capture,
; and these. redirect_stderr must stay false.

;[eventlistener:theeventlistenername]
;command=/bin/eventlistener
;process_name=%(program_name)s
;numprocs=1
;events=EVENT                   ; the types of event that it wants, "PROCESS_STATE,TICK_60"; needed
;buffer_size=10                 ; events that may wait for it
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
;socket=unix:///tmp/fcgi.sock   ; or tcp://HOST:PORT; needed
;socket_owner=nobody:nogroup    ; for a Unix socket; default: the account of 'user'
;socket_mode=0700               ; for a Unix socket, octal
;socket_backlog=128             ; connections that may wait

; Programs that are started and stopped together: "supervisorctl start thegroupname:*".

;[group:thegroupname]
;programs=progname1,progname2   ; names of [program:x] sections
;priority=999                   ; of the group among groups and programs

; More files, read as if they stood here. Relative names start from the directory of this file.

;[include]
;files = relative/directory/*.ini
)sample";
}
