#!/usr/bin/env bash
# Apache Kafka: one node, broker and controller, from its Maven artifacts, whose checksums are beside
# this file. Ready: a client gets the list of topics. The controller listens on the port after PORT,
# and with TLS_DIR, a folder with broker.pem (key, certificate and authority), the broker on the one
# after that as well, for the user avocet with the password s3cret over SASL. On the two ports after
# that it shows expired.pem and foreign.pem, which nobody should trust. With DETOUR, a port from
# which something passes connections on, it has a listener for that on the port after those.
. "$(dirname "$0")/service.sh"
VERSION=4.0.0
HOME_OF=$SERVICES/kafka-$VERSION
CHECKSUMS=$(readlink -f "$(dirname "$0")/kafka-$VERSION.sha256")

install() {
  need java mvn
  install_once "$HOME_OF" fetch_jars "$CHECKSUMS" "org.apache.kafka:kafka_2.13:$VERSION" org.slf4j:slf4j-simple:1.7.36
}

kafka_java() {
  exec java -Xms128m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$HOME_OF/libs/*" "$@"
}

# The lines of server.properties for the listener with TLS and SASL.
secure_listener() {
  cat <<EOF
ssl.keystore.type=PEM
ssl.keystore.location=$TLS_DIR/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=$TLS_DIR/broker.pem
listener.name.expired.ssl.keystore.location=$TLS_DIR/expired.pem
listener.name.foreign.ssl.keystore.location=$TLS_DIR/foreign.pem
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=\\
  org.apache.kafka.common.security.plain.PlainLoginModule required user_avocet="s3cret";
EOF
}

run() {
  local secure='' detour_in='' detour_out=''
  if [ -n "${TLS_DIR:-}" ]; then
    secure=,SASL_SSL://127.0.0.1:$(($1 + 2))
    secure+=,EXPIRED://127.0.0.1:$(($1 + 3)),FOREIGN://127.0.0.1:$(($1 + 4))
  fi
  if [ -n "${DETOUR:-}" ]; then
    detour_in=,DETOUR://127.0.0.1:$(($1 + 5))
    detour_out=,DETOUR://127.0.0.1:$DETOUR
  fi
  cat >"$2/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:$(($1 + 1))
listeners=PLAINTEXT://127.0.0.1:$1,CONTROLLER://127.0.0.1:$(($1 + 1))$secure$detour_in
advertised.listeners=PLAINTEXT://127.0.0.1:$1$secure$detour_out
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,\\
  EXPIRED:SSL,FOREIGN:SSL,DETOUR:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$2/data
num.partitions=${PARTITIONS:-4}
message.max.bytes=16777216
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
group.initial.rebalance.delay.ms=0
EOF
  [ -z "${TLS_DIR:-}" ] || secure_listener >>"$2/server.properties"
  if [ ! -f "$2/data/meta.properties" ]; then
    (kafka_java kafka.tools.StorageTool format --standalone -t AAAAAAAAAAAAAAAAAAAABA \
      -c "$2/server.properties")
  fi
  kafka_java kafka.Kafka "$2/server.properties"
}

dispatch "$@"
