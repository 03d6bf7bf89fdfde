// Config: the whole configuration as plain values, after parsing, defaults and validation.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "src/config/alert_config.h"
#include "src/config/catalog_config.h"
#include "src/config/cloudwatch_config.h"
#include "src/config/device_config.h"
#include "src/config/duration.h"
#include "src/config/health_config.h"
#include "src/config/lineage_config.h"
#include "src/config/maintenance_config.h"
#include "src/config/retention_config.h"
#include "src/net/aws_options.h"

namespace avocet {

enum class InvalidAction : uint8_t { kWarn, kNullify, kDrop, kFail };

/// How a metric's values are read and what makes one invalid.
struct MetricConfig {
  std::string name;                ///< column name in the tables, [a-z_][a-z0-9_]*
  std::string field;               ///< path in the record, "data.temp"; defaults to the name
  std::string unit;                ///< unit in the tables, "degC"; may be empty
  std::string source_unit;         ///< unit in the records when it differs, "degF"
  std::optional<double> min, max;  ///< `range`, in `unit`, both ends allowed
  std::optional<double> limit_low, limit_high;  ///< `limits`: valid, but trouble from there on
  std::optional<double> max_rate;               ///< largest |change| per second
  bool not_null = false;
  std::vector<double> allowed;  ///< empty: any
  InvalidAction on_invalid = InvalidAction::kNullify;
};

enum class TimeFormat : uint8_t { kAuto, kIso8601, kEpochS, kEpochMs, kEpochUs, kEpochNs };

struct SchemaConfig {
  std::string device_field = "device_id";  ///< path of the device identifier
  std::string device_constant;             ///< `device: {constant: hall-1}`; wins when not empty
  std::string time_field = "timestamp";
  TimeFormat time_format = TimeFormat::kAuto;
  std::string time_pattern;    ///< instead of a format: "%d.%m.%Y %H:%M"; empty: none
  std::string time_zone;       ///< of times without an offset, "Europe/Berlin"; empty: UTC
  bool decimal_comma = false;  ///< numbers in CSV and in strings are written "37,5"
  Duration max_future = std::chrono::hours(24);  ///< later than now + this: quarantined
  std::string metric_field;  ///< long form: path of the metric's name; empty: wide form
  std::string value_field;   ///< long form: path of the value
  std::vector<MetricConfig> metrics;
  bool evolve = false;  ///< new numeric fields become metrics. Default true when metrics is empty
};

struct FileSourceConfig {
  std::vector<std::string> paths;   ///< files, globs or directories
  bool follow = true;               ///< false: drain and end (also with --once)
  std::string format = "auto";      ///< auto | ndjson | json | csv
  std::string start = "beginning";  ///< beginning | end, for files without a committed position
  Duration poll_interval = std::chrono::milliseconds(200);
  size_t max_record_bytes = size_t{1} << 20;
};

struct StdinSourceConfig {
  std::string format = "auto";
  size_t max_record_bytes = size_t{1} << 20;
};

struct HttpSourceConfig {
  std::string listen = "127.0.0.1:8080";
  std::string token_file;            ///< who may send; empty: everybody who can connect
  bool insecure = false;             ///< listening to other machines without tokens is meant
  std::string tls_certificate_file;  ///< empty: no TLS
  std::string tls_key_file;
  size_t max_body_bytes = size_t{16} << 20;
  size_t max_decompressed_bytes = size_t{32} << 20;
  size_t max_record_bytes = size_t{1} << 20;
  int64_t max_connections = 1024;
  size_t journal_bytes = size_t{1} << 30;
  Duration idempotency_window = std::chrono::hours(24);
};

struct SimulateSourceConfig {
  int64_t devices = 50;
  double rate = 0;  ///< readings per second over all devices; 0: one per device and `period`
  Duration period = std::chrono::seconds(10);  ///< event time between two readings of a device
  std::vector<std::string> faults;             ///< names of FaultKind
  uint64_t seed = 1;
  Duration duration{0};       ///< event time to produce; 0: endless
  std::string truth_file;     ///< fault windows as NDJSON; empty: not written
  double speed = 1;           ///< event seconds per wall second; 0: flat out
  int64_t start_time_us = 0;  ///< event time of the first reading; 0: now (aligned)
};

struct KafkaSourceConfig {
  std::vector<std::string> brokers;
  std::vector<std::string> topics;  ///< a name, or a regular expression that begins with ^
  std::string group = "avocet";
  std::string start = "earliest";  ///< earliest | latest, for partitions without a position
  int64_t start_time_us = 0;       ///< instead of `start`: message timestamp; 0: not given
  std::map<std::string, std::string> fields;   ///< member to add to a record -> what of the message
  std::map<std::string, std::string> options;  ///< passed to librdkafka
  std::string password_file;                   ///< sets the option sasl.password
  Duration handover_timeout{0};  ///< wait for the former owner of a partition; 0: for ever
  size_t max_record_bytes = size_t{1} << 20;
};

struct MqttSourceConfig {
  std::string broker;                ///< mqtt://host:1883 or mqtts://host:8883
  std::vector<std::string> topics;   ///< filters in which levels can have names: plant/{site}/#
  std::string payload = "auto";      ///< auto | sparkplug
  std::string value_name = "value";  ///< of a payload that is no object; or {level} of the topic
  std::map<std::string, std::string> fields;  ///< member to add to a record -> what of the message
  bool retained = true;                       ///< whether retained messages are taken
  int64_t qos = 1;
  std::string version = "5";  ///< 5 | 3.1.1
  std::string client_id;      ///< empty: made from machine and lake
  Duration session_expiry = std::chrono::hours(24);
  Duration keep_alive = std::chrono::seconds(30);
  std::string username;
  std::string password_file;
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  int64_t journal_bytes = int64_t{1} << 30;
  size_t max_record_bytes = size_t{1} << 20;
};

struct KinesisSourceConfig {
  AwsOptions aws;
  std::string stream;
  std::string start = "trim_horizon";    ///< trim_horizon | latest, for shards without a position
  int64_t start_time_us = 0;             ///< instead of `start`; 0: not given
  std::vector<std::string> start_after;  ///< "shard:sequence number" each
  std::string format = "auto";           ///< auto | ndjson | json
  Duration poll_interval = std::chrono::milliseconds(250);  ///< between two reads of a shard
  Duration list_interval = std::chrono::seconds(30);        ///< between two looks for new shards
  int64_t records_per_call = 10'000;
  size_t max_record_bytes = size_t{1} << 20;
  std::string lease_table;     ///< of DynamoDB, to share the stream; empty: it is read alone
  std::string lease_endpoint;  ///< URL of another DynamoDB than the region's
  Duration lease_duration = std::chrono::seconds(10);  ///< without renewal it is anybody's then
  Duration handover_timeout{0};  ///< wait for the former owner of a shard; 0: for ever
};

struct S3SourceConfig {
  AwsOptions aws;
  std::string url;                  ///< s3://bucket/prefix
  std::string format = "auto";      ///< auto | ndjson | json | csv
  std::string start = "beginning";  ///< beginning | end, for objects without a position
  int64_t start_time_us = 0;        ///< objects modified before are left out; 0: not given
  Duration poll_interval = std::chrono::seconds(10);  ///< between two listings
  Duration settle = std::chrono::hours(1);  ///< how late an object may appear among older keys
  std::string queue_url;  ///< of an SQS queue with the bucket's notifications; empty: none
  size_t max_record_bytes = size_t{1} << 20;
};

struct SourceConfig {
  std::string name;  ///< unique; defaults to the type, then type_2, ...
  std::variant<FileSourceConfig, StdinSourceConfig, SimulateSourceConfig, HttpSourceConfig,
               KinesisSourceConfig, S3SourceConfig, KafkaSourceConfig, MqttSourceConfig>
      options;
  int line = 0;  ///< in the configuration file, for messages
};

/// One entry of `detectors`. `params` has every numeric or boolean (0/1) key of that type with its
/// default filled in; `durations` likewise in microseconds.
struct DetectorConfig {
  std::string name;  ///< unique; defaults to the type
  std::string type;
  std::vector<std::string> metrics;  ///< empty: all
  std::map<std::string, double> params;
  std::map<std::string, int64_t> durations_us;
  int line = 0;

