#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/e2e/link_local.sh BIN
#
# A broker at a link-local IPv6 address, which is reached only if its zone is (RFC 4007). In a network
# of its own, so that the address and the ports are free. 77: this machine allows none.

set -euo pipefail

if [[ ${2-} != inside ]]; then
  unshare --map-root-user --net true 2>/dev/null && command -v ip >/dev/null || exit 77
  exec unshare --map-root-user --net "$0" "$1" inside
fi

bin=$1
directory=$(mktemp -d "${TMPDIR:-/tmp}/mqtt-tools-zone.XXXXXX")
broker=
# No settings of whoever runs this.
for name in ${!MQTT_@}; do
  [[ $name == MQTT_TOOLS_* ]] || unset "$name"
done
export HOME=$directory XDG_CONFIG_HOME=$directory
# shellcheck disable=SC2317  # The trap below calls it.
finish() {
  if [[ -n $broker ]]; then
    kill "$broker"
    wait "$broker" || true
  fi
  rm -rf "$directory"
}
trap finish EXIT

ip link set lo up
ip -6 address add fe80::abcd/64 dev lo nodad || exit 77

cat >"$directory/mosquitto.conf" <<CONF
user root
allow_anonymous true
listener 1883
listener 8080
protocol websockets
CONF
PATH=$PATH:/usr/sbin mosquitto -c "$directory/mosquitto.conf" >"$directory/log" 2>&1 &
broker=$!

failed=0
# expect CODE WORDS COMMAND...: the exit code, and words that stand in what is printed.
expect() {
  local code=$1 words=$2 status=0 said
  shift 2
  said=$("$bin/$1" "${@:2}" 2>&1) || status=$?
  if [[ $status != "$code" || $said != *"$words"* ]]; then
    echo "$*: $status instead of $code, and this instead of '$words': $said"
    failed=1
  fi
}

expect 0 '' mqtt-pub --wait 10 -h 'fe80::abcd%lo' -r t hi
expect 0 '' mqtt-pub -h '[fe80::abcd%lo]:1883' t hi
expect 0 '' mqtt-pub -h 'fe80::abcd%1' t hi
expect 0 hi mqtt-sub -W 10 -L 'mqtt://[fe80::abcd%25lo]/t' -C 1
expect 0 hi mqtt-sub -W 10 -L 'ws://[fe80::abcd%25lo]:8080/mqtt' -t t -C 1
expect 2 'needs its network interface, as in fe80::abcd%eth0' mqtt-pub -h fe80::abcd t hi
expect 3 "no network interface 'nowhere9'" mqtt-pub -h 'fe80::abcd%nowhere9' t hi
expect 3 'connection refused' mqtt-pub -h 'fe80::abcd%lo' -p 1884 t hi
exit "$failed"
