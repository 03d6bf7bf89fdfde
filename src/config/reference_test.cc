#include "src/config/reference.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "src/config/alert_keys.h"
#include "src/config/config_keys.h"
#include "src/config/config_testing.h"
#include "src/config/load.h"
#include "src/config/source_text.h"
#include "src/config/yaml_tree.h"

namespace avocet {
namespace {

std::optional<std::string> NoVariables(std::string_view) { return std::nullopt; }

TEST(ReferenceTest, ExampleIsAValidConfiguration) {
  const std::string example = ConfigExample(TestDetectors());
  const LoadedConfig loaded = ParseConfig(example, "example", NoVariables, TestDetectors());
  EXPECT_EQ(FormatErrors(loaded.errors, "example", example), "");
  EXPECT_EQ(loaded.config.sources.size(), SourceTypes().size());
  EXPECT_EQ(loaded.config.detectors.size(), 1U);
  const std::string page = ConfigReferenceMarkdown(TestDetectors());
  EXPECT_NE(page.find("```yaml\n" + example + "```\n"), std::string::npos);
}

TEST(ReferenceTest, EveryKeyHasARowAndAMeaning) {
  const std::string page = ConfigReferenceMarkdown(TestDetectors());
  const std::function<void(const std::vector<KeySpec>&, const std::string&)> check =
      [&](const std::vector<KeySpec>& keys, const std::string& prefix) {
        for (const KeySpec& key : keys) {
          EXPECT_NE(page.find("| `" + prefix + key.name + "` | "), std::string::npos) << key.name;
          EXPECT_FALSE(key.help.empty()) << key.name;
          EXPECT_EQ(key.help.back(), '.') << key.name;
          EXPECT_EQ(key.help.find('|'), std::string::npos) << key.name;
          check(key.keys, prefix + key.name + ".");
        }
      };
  for (const KeySpec& key : RootKeys()) {
    EXPECT_NE(page.find("| `" + key.name + "` | "), std::string::npos) << key.name;
    // The table of a section does not repeat its name.
    check(key.keys, "");
  }
  check(MetricKeys(), "");
  check(DetectorKeys(), "");
  for (const SourceType& type : SourceTypes()) check(type.keys, "");
  check(AlertRuleKeys(), "");
  check(AlertChannelKeys(), "");
  for (const AlertChannelType& type : AlertChannelTypes()) check(type.keys, "");
  for (const DetectorSpec& spec : TestDetectors()) {
    EXPECT_NE(page.find("### `" + std::string(spec.name) + "`"), std::string::npos);
    for (const DetectorParam& param : spec.params) check({DetectorParamKey(param)}, "");
  }
}

TEST(ReferenceTest, RowsStateTypeDefaultAndLimits) {
  const std::string page = ConfigReferenceMarkdown(TestDetectors());
  for (const std::string row :
       {"| `compression_level` | whole number | `1` | from 1 to 22 | ",
        "| `commit.bytes` | size | `96MiB` | from 1KiB to 16GiB | ",
        "| `log_retention` | duration | `7d` | at least 1h | ",
        "| `on_invalid` | word | `nullify` | `warn`, `nullify`, `drop`, `fail` | ",
        "| `path` | text or list | required |  | ",
        "| `half_life` | duration | `1h` | from 1s to 365d | ", "| `above` | number |  |  | "}) {
    const std::string in_section = row.substr(3);
    EXPECT_NE(page.find(in_section), std::string::npos) << row;
  }
}

// JSON is YAML, so the strict reader of this layer can look into the schema.
const YamlNode* At(const YamlNode* node, const std::vector<std::string>& path) {
  for (const std::string& key : path) {
    if (node == nullptr) return nullptr;
    node = node->Find(key);
  }
  return node;
}

TEST(JsonSchemaTest, HasEveryKeyWithItsLimits) {
  const SourceText source(ConfigJsonSchema(TestDetectors()));
  const YamlDocument document = ParseYaml(source, NoVariables);
  ASSERT_TRUE(document.errors.empty()) << document.errors[0].message;
  const YamlNode* root = document.root.get();
  EXPECT_EQ(At(root, {"$schema"})->text, "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(At(root, {"additionalProperties"})->text, "false");
  const std::function<void(const YamlNode*, const std::vector<KeySpec>&)> check =
      [&](const YamlNode* object, const std::vector<KeySpec>& keys) {
        if (object->Find("anyOf") != nullptr) object = object->Find("anyOf")->items[1].get();
        const YamlNode* properties = object->Find("properties");
        ASSERT_NE(properties, nullptr);
        EXPECT_EQ(properties->entries.size(), keys.size());
        for (const KeySpec& key : keys) {
          ASSERT_NE(properties->Find(key.name), nullptr) << key.name;
          EXPECT_NE(properties->Find(key.name)->Find("description"), nullptr) << key.name;
          if (key.kind == KeyKind::kSection) check(properties->Find(key.name), key.keys);
        }
      };
  check(root, RootKeys());
  check(At(root, {"properties", "schema", "properties", "metrics", "additionalProperties"}),
        MetricKeys());
  const YamlNode* threads =
      At(root, {"properties", "engine", "properties", "threads", "anyOf"})->items[0].get();
  EXPECT_EQ(threads->Find("type")->text, "integer");
  EXPECT_EQ(threads->Find("maximum")->text, "1024");
  const YamlNode* detectors = At(root, {"properties", "detectors", "items", "anyOf"});
  ASSERT_EQ(detectors->items.size(), TestDetectors().size());
  EXPECT_EQ(At(detectors->items[1].get(), {"properties", "type", "const"})->text, "zscore");
  EXPECT_NE(At(detectors->items[1].get(), {"properties", "sigma"}), nullptr);
}

}  // namespace
}  // namespace avocet