  double Param(const std::string& key) const { return params.at(key); }
};

struct StorageConfig {
  std::string lake = "./lake";  ///< a directory, or s3://bucket/prefix
  AwsOptions aws;               ///< of a lake in S3
  std::string data_dir;  ///< lock, snapshots, journals; default "<lake>/_avocet" for a local lake
  std::string catalog = "iot_catalog";
  Duration commit_interval = std::chrono::seconds(10);
  int64_t commit_rows = 250'000;  ///< a commit also happens at so many buffered rows
  int64_t commit_bytes = int64_t{96} << 20;
  Duration snapshot_interval = std::chrono::minutes(2);
  int compression_level = 1;  ///< zstd
  // Table care.
  bool care_enabled = true;
  int64_t compact_min_files = 16;  ///< small files of a partition before they are merged
  int64_t target_file_bytes = int64_t{128} << 20;
  int64_t checkpoint_commits = 100;  ///< Delta checkpoint each so many commits
  Duration log_retention = std::chrono::hours(24 * 7);
  Duration vacuum_retention = std::chrono::hours(24 * 7);
  Duration care_interval = std::chrono::seconds(60);
  RetentionConfig retention;
};

struct EngineConfig {
  int threads = 0;           ///< 0: one per processor
  int64_t tick_records = 0;  ///< largest tick; 0: adaptive (linger of a few ms)
};

/// The dashboard and its API, health, readiness and metrics over HTTP.
struct ServerConfig {
  bool enabled = true;
  std::string listen;  ///< empty: where the first HTTP source listens, else 127.0.0.1:8080
  std::string tls_certificate_file;  ///< empty: no TLS
  std::string tls_key_file;
};

struct LogConfig {
  std::string level = "info";   ///< debug info warning error
  std::string format = "auto";  ///< auto text json
};

struct Config {
  std::string file;                  ///< where it was read from; empty: built-in defaults
  std::map<std::string, int> lines;  ///< "storage.commit.rows" to the line of `file` that sets it
  StorageConfig storage;
  EngineConfig engine;
  ServerConfig server;
  LogConfig log;
  std::vector<SourceConfig> sources;
  SchemaConfig schema;
  DevicesConfig devices;
  Duration rolling_window = std::chrono::minutes(5);  ///< windows.rolling
  Duration allowed_lateness = std::chrono::hours(1);  ///< windows.allowed_lateness
  std::vector<DetectorConfig> detectors;
  std::vector<MaintenanceConfig> maintenance;
  AlertsConfig alerts;
  HealthConfig health;
  CloudWatchConfig cloudwatch;
  CatalogConfig catalog;
  LineageConfig lineage;
};

/// The suffix of rolling average columns: "5m" for five minutes, "90s", "1h".
std::string WindowSuffix(Duration window);

/// The first source that takes readings over HTTP; null when there is none. Points into `config`.
const HttpSourceConfig* FirstHttpSource(const Config& config);

}  // namespace avocet
