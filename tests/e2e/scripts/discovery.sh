#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Tells Home Assistant of a device, and sends its states as lines.
MQTT_HOST=${BROKER:-127.0.0.1}
MQTT_PORT=${PORT:-1883}
NODE="node1"

mqtt_config() {
  local component=$1 object=$2 name=$3 extra=$4
  mosquitto_pub --host "$MQTT_HOST" --port "$MQTT_PORT" --retain --qos 1 --quiet \
    --id-prefix discovery- --topic "homeassistant/$component/$NODE/$object/config" \
    --message "{\"name\":\"$name\",\"state_topic\":\"$NODE/$object/state\",\"unique_id\":\"${NODE}_$object\"$extra}"
}

mqtt_config sensor power "Power" ',"unit_of_measurement":"W","device_class":"power"'
mqtt_config binary_sensor door "Front door" ',"payload_on":"ON","payload_off":"OFF"'

# One connection for the whole series, with a will.
for watts in 100 250 75; do
  echo "$watts"
done | mosquitto_pub -h "$MQTT_HOST" -p "$MQTT_PORT" -q 1 -l -t "$NODE/power/state" \
  --will-topic "$NODE/availability" --will-payload offline --will-qos 1 --will-retain

mosquitto_pub -L "mqtt://$MQTT_HOST:$MQTT_PORT/$NODE/door/state" -m ON -r
mosquitto_pub -L "mqtt://$MQTT_HOST:$MQTT_PORT/$NODE/availability" -m online -r -V mqttv311 -q 2

# What was kept is read back.
mosquitto_sub -h "$MQTT_HOST" -p "$MQTT_PORT" -t "$NODE/door/state" -C 1 -W 5
mosquitto_sub -h "$MQTT_HOST" -p "$MQTT_PORT" -t "$NODE/+/state" -C 1 -W 5 -v -R -q 1 &
reader=$!
sleep 0.3
mosquitto_pub -h "$MQTT_HOST" -p "$MQTT_PORT" -t "$NODE/lamp/state" -m '  two blanks'
wait $reader
echo "reader: $?"
