#!/usr/bin/env bash
# DynamoDB Local, Amazon's own, from its Maven artifacts, whose checksums are beside this file. Ready:
# it lists its tables. What it has outlives it when it is started again with the same directory.
. "$(dirname "$0")/service.sh"
VERSION=2.6.1
HOME_OF=$SERVICES/dynamodb-local-$VERSION
CHECKSUMS=$(readlink -f "$(dirname "$0")/dynamodb-local-$VERSION.sha256")

fetch() {
  cat >"$1/pom.xml" <<EOF
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>dynamodb</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId>
      <version>$VERSION</version>
    </dependency>
  </dependencies>
</project>
EOF
  (cd "$1" && mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=libs)
  (cd "$1/libs" && sha256sum --strict --quiet -c "$CHECKSUMS")
}

install() {
  need java mvn
  install_once "$HOME_OF" fetch
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
