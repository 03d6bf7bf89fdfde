#include "src/config/config_keys.h"

#include <chrono>
#include <cmath>
#include <limits>

#include "src/config/alert_keys.h"
#include "src/config/aws_keys.h"
#include "src/config/catalog_keys.h"
#include "src/config/cloudwatch_keys.h"
#include "src/config/device_keys.h"
#include "src/config/lineage_keys.h"

namespace avocet {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kUnlimited = std::numeric_limits<double>::infinity();
constexpr double kKiB = 1024;
constexpr double kMiB = 1024 * kKiB;
constexpr double kGiB = 1024 * kMiB;
constexpr Duration kForever = days(36'500);

KeySpec LakeKey() {
  KeySpec key;
  key.name = "lake";
  key.help = "Directory of the tables, or `s3://bucket/prefix`.";
  key.defaults = key_spec_internal::DefaultObject<Config>;
  key.set = [](const KeySpec&, void* object, const KeyValue& value) {
    static_cast<Config*>(object)->storage.lake = std::get<std::string>(value);
  };
  key.get = [](const KeySpec&, const void* object) {
    return KeyValue(static_cast<const Config*>(object)->storage.lake);
  };
  return key;
}

KeySpec RangeKey() {
  KeySpec key;
  key.name = "range";
  key.help =
      "Smallest and largest valid value, in `unit`, both allowed; `null`, `-.inf` or `.inf` leaves "
      "an end open.";
  key.kind = KeyKind::kRange;
  key.example = "[-40, 85]";
  key.defaults = key_spec_internal::DefaultObject<MetricConfig>;
  key.set = [](const KeySpec&, void* object, const KeyValue& value) {
    auto* metric = static_cast<MetricConfig*>(object);
    const auto& ends = std::get<std::vector<double>>(value);
    metric->min = std::isfinite(ends[0]) ? std::optional(ends[0]) : std::nullopt;
    metric->max = std::isfinite(ends[1]) ? std::optional(ends[1]) : std::nullopt;
  };
  key.get = [](const KeySpec&, const void* object) {
    const auto* metric = static_cast<const MetricConfig*>(object);
    if (!metric->min && !metric->max) return KeyValue();
    return KeyValue(
        std::vector<double>{metric->min.value_or(-kUnlimited), metric->max.value_or(kUnlimited)});
  };
  return key;
}

KeySpec LimitsKey() {
  KeySpec key;
  key.name = "limits";
  key.help =
      "Smallest and largest value that is no trouble, in `unit`: valid values that a trend may "
      "reach; `null`, `-.inf` or `.inf` leaves an end open.";
  key.kind = KeyKind::kRange;
  key.example = "[null, 70]";
  key.defaults = key_spec_internal::DefaultObject<MetricConfig>;
  key.set = [](const KeySpec&, void* object, const KeyValue& value) {
    auto* metric = static_cast<MetricConfig*>(object);
    const auto& ends = std::get<std::vector<double>>(value);
    metric->limit_low = std::isfinite(ends[0]) ? std::optional(ends[0]) : std::nullopt;
    metric->limit_high = std::isfinite(ends[1]) ? std::optional(ends[1]) : std::nullopt;
  };
  key.get = [](const KeySpec&, const void* object) {
    const auto* metric = static_cast<const MetricConfig*>(object);
    if (!metric->limit_low && !metric->limit_high) return KeyValue();
    return KeyValue(std::vector<double>{metric->limit_low.value_or(-kUnlimited),
                                        metric->limit_high.value_or(kUnlimited)});
  };
  return key;
}

/// The field is not used, and so not shown, when every record is from one device.
KeySpec DeviceFieldKey() {
  using S = SchemaConfig;
  KeySpec key = Key<&S::device_field>("field", "Path of the device's identifier.");
  key.get = [](const KeySpec&, const void* object) {
    const auto* schema = static_cast<const S*>(object);
    return schema->device_constant.empty() ? KeyValue(schema->device_field) : KeyValue();
  };
  return key;
}

KeySpec Collection(KeyKind kind, std::string name, std::string help) {
  KeySpec key;
  key.kind = kind;
  key.name = std::move(name);
  key.help = std::move(help);
  return key;
}

KeySpec S3Keys() {
  using S = StorageConfig;
  std::vector<KeySpec> keys = AwsKeys<S>();
  keys.push_back(Key<&S::aws, &AwsOptions::path_style>(
      "path_style", "Whether the bucket stands in the path rather than the host name."));
  return Section("s3", "How a lake at `s3://bucket/prefix` is reached.", std::move(keys));
}

// `field`: of a table; `name`: its own. The tables' names are those of `avocet vacuum --table`.
template <Duration RetentionConfig::*kField>
KeySpec RetentionKey(const std::string& name, const std::string& time) {
  return Key<&StorageConfig::retention, kField>(name, "How long rows are kept, by " + time + ".")
      .DefaultNote("for ever")
      .Between(Duration(0), kForever);
}

KeySpec RetentionSection() {
  using R = RetentionConfig;
  return Section("retention",
                 "How long rows are kept, by table, in days; whole files go whose rows are all "
                 "older. Zero is for ever.",
                 {
                     RetentionKey<&R::bronze>("bronze", "when they were received"),
                     RetentionKey<&R::quarantine>("quarantine", "when they were received"),
                     RetentionKey<&R::silver>("silver", "event time"),
                     RetentionKey<&R::anomalies>("anomalies", "event time"),
                     RetentionKey<&R::device_stats>("device_stats", "their hour"),
                     RetentionKey<&R::device_health>("device_health", "their hour"),
                     RetentionKey<&R::alerts>("alerts", "event time"),
                 });
}

KeySpec StorageSection() {
  using S = StorageConfig;
  return Section<&Config::storage>(
      "storage", "How the tables are written and kept in order.",
      {
          Key<&S::data_dir>("data_dir",
                            "Local directory of lock, state snapshots, journals and alerts on "
                            "their way; it must last as long as the lake.")
              .DefaultNote("`_avocet` inside the lake; of a lake in S3 `avocet-data/bucket/prefix`")
              .Example("./lake/_avocet"),
          S3Keys(),
          Key<&S::catalog>("catalog", "First part of the three-part table names."),
          Section("commit", "A commit makes rows visible; it happens at the first of these limits.",
                  {
                      Key<&S::commit_interval>("interval", "Time between two commits.")
                          .Between(milliseconds(1), days(1)),
                      Key<&S::commit_rows>("rows", "Buffered rows.").Between(1, 100'000'000),
                      Key<&S::commit_bytes>("bytes", "Buffered bytes.")
                          .As(KeyKind::kBytes)
                          .Between(kKiB, 16 * kGiB),
                  }),
          Key<&S::snapshot_interval>(
              "snapshot_interval",
              "Time between two snapshots of the state; they speed up a restart.")
              .Between(milliseconds(1), days(30)),
          Key<&S::compression_level>("compression_level", "zstd level of the Parquet files.")
              .Between(1, 22),
          Section("care", "Background upkeep of the tables.",
                  {
                      Key<&S::care_enabled>("enabled", "Whether upkeep runs at all."),
                      Key<&S::compact_min_files>(
                          "compact_min_files", "Small files of a partition before they are merged.")
                          .Between(2, 100'000),
                      Key<&S::target_file_bytes>("target_file_size", "Size of a merged file.")
                          .As(KeyKind::kBytes)
                          .Between(kMiB, 16 * kGiB),
                      Key<&S::checkpoint_commits>("checkpoint_commits",
                                                  "Commits between two Delta checkpoints.")
                          .Between(1, 100'000),
                      Key<&S::log_retention>("log_retention", "How long old log entries are kept.")
                          .Between(hours(1), kForever),
                      Key<&S::vacuum_retention>("vacuum_retention",
                                                "How long files that no version uses any more are "
                                                "kept.")
                          .Between(hours(1), kForever)
                          .Because("queries that are running may still read the files"),
                      Key<&S::care_interval>("interval", "Time between two rounds of upkeep.")
                          .Between(milliseconds(10), days(1)),
                  }),
          RetentionSection(),
      });
}

KeySpec SchemaSection() {
  using S = SchemaConfig;
  return Section<&Config::schema>(
      "schema", "What a record looks like.",
      {
          Section("device", "Which device a record is from: a field's path, or one of these keys.",
                  {
                      DeviceFieldKey(),
                      Key<&S::device_constant>("constant", "The device of every record."),
                  })
              .Shorthand("field")
              .Example("device_id"),
          Section(
              "time", "When a reading was taken: a field's path, or these keys.",
              {
                  Key<&S::time_field>("field", "Path of the event time."),
                  Key<&S::time_format>("format",
                                       "How the event time is written; `auto` detects it.")
                      .Words({"auto", "iso8601", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns"}),
                  Key<&S::time_pattern>("pattern",
                                        "How the event time is written, in the letters of "
                                        "strptime; what is written otherwise is read as ISO 8601.")
                      .DefaultNote("`format` says it")
                      .Example("\"%d.%m.%Y %H:%M\""),
                  Key<&S::time_zone>("zone",
                                     "Time zone of event times that are written without an offset "
                                     "from UTC.")
                      .DefaultNote("UTC")
                      .Example("Europe/Berlin"),
              })
              .Shorthand("field"),
          Key<&S::decimal_comma>("decimal_comma",
                                 "Whether numbers in CSV and in strings have a comma before their "
                                 "fraction, as in `37,5`."),
          Key<&S::max_future>("max_future",
                              "A reading later than the clock by more than this is quarantined.")
              .Between(Duration(0), kForever),
          Collection(KeyKind::kMetrics, "metrics",
                     "The measured quantities: a map from a column's name to its keys."),
          Section("long_form",
                  "For records that name their metric instead of having one field each.",
                  {
                      Key<&S::metric_field>("metric", "Path of the metric's name.")
                          .Required()
                          .Example("metric"),
                      Key<&S::value_field>("value", "Path of the metric's value.")
                          .Required()
                          .Example("value"),
                  })
              .CommentOut(),
          Key<&S::evolve>("evolve", "Whether new numeric fields become metrics.")
              .DefaultNote("`true` without `metrics`, else `false`")
              .Example("true"),
      });
}

KeySpec HealthSection() {
  return Section<&Config::health>(
      "health", "How well each device is, hour by hour.",
      {
          Key<&HealthConfig::enabled>("enabled", "Whether `device_health` is written."),
          Key<&HealthConfig::trend_window>(
              "trend_window",
              "The hours in which the trend of a metric with `limits` is seen. From three "
              "days on a daily course is no trend.")
              .Between(hours(12), days(60)),
          Key<&HealthConfig::rul_model>("rul_model",
                                        "Model file of `avocet fit-rul`: the health of "
                                        "devices tells how much useful life they have left.")
              .DefaultNote("none")
              .Example("rul.model"),
      });
}

}  // namespace

const std::vector<KeySpec>& RootKeys() {
  static const std::vector<KeySpec> keys = {
      LakeKey(),
      StorageSection(),
      Collection(KeyKind::kSources, "sources",
                 "Where readings come from: a list of entries with one type each."),
      SchemaSection(),
      DevicesSection(),
      Section("windows", "Rolling means and late readings.",
              {
                  Key<&Config::rolling_window>("rolling", "Length of the rolling mean.")
                      .Between(seconds(1), days(30)),
                  Key<&Config::allowed_lateness>(
                      "allowed_lateness", "How late a reading may be and still amend its hour.")
                      .Between(Duration(0), days(365)),
              }),
      Collection(KeyKind::kDetectors, "detectors", "What looks for anomalies: a list."),
      Collection(KeyKind::kMaintenance, "maintenance",
                 "When devices are worked on and their readings are not judged: a list."),
      AlertsSection(),
      HealthSection(),
      CloudWatchSection(),
      CatalogSection(),
      LineageSection(),
      Section<&Config::engine>(
          "engine", "How much of the machine is used.",
          {
              Key<&EngineConfig::threads>("threads", "Worker threads; 0: one per processor.")
                  .Between(0, 1024),
              Key<&EngineConfig::tick_records>("tick_records",
                                               "Largest number of records processed at once; 0: "
                                               "adapts to the load.")
                  .Between(0, 100'000'000),
          }),
      Section<&Config::server>(
          "server", "The dashboard and its API, health, readiness and metrics over HTTP.",
          {
              Key<&ServerConfig::enabled>("enabled",
                                          "Whether they are served. Sources of type `http` take "
                                          "readings all the same."),
              Key<&ServerConfig::listen>(
                  "listen",
                  "IP address and port. Other addresses than loopback need access tokens for the "
                  "dashboard, see `avocet access`.")
                  .DefaultNote("that of the first `http` source, else the first free one from "
                               "127.0.0.1:8080 on")
                  .Example("127.0.0.1:8080"),
              Key<&ServerConfig::tls_certificate_file>("tls_certificate",
                                                       "PEM file with the certificate chain.")
                  .Names(FileContent::kCertificates)
                  .With("tls_key")
                  .DefaultNote("no TLS")
                  .Example("/etc/avocet/tls.crt"),
              Key<&ServerConfig::tls_key_file>("tls_key", "PEM file with the private key.")
                  .Names(FileContent::kPrivateKey)
                  .With("tls_certificate")
                  .DefaultNote("no TLS")
                  .Example("/etc/avocet/tls.key"),
          }),
      Section<&Config::log>(
          "log", "Messages on standard error.",
          {
              Key<&LogConfig::level>("level", "The least important level shown.")
                  .Words({"debug", "info", "warning", "error"}),
              Key<&LogConfig::format>("format", "`auto` is text on a terminal and JSON elsewhere.")
                  .Words({"auto", "text", "json"}),
          }),
  };
  return keys;
}

const std::vector<KeySpec>& MetricKeys() {
  using M = MetricConfig;
  static const std::vector<KeySpec> keys = {
      Key<&M::field>("field", "Path of the value in the record, such as `data.temp`.")
          .DefaultNote("the metric's name")
          .Example("data.temp"),
      Key<&M::unit>("unit", "Unit in the tables, such as `degC`.").AllowEmpty().Example("degC"),
      Key<&M::source_unit>("source_unit", "Unit in the records, converted to `unit`.")
          .AllowEmpty()
          .DefaultNote("`unit`")
          .Example("degF"),
      RangeKey(),
      LimitsKey(),
      Key<&M::max_rate>("max_rate", "Largest valid change per second, in `unit`.")
          .Above(0)
          .Example("0.5"),
      Key<&M::not_null>("not_null", "Whether a record without a value is invalid."),
      Key<&M::allowed>("allowed", "The only valid values.").DefaultNote("any"),
      Key<&M::on_invalid>("on_invalid",
                          "What happens to an invalid value: keep it and `warn`, `nullify` the "
                          "value, `drop` the reading, or `fail`, which stops.")
          .Words({"warn", "nullify", "drop", "fail"}),
  };
  return keys;
}

const std::vector<KeySpec>& DetectorKeys() {
  static const std::vector<KeySpec> keys = [] {
    KeySpec name = Collection(KeyKind::kText, "name", "Unique name, shown with its anomalies.");
    name.default_note = "the type";
    KeySpec type = Collection(KeyKind::kWord, "type", "Type of detector.");
    type.required = true;
    KeySpec metrics = Collection(KeyKind::kTextList, "metrics", "Metrics to judge, or `all`.");
    metrics.default_value = std::string("all");
    return std::vector<KeySpec>{name, type, metrics};
  }();
  return keys;
}

KeySpec DetectorParamKey(const DetectorParam& param) {
  KeySpec key;
  key.name = param.name;
  key.help = param.help;
  const bool set = !std::isnan(param.default_value);
  const double scale = param.kind == DetectorParam::Kind::kDuration ? 1e6 : 1;
  if (param.kind != DetectorParam::Kind::kBool && param.kind != DetectorParam::Kind::kWord) {
    key.Between(param.min * scale, param.max * scale);
  }
  switch (param.kind) {
    case DetectorParam::Kind::kNumber:
      key.kind = KeyKind::kNumber;
      if (set) key.default_value = param.default_value;
      break;
    case DetectorParam::Kind::kBool:
      key.kind = KeyKind::kBool;
      if (set) key.default_value = param.default_value != 0;
      break;
    case DetectorParam::Kind::kWord:
      key.kind = KeyKind::kWord;
      key.words.assign(param.words.begin(), param.words.end());
      if (set) key.default_value = key.words.at(static_cast<size_t>(param.default_value));
      break;
    case DetectorParam::Kind::kInteger:
    case DetectorParam::Kind::kDuration:
      key.kind =
          param.kind == DetectorParam::Kind::kInteger ? KeyKind::kInteger : KeyKind::kDuration;
      if (set) key.default_value = static_cast<int64_t>(std::llround(param.default_value * scale));
      break;
  }
  return key;
}

}  // namespace avocet
