#!/usr/bin/env bash
# The whole path of a reading on one machine, with emulators in place of AWS:
#
#   CSV -> bucket -> AWS Lambda -> Kinesis -> avocet run -> Delta tables in the bucket -> avocet query
#
# usage: run.sh [DIRECTORY]     (default: a new one below /tmp; logs and state are in it)
#
# Needs `make aws query`, curl, and what the emulators need: node and npm, go, Python.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
SERVICES=$ROOT/test/services
AVOCET=${AVOCET_BIN:-$ROOT/build/avocet}
PRODUCER=${AVOCET_LAMBDA_BIN:-$ROOT/build/avocet-lambda}
export AVOCET_QUERY=${AVOCET_QUERY_BIN:-$ROOT/build/avocet-query}
WORK=${1:-$(mktemp -d -t avocet-seed-path-XXXXXX)}
CSV=$ROOT/examples/iaddataset.csv

# What the emulators accept, and avocet.yaml asks for.
export AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing12345 AWS_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true
export BUCKET=plant STREAM=iot-readings STATE=$WORK/state

servers=()
stop_servers() {
  # Each is a session of its own, with its children.
  for server in "${servers[@]}"; do kill -- "-$server" 2>/dev/null || true; done
}
trap stop_servers EXIT

free_port() {
  PYTHONPATH=$ROOT/test/system python3 -c "from ports import free_port; print(free_port(2))"
}

# start NAME SCRIPT PORT [PATH]: waits until it listens, or until PATH answers.
start() {
  local name=$1 script=$2 port=$3 path=${4:-}
  mkdir -p "$WORK/$name"
  "$SERVICES/$script" install
  setsid "$SERVICES/$script" run "$port" "$WORK/$name" >"$WORK/$name.log" 2>&1 </dev/null &
  servers+=($!)
  for _ in $(seq 600); do
    if [ -n "$path" ]; then
      curl -fsS -o "$WORK/ready" "http://127.0.0.1:$port$path" 2>/dev/null && return
    else
      (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
    fi
    sleep 0.1
  done
  echo "error: $name does not answer; see $WORK/$name.log" >&2
  exit 69
}

# signed SERVICE CURL-ARGUMENTS...: a request as AWS wants it.
signed() {
  local service=$1
  shift
  curl -fsS --aws-sigv4 "aws:amz:$AWS_REGION:$service" -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" "$@"
}

kinesis_call() {
  signed kinesis -H 'Content-Type: application/x-amz-json-1.1' \
    -H "X-Amz-Target: Kinesis_20131202.$1" -d "$2" "$KINESIS_ENDPOINT"
}

s3_put() { signed s3 -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X PUT "$@"; }

mkdir -p "$WORK"
s3_port=$(free_port) kinesis_port=$(free_port) lambda_port=$(free_port)
export S3_ENDPOINT=http://127.0.0.1:$s3_port KINESIS_ENDPOINT=http://127.0.0.1:$kinesis_port

echo "1. a bucket, a stream, and the producer in AWS Lambda (emulated; logs in $WORK)"
start s3 versitygw.sh "$s3_port" /health
start kinesis kinesis.sh "$kinesis_port" /healthcheck
s3_put "$S3_ENDPOINT/$BUCKET"
kinesis_call CreateStream "{\"StreamName\":\"$STREAM\",\"ShardCount\":2}"
until kinesis_call DescribeStreamSummary "{\"StreamName\":\"$STREAM\"}" | grep -q '"ACTIVE"'; do sleep 0.1; done
export BOOTSTRAP=$PRODUCER AVOCET_STREAM=$STREAM AVOCET_STREAM_ENDPOINT=$KINESIS_ENDPOINT
export AVOCET_S3_ENDPOINT=$S3_ENDPOINT AVOCET_DEVICE=anoml-node-1 AVOCET_TIME_FIELD=Time
export TIMEOUT_S=300 AVOCET_DEAD_LETTERS=s3://$BUCKET/dead-letters
start lambda lambda_rie.sh "$lambda_port"

echo "2. $(basename "$CSV") is dropped into the bucket, and Lambda is told"
s3_put -T "$CSV" "$S3_ENDPOINT/$BUCKET/drop/readings.csv"
event="{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",
  \"s3\":{\"bucket\":{\"name\":\"$BUCKET\"},\"object\":{\"key\":\"drop/readings.csv\"}}}]}"
answer=$(curl -fsS -d "$event" "http://127.0.0.1:$lambda_port/2015-03-31/functions/function/invocations")
echo "$answer"
case $answer in *'"accepted"'*) ;; *) exit 1 ;; esac

echo "3. avocet reads the stream and commits to Delta tables in the bucket"
"$AVOCET" run --once -c "$HERE/avocet.yaml"

echo "4. SQL over the tables"
"$AVOCET" query -c "$HERE/avocet.yaml" \
  "SELECT count(*) AS readings, min(event_time) AS first, max(event_time) AS last
   FROM iot_catalog.processed.valid_readings"
"$AVOCET" query -c "$HERE/avocet.yaml" \
  "SELECT event_time, metric, value, round(score, 1) AS score
   FROM iot_catalog.analytics.anomalies ORDER BY score DESC LIMIT 5"
