#!/usr/bin/env bash
# Mosquitto, an MQTT broker. Ready: it takes connections. With TLS_DIR, a folder with ca.crt,
# broker.crt and broker.key, it listens on the port after PORT as well: for clients with a
# certificate, and for the user avocet with the password s3cret. Files expired.* and foreign.* there
# are certificates that nobody should trust: it shows them on the two ports after that.
. "$(dirname "$0")/service.sh"
PATH=$PATH:/usr/sbin

install() { need mosquitto mosquitto_passwd mosquitto_pub mosquitto_sub; }

# secure_listener PORT DIRECTORY: the lines of mosquitto.conf for it.
secure_listener() {
  mosquitto_passwd -b -c "$2/passwords" avocet s3cret
  cat <<EOF
listener $1 127.0.0.1
allow_anonymous false
password_file $2/passwords
cafile $TLS_DIR/ca.crt
certfile $TLS_DIR/broker.crt
keyfile $TLS_DIR/broker.key
require_certificate true
EOF
}

# faulty_listener PORT NAME
faulty_listener() {
  cat <<EOF
listener $1 127.0.0.1
allow_anonymous true
certfile $TLS_DIR/$2.crt
keyfile $TLS_DIR/$2.key
EOF
}

run() {
  cat >"$2/mosquitto.conf" <<EOF
per_listener_settings true
persistence true
persistence_location $2/
max_inflight_messages 100
max_queued_messages 1000000
$([ "$(id -u)" != 0 ] || echo user root)
listener $1 127.0.0.1
allow_anonymous true
EOF
  if [ -n "${TLS_DIR:-}" ]; then
    secure_listener $(($1 + 1)) "$2"
    faulty_listener $(($1 + 2)) expired
    faulty_listener $(($1 + 3)) foreign
  fi >>"$2/mosquitto.conf"
  exec mosquitto -c "$2/mosquitto.conf"
}

dispatch "$@"
