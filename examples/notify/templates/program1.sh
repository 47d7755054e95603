#!/bin/bash
user=$(id -un)
prg=program1
while true
do 
    echo "$(date -Iseconds) - - - Hello from ${user}:${prg} to stdout....." 
    sleep 2
done
