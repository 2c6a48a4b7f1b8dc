#!/bin/sh
# SPDX-License-Identifier: MIT
#
# As it is run by cron: reads sensors and publishes their values, retained.
set -eu

BROKER=${BROKER:-localhost}
PORT=${PORT:-1883}
PREFIX="home/$(basename "$0" .sh)"
MQTT="mosquitto_pub -h $BROKER -p $PORT -u sensors -P s3cret -i cron-sensors -k 30"

publish() {
  $MQTT -q 1 -r -t "$PREFIX/$1" -m "$2" || echo "cannot publish $1" >&2
}

read_sensor() {
  case $1 in
    attic) echo 20.5 ;;
    cellar) echo 11 ;;
    *) return 1 ;;
  esac
}

for room in attic cellar garden; do
  if value=$(read_sensor "$room"); then
    publish "$room/temperature" "$value"
    publish "$room/json" "{\"temperature\": $value, \"unit\": \"°C\"}"
  else
    publish "$room/error" "no reading"
  fi
done

# Uptime as a number, and the load as it is, with its newline.
$MQTT -t "$PREFIX/uptime" -m 12345
printf '0.10 0.20 0.30\n' | $MQTT -t "$PREFIX/load" -s
# The old topic is cleared.
$MQTT -t "$PREFIX/old" -r -n
echo "published as $PREFIX"
