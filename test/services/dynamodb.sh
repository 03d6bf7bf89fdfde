#!/usr/bin/env bash
# DynamoDB Local, Amazon's own, from its Maven artifacts, whose checksums are beside this file. Ready:
# it lists its tables. What it has outlives it when it is started again with the same directory.
. "$(dirname "$0")/service.sh"
VERSION=2.6.1
HOME_OF=$SERVICES/dynamodb-local-$VERSION
CHECKSUMS=$(readlink -f "$(dirname "$0")/dynamodb-local-$VERSION.sha256")

install() {
  need java mvn
  install_once "$HOME_OF" fetch_jars "$CHECKSUMS" "com.amazonaws:DynamoDBLocal:$VERSION"
}

run() {
  # It writes a file where it stands.
  cd "$2" || exit 1
  exec java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -DDDBLocalTelemetry=0 \
    -Djava.library.path="$HOME_OF/libs" -cp "$HOME_OF/libs/*" \
    com.amazonaws.services.dynamodbv2.local.main.ServerRunner \
    -disableTelemetry -sharedDb -dbPath "$2" -port "$1"
}

dispatch "$@"
