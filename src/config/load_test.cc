#include "src/config/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "src/config/config_testing.h"

namespace avocet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Config Parse(const std::string& text) {
  LoadedConfig loaded = ParseConfig(text, "avocet.yaml", TestEnvironment, TestDetectors());
  EXPECT_EQ(FormatErrors(loaded.errors, "avocet.yaml", text), "");
  return loaded.config;
}

Config ParseGood(const std::string& name) {
  return Parse(ReadTestFile(RepositoryPath("test/config/good/" + name)));
}

void ExpectFullStorage(const StorageConfig& storage) {
  EXPECT_EQ(storage.lake, "/srv/lake");
  EXPECT_EQ(storage.data_dir, "/var/lib/avocet");
  EXPECT_EQ(storage.catalog, "plant");
  EXPECT_EQ(storage.commit_interval, seconds(90));
  EXPECT_EQ(storage.commit_rows, 100'000);
  EXPECT_EQ(storage.commit_bytes, int64_t{1} << 20);
  EXPECT_EQ(storage.snapshot_interval, seconds(45));
  EXPECT_EQ(storage.compression_level, 9);
  EXPECT_FALSE(storage.care_enabled);
  EXPECT_EQ(storage.compact_min_files, 4);
  EXPECT_EQ(storage.target_file_bytes, int64_t{64} << 20);
  EXPECT_EQ(storage.checkpoint_commits, 50);
  EXPECT_EQ(storage.log_retention, hours(48));
  EXPECT_EQ(storage.vacuum_retention, hours(1));
  EXPECT_EQ(storage.care_interval, seconds(10));
}

void ExpectFullSources(const std::vector<SourceConfig>& sources) {
  ASSERT_EQ(sources.size(), 5U);
  EXPECT_EQ(sources[0].name, "floor");
  const auto& file = std::get<FileSourceConfig>(sources[0].options);
  EXPECT_EQ(file.paths, (std::vector<std::string>{"data/*.ndjson", "more data/${x}.csv"}));
  EXPECT_FALSE(file.follow);
  EXPECT_EQ(file.format, "csv");
  EXPECT_EQ(file.start, "end");
  EXPECT_EQ(file.poll_interval, seconds(1));
  EXPECT_EQ(file.max_record_bytes, size_t{64} << 10);
  EXPECT_EQ(sources[1].name, "stdin");
  const auto& standard_input = std::get<StdinSourceConfig>(sources[1].options);
  EXPECT_EQ(standard_input.format, "ndjson");
  EXPECT_EQ(standard_input.max_record_bytes, 2000U);
  EXPECT_EQ(sources[2].name, "simulate");
  const auto& simulate = std::get<SimulateSourceConfig>(sources[2].options);
  EXPECT_EQ(simulate.devices, 7);
  EXPECT_EQ(simulate.rate, 2.5);
  EXPECT_EQ(simulate.period, seconds(1));
  EXPECT_EQ(simulate.faults, (std::vector<std::string>{"spike", "level_shift"}));
  EXPECT_EQ(simulate.seed, 99U);
  EXPECT_EQ(simulate.duration, hours(24));
  EXPECT_EQ(simulate.truth_file, "truth.ndjson");
  EXPECT_EQ(simulate.speed, 0);
  EXPECT_EQ(simulate.start_time_us, 1'714'557'600'500'000);
  EXPECT_EQ(sources[3].name, "kafka");
  const auto& kafka = std::get<KafkaSourceConfig>(sources[3].options);
  EXPECT_EQ(kafka.brokers, (std::vector<std::string>{"a:9092", "b:9092"}));
  EXPECT_EQ(kafka.topics, (std::vector<std::string>{"readings", "^plant-.*"}));
  EXPECT_EQ(kafka.group, "floor");
  EXPECT_EQ(kafka.start, "latest");
  EXPECT_EQ(kafka.start_time_us, 1'714'557'600'500'000);
  using Texts = std::map<std::string, std::string>;
  EXPECT_EQ(kafka.fields, (Texts{{"device_id", "key"}, {"site", "header.site"}}));
  // Numbers and flags are passed on as they are written.
  EXPECT_EQ(kafka.options, (Texts{{"sasl.mechanism", "PLAIN"},
                                  {"fetch.min.bytes", "1000"},
                                  {"enable.ssl.certificate.verification", "true"}}));
  EXPECT_EQ(kafka.password_file, "/run/secrets/kafka");
  EXPECT_EQ(kafka.handover_timeout, minutes(5));
  EXPECT_EQ(kafka.max_record_bytes, size_t{10} << 20);
  const auto& mqtt = std::get<MqttSourceConfig>(sources[4].options);
  EXPECT_EQ(mqtt.broker, "mqtts://broker.example.com");
  EXPECT_EQ(mqtt.topics, (std::vector<std::string>{"plant/{site}/{device_id}/#", "$share/a/b/+"}));
  EXPECT_EQ(mqtt.value_name, "{metric}");
  EXPECT_EQ(mqtt.fields, (Texts{{"timestamp", "received_at"}}));
  EXPECT_FALSE(mqtt.retained);
  EXPECT_EQ(mqtt.qos, 0);
  EXPECT_EQ(mqtt.version, "3.1.1");
  EXPECT_EQ(mqtt.client_id, "floor");
  EXPECT_EQ(mqtt.session_expiry, hours(2));
  EXPECT_EQ(mqtt.keep_alive, minutes(1));
  EXPECT_EQ(mqtt.username, "avocet");
  EXPECT_EQ(mqtt.ca_file, "ca.pem");
  EXPECT_EQ(mqtt.certificate_file, "client.crt");
  EXPECT_EQ(mqtt.key_file, "client.key");
  EXPECT_EQ(mqtt.journal_bytes, int64_t{64} << 20);
}

TEST(LoadTest, DumpHidesSecretsAmongOptions) {
  const std::string dump =
      DumpConfig(Parse("sources: [{kafka: {brokers: a, topics: t, options: {sasl.password: hush, "
                       "fetch.min.bytes: 1000}}}]"),
                 TestDetectors());
  EXPECT_EQ(dump.find("hush"), std::string::npos);
  EXPECT_NE(dump.find("sasl.password: \"********\""), std::string::npos) << dump;
  EXPECT_NE(dump.find("fetch.min.bytes: \"1000\""), std::string::npos) << dump;
}

void ExpectFullSchema(const SchemaConfig& schema) {
  EXPECT_EQ(schema.device_field, "meta.id");
  EXPECT_EQ(schema.device_constant, "");
  EXPECT_EQ(schema.time_field, "Time");
  EXPECT_EQ(schema.time_format, TimeFormat::kEpochMs);
  EXPECT_EQ(schema.max_future, seconds(0));
  EXPECT_EQ(schema.metric_field, "kind");
  EXPECT_EQ(schema.value_field, "reading.value");
  EXPECT_TRUE(schema.evolve);
  ASSERT_EQ(schema.metrics.size(), 3U);
  const MetricConfig& temperature = schema.metrics[0];
  EXPECT_EQ(temperature.name, "temperature");
  EXPECT_EQ(temperature.field, "data.temp");
  EXPECT_EQ(temperature.unit, "degC");
  EXPECT_EQ(temperature.source_unit, "degF");
  EXPECT_EQ(temperature.min, -40);
  EXPECT_EQ(temperature.max, 85.5);
  EXPECT_EQ(temperature.max_rate, 0.25);
  EXPECT_TRUE(temperature.not_null);
  EXPECT_EQ(temperature.allowed, (std::vector<double>{0, 20.5, -3}));
  EXPECT_EQ(temperature.on_invalid, InvalidAction::kFail);
  const MetricConfig& humidity = schema.metrics[1];
  EXPECT_EQ(humidity.field, "humidity");
  EXPECT_EQ(humidity.unit, "%");
  EXPECT_EQ(humidity.source_unit, "");
  EXPECT_EQ(humidity.min, 0);
  EXPECT_EQ(humidity.max, std::nullopt);
  EXPECT_EQ(humidity.max_rate, std::nullopt);
  EXPECT_EQ(humidity.on_invalid, InvalidAction::kWarn);
  EXPECT_EQ(schema.metrics[2].min, std::nullopt);
  EXPECT_EQ(schema.metrics[2].max, 3);
  EXPECT_EQ(schema.metrics[2].on_invalid, InvalidAction::kDrop);
}

void ExpectFullDetectors(const std::vector<DetectorConfig>& detectors) {
  ASSERT_EQ(detectors.size(), 3U);
  EXPECT_EQ(detectors[0].name, "three_sigma");
  EXPECT_EQ(detectors[0].type, "zscore");
  EXPECT_EQ(detectors[0].metrics, (std::vector<std::string>{"temperature", "new_metric"}));
  EXPECT_EQ(detectors[0].params, (std::map<std::string, double>{
                                     {"sigma", 4}, {"min_samples", 50}, {"exclude_anomalies", 1}}));
  EXPECT_EQ(detectors[0].durations_us,
            (std::map<std::string, int64_t>{{"half_life", 86'400'000'000}}));
  EXPECT_EQ(detectors[1].name, "threshold");
  EXPECT_EQ(detectors[1].metrics, std::vector<std::string>{"humidity"});
  EXPECT_EQ(detectors[1].params, (std::map<std::string, double>{{"above", -1.5}}));
  EXPECT_EQ(detectors[2].name, "threshold_2");
  EXPECT_TRUE(detectors[2].metrics.empty());
}

void ExpectAlerts(const AlertsConfig& alerts) {
  using std::chrono::hours;
  using std::chrono::minutes;
  ASSERT_EQ(alerts.rules.size(), 2U);
  const AlertRuleConfig& heat = alerts.rules[0];
  EXPECT_EQ(heat.name, "heat");
  EXPECT_EQ(heat.type, AlertRuleType::kAnomaly);
  EXPECT_EQ(heat.min_severity, AlertSeverity::kCritical);
  EXPECT_EQ(heat.detectors, std::vector<std::string>{"three_sigma"});
  EXPECT_EQ(heat.metrics, std::vector<std::string>{"temperature"});
  EXPECT_EQ(heat.devices, (std::vector<std::string>{"press-*", "oven-?"}));
  EXPECT_EQ(heat.exclude_devices, std::vector<std::string>{"*-test"});
  EXPECT_EQ(heat.fire_score, 2);
  EXPECT_EQ(heat.clear_score, 1.5);
  EXPECT_EQ(heat.count, 3);
  EXPECT_EQ(heat.of, 5);
  EXPECT_EQ(heat.duration, minutes(2));
  EXPECT_EQ(heat.hold_on, minutes(1));
  EXPECT_EQ(heat.hold_off, minutes(10));
  EXPECT_EQ(heat.flap_fires, 3);
  EXPECT_EQ(heat.flap_window, hours(1));
  EXPECT_EQ(heat.channels, (std::vector<std::string>{"ops", "hook"}));
  const AlertRuleConfig& spike = alerts.rules[1];
  EXPECT_EQ(spike.name, "fleet_spike");
  EXPECT_EQ(spike.spike_window, minutes(10));
  EXPECT_EQ(spike.spike_sigma, 5);
  EXPECT_EQ(spike.spike_min_count, 20);
  EXPECT_EQ(spike.spike_history, hours(7 * 24));
  ASSERT_EQ(alerts.channels.size(), 3U);
  EXPECT_EQ(alerts.channels[0].min_severity, AlertSeverity::kWarning);
  EXPECT_FALSE(alerts.channels[0].send_cleared);
  EXPECT_EQ(alerts.channels[0].rate_limit, 6);
  EXPECT_EQ(alerts.channels[0].device_rate_limit, 4);
  const auto& slack = std::get<SlackChannelConfig>(alerts.channels[0].options);
  EXPECT_EQ(slack.bot_token_file, "token");
  EXPECT_EQ(slack.channel, "#ops");
  EXPECT_EQ(slack.api_url, "https://slack.example/api");
  EXPECT_EQ(slack.timeout, std::chrono::seconds(5));
  const auto& hook = std::get<WebhookChannelConfig>(alerts.channels[1].options);
  EXPECT_FALSE(hook.url.empty());  // A dump does not show it.
  EXPECT_EQ(hook.secret_file, "secret");
  EXPECT_EQ(hook.body, "{\"text\": \"{{sentence}}\"}");
  EXPECT_EQ(hook.content_type, "text/plain");
  EXPECT_TRUE(hook.allow_private);
  EXPECT_EQ(alerts.channels[1].device_rate_limit, 0);  // as there is no limit at all
  EXPECT_EQ(alerts.channels[2].name, "log");
  EXPECT_EQ(alerts.channels[2].device_rate_limit, 20);
  EXPECT_TRUE(std::holds_alternative<LogChannelConfig>(alerts.channels[2].options));
}

void ExpectFull(const Config& config) {
  ExpectFullStorage(config.storage);
  ExpectFullSources(config.sources);
  ExpectFullSchema(config.schema);
  ExpectFullDetectors(config.detectors);
  EXPECT_EQ(config.rolling_window, seconds(90));
  EXPECT_EQ(config.allowed_lateness, seconds(0));
  EXPECT_EQ(config.engine.threads, 3);
  EXPECT_EQ(config.engine.tick_records, 1000);
  EXPECT_EQ(config.log.level, "warning");
  EXPECT_EQ(config.log.format, "json");
  ExpectAlerts(config.alerts);
  const PipelineAlertConfig& pipeline = config.alerts.pipeline;
  EXPECT_TRUE(pipeline.enabled);
  EXPECT_EQ(pipeline.lag, std::chrono::minutes(2));
  EXPECT_EQ(pipeline.rejected_share, 0.25);
  EXPECT_EQ(pipeline.free_space_bytes, size_t{5} << 30);
  EXPECT_EQ(pipeline.duration, std::chrono::seconds(30));
  EXPECT_EQ(pipeline.hold_off, std::chrono::minutes(3));
  const CloudWatchConfig& cloudwatch = config.cloudwatch;
  EXPECT_TRUE(cloudwatch.IsOn());
  EXPECT_EQ(cloudwatch.metrics_namespace, "avocet/test");
  EXPECT_EQ(cloudwatch.instance, "hall-3");
  EXPECT_EQ(cloudwatch.interval, std::chrono::seconds(30));
  EXPECT_EQ(cloudwatch.alarm_actions.size(), 1U);
  EXPECT_EQ(cloudwatch.aws.region, "eu-west-1");
  EXPECT_EQ(cloudwatch.aws.endpoint, "http://127.0.0.1:4566");
}

TEST(LoadTest, EveryKeyReachesItsField) { ExpectFull(ParseGood("full.yaml")); }

TEST(LoadTest, DumpReadsBackAsTheSameConfiguration) {
  ExpectFull(Parse(DumpConfig(ParseGood("full.yaml"), TestDetectors())));
}

TEST(LoadTest, EveryGoodFileLoadsAndItsDumpIsStable) {
  size_t num_files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(RepositoryPath("test/config/good"))) {
    const std::string dump =
        DumpConfig(ParseGood(entry.path().filename().string()), TestDetectors());
    EXPECT_EQ(DumpConfig(Parse(dump), TestDetectors()), dump) << entry.path();
    ++num_files;
  }
  EXPECT_GE(num_files, 9U);
}

TEST(LoadTest, LinesOfSourcesAndDetectorsAreKept) {
  const Config config = Parse("sources:\n  - stdin\n  - name: a\n    file: {path: b}\n");
  EXPECT_EQ(config.file, "avocet.yaml");
  EXPECT_EQ(config.sources[0].line, 2);
  EXPECT_EQ(config.sources[1].line, 3);
  EXPECT_EQ(Parse("\ndetectors:\n- type: zscore\n").detectors[0].line, 3);
}

TEST(LoadTest, EmptyFilesAreTheDefaults) {
  const std::string defaults = DumpConfig(DefaultConfig(TestDetectors()), TestDetectors());
  EXPECT_EQ(DumpConfig(ParseGood("empty.yaml"), TestDetectors()), defaults);
  EXPECT_EQ(DumpConfig(ParseGood("comment_only.yaml"), TestDetectors()), defaults);
  EXPECT_EQ(DumpConfig(ParseGood("sections_without_keys.yaml"), TestDetectors()), defaults);
}

TEST(LoadTest, DefaultsAreThoseOfTheStructs) {
  const Config config = DefaultConfig(TestDetectors());
  EXPECT_EQ(config.file, "");
  EXPECT_TRUE(config.sources.empty());
  EXPECT_TRUE(config.schema.evolve);
  EXPECT_TRUE(config.schema.metrics.empty());
  EXPECT_EQ(config.schema.device_field, "device_id");
  EXPECT_EQ(config.storage.lake, "./lake");
  // The engine derives it from the lake, which a flag may change after loading.
  EXPECT_EQ(config.storage.data_dir, "");
  EXPECT_EQ(config.rolling_window, minutes(5));
  ASSERT_EQ(config.detectors.size(), 1U);
  EXPECT_EQ(config.detectors[0].name, "zscore");
  EXPECT_EQ(config.detectors[0].type, "zscore");
  EXPECT_TRUE(config.detectors[0].metrics.empty());
  EXPECT_EQ(config.detectors[0].Param("sigma"), 3);
  EXPECT_EQ(config.detectors[0].durations_us.at("half_life"), 3'600'000'000);
}

TEST(LoadTest, AutoIsTheDefaultDetectorWhereItExists) {
  const DetectorSpec specs[] = {{"zscore", "s", "", {}, {}}, {"auto", "s", "", {}, {}}};
  const Config config = DefaultConfig(specs);
  ASSERT_EQ(config.detectors.size(), 1U);
  EXPECT_EQ(config.detectors[0].type, "auto");
  EXPECT_TRUE(DefaultConfig({}).detectors.empty());
}

TEST(LoadTest, EvolveIsOnOnlyWithoutMetrics) {
  EXPECT_TRUE(Parse("schema: {}\n").schema.evolve);
  EXPECT_TRUE(Parse("schema: {metrics: {}}\n").schema.evolve);
  EXPECT_FALSE(Parse("schema: {metrics: {a: }}\n").schema.evolve);
  EXPECT_TRUE(Parse("schema: {metrics: {a: }, evolve: true}\n").schema.evolve);
  EXPECT_FALSE(Parse("schema: {evolve: false}\n").schema.evolve);
}

TEST(LoadTest, YesAndNoAreText) {
  const Config config = ParseGood("minimal.yaml");
  ASSERT_EQ(config.schema.metrics.size(), 3U);
  EXPECT_EQ(config.schema.metrics[1].name, "no");
  EXPECT_EQ(config.schema.metrics[1].field, "no");
  EXPECT_EQ(config.schema.metrics[2].name, "on");
  EXPECT_EQ(config.schema.device_constant, "hall-1");
  EXPECT_EQ(Parse("storage: {catalog: yes}\n").storage.catalog, "yes");
}

TEST(LoadTest, VariablesAreReplacedAndThenTyped) {
  const Config config = ParseGood("environment.yaml");
  EXPECT_EQ(config.storage.lake, "./Troms\xC3\xB8/lake");
  EXPECT_EQ(config.storage.catalog, "8080");
  EXPECT_EQ(config.storage.data_dir, "$HOME/${x}/$5");
  EXPECT_EQ(config.storage.compression_level, 3);
  EXPECT_EQ(config.engine.tick_records, 8080);
  EXPECT_EQ(config.log.level, "debug");
}

TEST(LoadTest, VariablesCannotAddStructure) {
  EXPECT_EQ(Parse("lake: ${TOKEN}\n").storage.lake, "s3cret: [");
}

TEST(LoadTest, AliasesShareValues) {
  const Config config = ParseGood("aliases.yaml");
  ASSERT_EQ(config.schema.metrics.size(), 3U);
  EXPECT_EQ(config.schema.metrics[1].unit, "%");
  EXPECT_EQ(config.schema.metrics[1].max, 100);
  EXPECT_EQ(config.schema.metrics[1].field, "outside");
  EXPECT_EQ(config.schema.metrics[2].unit, "1");
  EXPECT_EQ(config.schema.metrics[2].max, 100);
}

TEST(LoadTest, JsonAndOtherStylesAreYaml) {
  const Config json = ParseGood("json.yaml");
  EXPECT_TRUE(json.detectors.empty());
  EXPECT_EQ(std::get<FileSourceConfig>(json.sources[0].options).paths[0], "a\xC3\xA9\"b.ndjson");
  const Config styles = ParseGood("styles.yaml");
  EXPECT_EQ(styles.storage.lake, "./it's a lake");
  EXPECT_EQ(styles.storage.snapshot_interval, seconds(10));
  EXPECT_EQ(styles.engine.threads, 16);
  EXPECT_EQ(styles.detectors[0].Param("min_samples"), 30);
}

TEST(LoadTest, UnnamedSourcesGetFreeNames) {
  const Config config = Parse(
      "sources:\n"
      "  - file: {path: a}\n"
      "  - {name: file_2, file: {path: b}}\n"
      "  - file: {path: c}\n");
  EXPECT_EQ(config.sources[0].name, "file");
  EXPECT_EQ(config.sources[1].name, "file_2");
  EXPECT_EQ(config.sources[2].name, "file_3");
}

TEST(LoadTest, DumpQuotesWhatYamlWouldReadDifferently) {
  for (const std::string text :
       {"true",    "5",  "~",           ".5",  "-",    "a: b", "#x",   " a", "a ",
        "${HOME}", "$$", "\"",          "\\",  "'",    "[",    "*x",   "&x", "!x",
        "%",       "@",  "caf\xC3\xA9", "1e3", "0x1F", ".inf", "null", "..."}) {
    Config config = DefaultConfig(TestDetectors());
    config.storage.catalog = text;
    EXPECT_EQ(Parse(DumpConfig(config, TestDetectors())).storage.catalog, text);
  }
}

TEST(LoadTest, DumpKeepsNumbersExact) {
  for (const double number : {0.1, 1e-300, 123456789012345.6, -0.0, 1e22}) {
    Config config = Parse("schema: {metrics: {a: }}\n");
    config.schema.metrics[0].min = number;
    EXPECT_EQ(Parse(DumpConfig(config, TestDetectors())).schema.metrics[0].min, number);
  }
}

TEST(LoadTest, DumpWithoutDetectorsTurnsThemOff) {
  Config config = DefaultConfig(TestDetectors());
  config.detectors.clear();
  EXPECT_TRUE(Parse(DumpConfig(config, TestDetectors())).detectors.empty());
}

TEST(WindowSuffixTest, UsesTheLargestUnitThatFits) {
  EXPECT_EQ(WindowSuffix(minutes(5)), "5m");
  EXPECT_EQ(WindowSuffix(seconds(90)), "90s");
  EXPECT_EQ(WindowSuffix(seconds(3600)), "1h");
  EXPECT_EQ(WindowSuffix(hours(24)), "1d");
  EXPECT_EQ(WindowSuffix(hours(36)), "36h");
  EXPECT_EQ(WindowSuffix(milliseconds(1500)), "1500ms");
  EXPECT_EQ(WindowSuffix(Duration(1)), "1us");
}

}  // namespace
}  // namespace avocet
