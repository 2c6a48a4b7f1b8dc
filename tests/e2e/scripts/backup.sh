#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs a job and reports how it went, with its files, in the way of many scripts for backups.
set -o pipefail
topic="jobs/backup"
opts=(-h "${BROKER:-localhost}" -p "${PORT:-1883}" -i "backup" -q 2 --nodelay -M 5
      -V 5 -D publish content-type text/plain -D publish user-property job nightly)

notify() {
  mosquitto_pub "${opts[@]}" -t "$topic/$1" -m "$2"
  return $?
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

notify state "started"
if printf 'file one\nfile two\n' > "$work/list" && head -c 2000 /dev/zero > "$work/archive"; then
  mosquitto_pub "${opts[@]}" -t "$topic/list" -f "$work/list"
  mosquitto_pub "${opts[@]}" -t "$topic/archive" -f "$work/archive"
  wc -c < "$work/archive" | mosquitto_pub "${opts[@]}" -t "$topic/size" -l
  notify state "succeeded" && echo "reported"
else
  notify state "failed"
fi
mosquitto_pub "${opts[@]}" -t "$topic/empty" -m ""
mosquitto_pub "${opts[@]}" -t "$topic/dash" -m "-5"
mosquitto_pub "${opts[@]}" -t "$topic/beat" -m "beat" --repeat 3 --repeat-delay 0.01
timeout 5 mosquitto_sub -h "${BROKER:-localhost}" -p "${PORT:-1883}" -t "$topic/#" -W 1 > "$work/none"
echo "nothing kept: $? $(wc -c < "$work/none")"
