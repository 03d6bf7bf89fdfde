#include <chrono>
#include <limits>

#include "src/base/check.h"
#include "src/config/aws_keys.h"
#include "src/config/config_keys.h"

namespace avocet {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kKiB = 1024;
constexpr double kMiB = 1024 * kKiB;
constexpr double kGiB = 1024 * kMiB;
constexpr Duration kForever = days(36'500);

template <typename Options>
SourceType MakeSourceType(std::string name, std::string help, std::vector<KeySpec> keys) {
  SourceType type;
  type.name = std::move(name);
  type.help = std::move(help);
  type.keys = std::move(keys);
  type.make = [](SourceConfig* source) { source->options = Options(); };
  type.options = [](SourceConfig* source) -> void* {
    return std::get_if<Options>(&source->options);
  };
  return type;
}

template <typename Options>
KeySpec FormatKey(std::initializer_list<const char*> words) {
  return Key<&Options::format>("format", "How records are written; `auto` detects it.")
      .Words(words);
}

template <typename Options>
KeySpec MaxRecordKey() {
  return Key<&Options::max_record_bytes>("max_record_size",
                                         "A longer record is cut and quarantined.")
      .As(KeyKind::kBytes)
      .Between(64, 256 * kMiB);
}

SourceType FileSource() {
  using F = FileSourceConfig;
  return MakeSourceType<F>(
      "file", "Reads files, and follows them as they grow.",
      {
          Key<&F::paths>("path",
                         "A file, a directory or a pattern such as `data/*.ndjson`; or a "
                         "list of them.")
              .Required()
              .Example("[data/*.ndjson]"),
          Key<&F::follow>("follow", "Whether to wait for more at the end of the files."),
          FormatKey<F>({"auto", "ndjson", "json", "csv"}),
          Key<&F::start>("start", "Where to begin in a file that was not read before.")
              .Words({"beginning", "end"}),
          Key<&F::poll_interval>("poll_interval", "How often to look for new data.")
              .Between(milliseconds(1), hours(1)),
          MaxRecordKey<F>(),
      });
}

SourceType StdinSource() {
  using S = StdinSourceConfig;
  SourceType type = MakeSourceType<S>("stdin", "Reads standard input to its end.",
                                      {
                                          FormatKey<S>({"auto", "ndjson", "json", "csv"}),
                                          MaxRecordKey<S>(),
                                      });
  type.only_once = true;
  return type;
}

SourceType SimulateSource() {
  using S = SimulateSourceConfig;
  return MakeSourceType<S>(
      "simulate", "Makes up readings, with labelled faults.",
      {
          Key<&S::devices>("devices", "Number of devices.").Between(1, 10'000'000),
          Key<&S::rate>("rate",
                        "Readings per second over all devices; 0: one per device and `period`.")
              .Between(0, 1e9),
          Key<&S::period>("period", "Event time between two readings of a device.")
              .Between(milliseconds(1), days(30)),
          Key<&S::faults>("faults", "Kinds of faults to inject.")
              .Words({"spike", "dip", "stuck", "drift", "level_shift", "noise", "dropout", "cross",
                      "rate", "clip", "decoupled", "bias", "intermittent"})
              .AllowEmpty()
              .Example("[spike, stuck]"),
          Key<&S::seed>("seed", "The same seed makes the same readings.")
              .Between(0, static_cast<double>(INT64_MAX)),
          Key<&S::duration>("duration", "Event time to produce; 0: endless.")
              .Between(Duration(0), kForever),
          Key<&S::truth_file>("truth_file", "File for the true fault windows, as NDJSON.")
              .DefaultNote("not written")
              .Example("truth.ndjson"),
          Key<&S::speed>("speed", "Event seconds per second; 0: as fast as possible.")
              .Between(0, 1e9),
          Key<&S::start_time_us>("start_time", "Event time of the first reading.")
              .As(KeyKind::kInstant)
              .Above(0)
              .DefaultNote("now")
              .Example("2026-01-01T00:00:00Z"),
      });
}

SourceType HttpSource() {
  using H = HttpSourceConfig;
  return MakeSourceType<H>(
      "http", "Takes readings that clients POST to /api/v1/readings.",
      {
          Key<&H::listen>("listen",
                          "IP address and port; other than loopback only with `token_file` or "
                          "`insecure`."),
          Key<&H::token_file>("token_file",
                              "File with the tokens that clients must send, without their secrets; "
                              "see the page of the source.")
              .Names(FileContent::kSecret)
              .DefaultNote("everybody who can connect may send")
              .Example("/etc/avocet/tokens"),
          Key<&H::insecure>("insecure", "Whether other machines may send without a token."),
          Key<&H::tls_certificate_file>("tls_certificate", "PEM file with the certificate chain.")
              .Names(FileContent::kCertificates)
              .With("tls_key")
              .DefaultNote("no TLS")
              .Example("/etc/avocet/tls.crt"),
          Key<&H::tls_key_file>("tls_key", "PEM file with the private key.")
              .Names(FileContent::kPrivateKey)
              .With("tls_certificate")
              .DefaultNote("no TLS")
              .Example("/etc/avocet/tls.key"),
          Key<&H::max_body_bytes>("max_body_size", "Largest body as it is sent.")
              .As(KeyKind::kBytes)
              .Between(kKiB, 256 * kMiB),
          Key<&H::max_decompressed_bytes>("max_decompressed_size",
                                          "Largest body after decompression; at most an eighth of "
                                          "`journal_size`.")
              .As(KeyKind::kBytes)
              .Between(kKiB, 256 * kMiB),
          MaxRecordKey<H>(),
          Key<&H::max_connections>("max_connections", "Connections at the same time.")
              .Between(1, 100'000),
          Key<&H::journal_bytes>("journal_size",
                                 "Disk space for what is not in the tables yet; when it is used "
                                 "up, clients are told to come back.")
              .As(KeyKind::kBytes)
              .Between(16 * kMiB, 1024 * kGiB),
          Key<&H::idempotency_window>("idempotency_window",
                                      "How long a repeated Idempotency-Key is recognised.")
              .Between(seconds(1), days(30)),
      });
}

SourceType MqttSource() {
  using M = MqttSourceConfig;
  return MakeSourceType<M>(
      "mqtt", "Takes the messages of an MQTT broker.",
      {
          Key<&M::broker>("broker", "The broker: mqtt://host:1883, or mqtts://host:8883 with TLS.")
              .Required()
              .Example("mqtt://localhost:1883"),
          Key<&M::topics>(
              "topics",
              "Topic filters, also of shared subscriptions; a level written as `{name}` "
              "becomes a member of the record.")
              .Required()
              .Example("[\"plant/{site}/{device_id}/telemetry\"]"),
          Key<&M::payload>("payload",
                           "How payloads are written; `auto`: a JSON object, or a value.")
              .Words({"auto", "sparkplug"}),
          Key<&M::value_name>(
              "value_name",
              "Member for a payload that is no object; `{name}` is that level of the "
              "topic."),
          Key<&M::fields>("fields",
                          "Members to add to each record, from the `topic`, `received_at`, "
                          "`retained` or `qos` of its message.")
              .DefaultNote("none")
              .Example("{timestamp: received_at}"),
          Key<&M::retained>("retained", "Whether messages that the broker has retained are taken."),
          Key<&M::qos>("qos", "Quality of service: 1, or 0 for messages that may be lost.")
              .Between(0, 1),
          Key<&M::version>("version", "Version of MQTT.").Words({"5", "3.1.1"}),
          Key<&M::client_id>("client_id", "Name of the session at the broker.")
              .DefaultNote("made from the machine and the lake")
              .Example("avocet-plant-7"),
          Key<&M::session_expiry>(
              "session_expiry",
              "How long the broker keeps messages for an avocet that is away; 0: "
              "not at all. In version 3.1.1 the broker decides how long.")
              .Between(Duration(0), days(365)),
          Key<&M::keep_alive>("keep_alive", "How soon a connection that is dead is noticed.")
              .Between(seconds(2), hours(18)),
          Key<&M::username>("username", "Name of the user.").DefaultNote("none").Example("avocet"),
          Key<&M::password_file>("password_file", "File with the password.")
              .Names(FileContent::kSecret)
              .DefaultNote("none")
              .Example("/run/secrets/mqtt"),
          Key<&M::ca_file>("tls_ca", "PEM file of the only authorities to trust.")
              .Names(FileContent::kCertificates)
              .DefaultNote("the system's")
              .Example("/etc/avocet/ca.pem"),
          Key<&M::certificate_file>("tls_certificate",
                                    "PEM file with the certificate chain to show to the broker.")
              .Names(FileContent::kCertificates)
              .With("tls_key")
              .DefaultNote("none")
              .Example("/etc/avocet/client.crt"),
          Key<&M::key_file>("tls_key", "PEM file with the private key for it.")
              .Names(FileContent::kPrivateKey)
              .With("tls_certificate")
              .DefaultNote("none")
              .Example("/etc/avocet/client.key"),
          Key<&M::journal_bytes>(
              "journal_size",
              "Disk space for what is not in the tables yet; when it is used up, "
              "messages stay with the broker.")
              .As(KeyKind::kBytes)
              .Between(16 * kMiB, 1024 * kGiB),
          MaxRecordKey<M>(),
      });
}

std::vector<KeySpec> Joined(std::vector<KeySpec> keys, const std::vector<KeySpec>& more) {
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

SourceType KinesisSource() {
  using K = KinesisSourceConfig;
  SourceType type = MakeSourceType<K>(
      "kinesis", "Reads every shard of a Kinesis data stream.",
      Joined(
          {
              Key<&K::stream>("stream", "Name of the stream.").Required().Example("iot-readings"),
              Key<&K::start>("start", "Where to begin in a stream that was not read before.")
                  .Words({"trim_horizon", "latest"}),
              Key<&K::start_time_us>("start_time", "Begin with what arrived from then on.")
                  .As(KeyKind::kInstant)
                  .Above(0)
                  .DefaultNote("`start` decides")
                  .Example("2026-01-01T00:00:00Z"),
              Key<&K::start_after>("start_after",
                                   "Begin in these shards after a record, each written as `shard:"
                                   "sequence number`.")
                  .AllowEmpty()
                  .Example("[\"shardId-000000000000:4959\"]"),
              FormatKey<K>({"auto", "ndjson", "json"}),
              Key<&K::poll_interval>("poll_interval", "Time between two reads of a shard.")
                  .Between(milliseconds(1), hours(1)),
              Key<&K::list_interval>("list_interval", "Time between two looks for new shards.")
                  .Between(milliseconds(10), hours(1)),
              Key<&K::records_per_call>("records_per_call", "Most records of one read.")
                  .Between(1, 10'000),
              Key<&K::lease_table>("lease_table",
                                   "A table of DynamoDB, made when it is missing: the processes "
                                   "that name it share the shards.")
                  .DefaultNote("every shard is read here")
                  .Example("iot-readings-leases"),
              Key<&K::lease_endpoint>("lease_endpoint",
                                      "URL of another DynamoDB than the region's.")
                  .DefaultNote("the region's")
                  .Example("http://127.0.0.1:8000"),
              Key<&K::lease_duration>("lease_duration",
                                      "How long a process may be silent before others take its "
                                      "shards.")
                  .Between(seconds(1), hours(1)),
              Key<&K::handover_timeout>("handover_timeout",
                                        "How long to wait for what the former owner of a shard has "
                                        "read, before taking it from where the table of leases "
                                        "says it was, which can repeat records; 0: for ever.")
                  .Between(Duration(0), kForever),
              MaxRecordKey<K>(),
          },
          AwsKeys<K>()));
  type.needs_aws = true;
  return type;
}

SourceType S3Source() {
  using S = S3SourceConfig;
  SourceType type = MakeSourceType<S>(
      "s3", "Reads the objects below a prefix of an S3 bucket.",
      Joined(
          {
              Key<&S::url>("url", "The bucket and the prefix of the objects' keys.")
                  .Required()
                  .Example("s3://bucket/readings/"),
              FormatKey<S>({"auto", "ndjson", "json", "csv"}),
              Key<&S::start>("start", "Where to begin in a bucket that was not read before.")
                  .Words({"beginning", "end"}),
              Key<&S::start_time_us>("start_time", "Leave out objects written before.")
                  .As(KeyKind::kInstant)
                  .Above(0)
                  .DefaultNote("`start` decides")
                  .Example("2026-01-01T00:00:00Z"),
              Key<&S::poll_interval>("poll_interval", "Time between two listings.")
                  .Between(milliseconds(10), days(1)),
              Key<&S::settle>("settle",
                              "How long after an object others may appear whose keys come before.")
                  .Between(Duration(0), kForever),
              Key<&S::queue_url>(
                  "queue_url",
                  "An SQS queue with the bucket's notifications: whenever one comes, "
                  "objects are listed at once.")
                  .DefaultNote("objects are listed every `poll_interval`")
                  .Example("https://sqs.eu-west-1.amazonaws.com/123456789012/readings"),
              MaxRecordKey<S>(),
              Key<&S::aws, &AwsOptions::path_style>(
                  "path_style", "Whether the bucket stands in the path rather than the host name."),
          },
          AwsKeys<S>()));
  type.needs_aws = true;
  return type;
}

SourceType KafkaSource() {
  using K = KafkaSourceConfig;
  return MakeSourceType<K>(
      "kafka", "Reads topics of Kafka, alone or as one of a group.",
      {
          Key<&K::brokers>("brokers", "Some brokers of the cluster, as `host:port`.")
              .Required()
              .Example("[\"localhost:9092\"]"),
          Key<&K::topics>("topics",
                          "Topics; one that begins with `^` is a regular expression that names "
                          "all the topics it matches.")
              .Required()
              .Example("[readings]"),
          Key<&K::group>("group",
                         "Consumer group: the processes that name it share the partitions."),
          Key<&K::start>("start", "Where to begin in a partition that was not read before.")
              .Words({"earliest", "latest"}),
          Key<&K::start_time_us>("start_time",
                                 "Instead of `start`: the first message that is not older.")
              .As(KeyKind::kInstant)
              .Above(0)
              .DefaultNote("not given")
              .Example("2026-01-01T00:00:00Z"),
          Key<&K::fields>("fields",
                          "Members to add to each record, from the `key`, a `header.NAME`, the "
                          "`topic`, the `partition`, the `offset` or the `timestamp` of its "
                          "message.")
              .DefaultNote("none")
              .Example("{device_id: key, site: header.site}"),
          Key<&K::options>("options", "Options of librdkafka, such as those for TLS and SASL.")
              .NamesIn({{"ssl.ca.location", FileContent::kCertificates},
                        {"ssl.certificate.location", FileContent::kCertificates},
                        // It may be encrypted, with the option ssl.key.password.
                        {"ssl.key.location", FileContent::kSecret},
                        {"ssl.keystore.location", FileContent::kSecret}})
              .DefaultNote("none")
              .Example("{security.protocol: SASL_SSL, sasl.mechanism: SCRAM-SHA-512, "
                       "sasl.username: avocet}"),
          Key<&K::password_file>("password_file",
                                 "File with the password, instead of the option `sasl.password`.")
              .Names(FileContent::kSecret)
              .DefaultNote("none")
              .Example("/run/secrets/kafka"),
          Key<&K::handover_timeout>("handover_timeout",
                                    "How long to wait for what the former owner of a partition has "
                                    "read, before taking it from where the group's offset is, "
                                    "which can repeat records; 0: for ever.")
              .Between(Duration(0), kForever),
          MaxRecordKey<K>(),
      });
}

}  // namespace

const std::vector<SourceType>& SourceTypes() {
  static const std::vector<SourceType> types = {FileSource(),  StdinSource(),   SimulateSource(),
                                                HttpSource(),  KinesisSource(), S3Source(),
                                                KafkaSource(), MqttSource()};
  return types;
}

const SourceType& TypeOf(const SourceConfig& source) {
  SourceConfig copy = source;
  for (const SourceType& type : SourceTypes()) {
    if (type.options(&copy) != nullptr) return type;
  }
  AVOCET_CHECK(false);
}

}  // namespace avocet
