"""Tells a webhook of alerts that begin or end, as they come into analytics.alerts.

alerts.py --catalog iot_catalog --checkpoint /Volumes/iot_catalog/raw/checkpoints/alerts --once
alerts.py --lake /data/lake/iot_catalog --checkpoint /data/checkpoints/alerts

The webhook is in the environment as AVOCET_WEBHOOK_URL; without it alerts are only printed. An
alert is told at least once.
"""

import argparse
import json
import os
import sys
import urllib.request

from pyspark.sql import DataFrame, SparkSession


def tell(alerts: DataFrame, _: int) -> None:
    """Fails when the webhook does not take an alert: the micro-batch is then done again."""
    url = os.environ.get("AVOCET_WEBHOOK_URL", "")
    told = alerts.where("state IN ('firing', 'cleared')").orderBy("event_time", "id", "change")
    for row in told.toJSON().toLocalIterator():
        print(row, flush=True)
        if not url:
            continue
        body = json.dumps({"alert": json.loads(row)}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(request, timeout=30):
            pass


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--catalog", help="the catalog in which the tables are registered")
    where.add_argument("--lake", help="the folder or URL of the catalog's tables, instead")
    parser.add_argument("--checkpoint", required=True, help="a folder of this stream alone")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--interval", help='of looks, such as "10 seconds"')
    pace.add_argument("--once", action="store_true", help="what is there, then end")
    options = parser.parse_args(arguments)
    spark = SparkSession.builder.getOrCreate()
    reader = spark.readStream.format("delta").option("skipChangeCommits", "true")
    if options.catalog:
        alerts = reader.table(f"`{options.catalog}`.analytics.alerts")
    else:
        alerts = reader.load(f"{options.lake}/analytics/alerts")
    writer = alerts.writeStream.foreachBatch(tell).option("checkpointLocation", options.checkpoint)
    if options.once:
        writer = writer.trigger(availableNow=True)
    elif options.interval:
        writer = writer.trigger(processingTime=options.interval)
    writer.start().awaitTermination()


if __name__ == "__main__":
    main(sys.argv[1:])
