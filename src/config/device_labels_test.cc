#include "src/config/device_labels.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/config/config_testing.h"
#include "src/config/labels_file.h"
#include "src/config/load.h"

namespace avocet {
namespace {

constexpr const char* kText = R"(schema: {metrics: {temperature: {}}}
devices:
  labels_file: devices.csv
  labels:
    - {devices: "press-*", labels: {site: north, line: 3}}
    - {devices: [press-7, oven-1], labels: {site: south}}
  peers: site
alerts:
  rules:
    - {name: north, labels: {site: north}}
  channels:
    - {name: ops, log: {}, group_by: [rule, line], group_wait: 5s}
maintenance:
  - {every: "sat 22:00-06:00", labels: {line: "?*"}}
)";

Result<std::string> Files(const std::string& path) {
  if (path != "devices.csv") return Status::NotFound("cannot read " + path);
  return std::string(
      "device_id,site,owner\r\npress-9,west,\r\n\r\n\"oven,2\",,\"Jo \"\"X\"\"\"\r\n");
}

LoadedConfig Parse(const std::string& text, const FileReader& files = Files) {
  return ParseConfig(text, "a.yaml", TestEnvironment, TestDetectors(), files);
}

TEST(DeviceLabels, LaterEntriesWinAndTheFileOverAll) {
  const LoadedConfig loaded = Parse(kText);
  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors[0].message;
  const DevicesConfig& devices = loaded.config.devices;
  EXPECT_EQ(LabelsOf(devices, "press-1"), (Labels{{"line", "3"}, {"site", "north"}}));
  EXPECT_EQ(LabelsOf(devices, "press-7"), (Labels{{"line", "3"}, {"site", "south"}}));
  EXPECT_EQ(LabelsOf(devices, "press-9"), (Labels{{"line", "3"}, {"site", "west"}}));
  EXPECT_EQ(LabelsOf(devices, "oven,2"), (Labels{{"owner", "Jo \"X\""}}));
  EXPECT_EQ(LabelsOf(devices, "mill"), Labels());
  EXPECT_EQ(LabelsOf(devices, ""), Labels());
  EXPECT_EQ(LabelOf(devices, "press-7", "site"), "south");
  EXPECT_EQ(LabelOf(devices, "mill", "site"), "");
  EXPECT_EQ(LabelNames(devices), (std::vector<std::string>{"line", "owner", "site"}));
  EXPECT_EQ(LabelValues(devices, "site"), (std::vector<std::string>{"north", "south", "west"}));
  EXPECT_EQ(LabelsText(LabelsOf(devices, "press-1")), "line 3, site north");
  EXPECT_EQ(loaded.config.alerts.channels[0].group_wait, std::chrono::seconds(5));
}

TEST(DeviceLabels, AMissingLabelIsAnEmptyOne) {
  const Labels labels = {{"site", "north"}};
  EXPECT_TRUE(FitLabels({}, {}));
  EXPECT_TRUE(FitLabels({{"site", "n*"}}, labels));
  EXPECT_FALSE(FitLabels({{"site", "s*"}}, labels));
  EXPECT_FALSE(FitLabels({{"site", "north"}, {"line", "3"}}, labels));
  EXPECT_TRUE(FitLabels({{"line", ""}}, labels));
  EXPECT_TRUE(FitLabels({{"line", "*"}}, labels));
  EXPECT_FALSE(FitLabels({{"line", "?*"}}, labels));
}

TEST(DeviceLabels, AreShownAndReadBack) {
  const std::string dump = DumpConfig(Parse(kText).config, TestDetectors());
  const LoadedConfig again = Parse(dump);
  ASSERT_TRUE(again.errors.empty()) << again.errors[0].message << dump;
  EXPECT_EQ(DumpConfig(again.config, TestDetectors()), dump);
  EXPECT_EQ(again.config.devices.peers, "site");
  EXPECT_EQ(again.config.maintenance[0].labels, (Labels{{"line", "?*"}}));
  EXPECT_EQ(again.config.alerts.rules[0].labels, (Labels{{"site", "north"}}));
}

TEST(DeviceLabels, EveryMistakeHasItsPlace) {
  const auto expect = [](const std::string& text, int line, int column, const std::string& part) {
    const LoadedConfig loaded = Parse(text);
    ASSERT_EQ(loaded.errors.size(), 1U) << text;
    EXPECT_EQ(loaded.errors[0].line, line) << text;
    EXPECT_EQ(loaded.errors[0].column, column) << text;
    EXPECT_NE(loaded.errors[0].message.find(part), std::string::npos) << loaded.errors[0].message;
  };
  const std::string known = "devices:\n  labels: [{devices: a, labels: {site: x}}]\n";
  expect(known + "  peers: sitee\n", 3, 10, "did you mean \"site\"");
  expect(known + "alerts: {rules: [{labels: {sit: x}}]}", 3, 28, "alerts.rules[0].labels");
  expect(known + "alerts: {channels: [{log: {}, group_by: [rule, lin]}]}", 3, 48,
         "known are rule, device, metric, site");
  expect(known + "maintenance: [{every: daily 00:00-01:00, labels: {x: y}}]", 3, 51, "the label");
  expect("alerts: {rules: [{labels: {site: x}}]}", 1, 28, "there are none, see devices.labels");
  expect("devices: {labels: [{devices: a, labels: {device: x}}]}", 1, 42, "means something else");
  expect("devices: {labels: [{devices: a, labels: {1st: x}}]}", 1, 42, "begins with no digit");
  expect("devices: {labels: [{devices: a}]}", 1, 20, "needs the key \"labels\"");
  expect("devices: {labels: [press]}", 1, 20, "must be a map such as");
  expect("devices: {labels_file: none.csv}", 1, 24, "cannot read none.csv");
}

TEST(LabelsFile, EveryMistakeHasItsLine) {
  const auto expect = [](const std::string& text, int line, const std::string& part) {
    const LabelsFile file = ParseLabelsFile(text);
    ASSERT_EQ(file.errors.size(), 1U) << text;
    EXPECT_EQ(file.errors[0].line, line) << text;
    EXPECT_NE(file.errors[0].message.find(part), std::string::npos) << file.errors[0].message;
  };
  expect("", 0, "the file is empty");
  expect("device,site\n", 1, "the first column is device_id");
  expect("device_id,the site\n", 1, "the site");
  expect("device_id,site,site\n", 1, "twice");
  expect("device_id,site\na,b\nb\n", 3, "the row has 1 fields, the header 2");
  expect("device_id,site\na,b\nb,c\na,d\n", 4, "in line 2 too");
  expect("device_id,site\n,b\n", 2, "names no device");
  expect("device_id,site\na,\xFF\n", 2, "UTF-8");
  EXPECT_EQ(ParseLabelsFile("device_id;site\na;b\n").devices.at("a"), (Labels{{"site", "b"}}));
}

TEST(LabelsFile, ItsMistakesAreThoseOfTheConfiguration) {
  const LoadedConfig loaded = Parse("devices: {labels_file: x.csv}", [](const std::string&) {
    return Result<std::string>("device_id,site\na\nb\n");
  });
  ASSERT_EQ(loaded.errors.size(), 1U);
  EXPECT_EQ(loaded.errors[0].column, 24);
  EXPECT_NE(loaded.errors[0].message.find("\n  x.csv:2: the row"), std::string::npos);
  EXPECT_NE(loaded.errors[0].message.find("\n  x.csv:3: the row"), std::string::npos);
}

TEST(DumpLines, SayWhereValuesAreFrom) {
  const LoadedConfig loaded = Parse(
      "schema:\n  device: id\n  metrics:\n    temperature: {unit: degC}\n"
      "sources:\n  - file:\n      path: a.ndjson\n");
  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors[0].message;
  const auto line_of = [&](const std::string& key) {
    for (const DumpedLine& line : DumpLines(loaded.config, TestDetectors())) {
      if (line.key == key) return line.line;
    }
    return -1;
  };
  EXPECT_EQ(line_of("schema.device.field"), 2);
  EXPECT_EQ(line_of("schema.metrics.temperature.unit"), 4);
  EXPECT_EQ(line_of("sources[0].file.path"), 7);
  EXPECT_EQ(line_of("sources[0].file.start"), 0);
  EXPECT_EQ(line_of("schema.time.field"), 0);
}

}  // namespace
}  // namespace avocet
