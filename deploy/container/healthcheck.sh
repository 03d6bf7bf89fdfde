#!/bin/bash
# Asks avocet whether it is healthy, without a program that the image would need for nothing else.
# Usage: healthcheck.sh [/-/healthy | /-/ready]; $AVOCET_PORT is the port, 8080 unless set.
path=${1:-/-/healthy}
exec 3<>"/dev/tcp/127.0.0.1/${AVOCET_PORT:-8080}" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' "$path" >&3
read -r -t 4 _ status _ <&3
[ "$status" = 200 ] || {
  echo "$path answers ${status:-nothing}"
  exit 1
}
