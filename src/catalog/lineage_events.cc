#include "src/catalog/lineage_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "src/base/json_writer.h"
#include "src/base/s3_url.h"
#include "src/base/time_format.h"
#include "src/env/parent_path.h"
#include "src/model/delta_type.h"

namespace avocet {
namespace {

constexpr std::string_view kEventSchema =
    "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
constexpr std::string_view kFacets = "https://openlineage.io/spec/facets/";

using Datasets = std::vector<std::pair<std::string, std::string>>;

std::string WithoutSlash(std::string text) {
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

std::pair<std::string, std::string> S3Dataset(const std::string& url) {
  const auto place = ParseS3Url(url);
  if (!place.ok()) return {"s3", url};
  return {"s3://" + place->bucket, place->prefix.empty() ? "/" : place->prefix};
}

// Namespaces and names as OpenLineage has them for each kind of source, one for each thing that is
// read.
struct SourceDatasets {
  const std::string& name;

  Datasets operator()(const FileSourceConfig& source) const {
    Datasets found;
    for (const std::string& path : source.paths) found.emplace_back("file", AbsolutePath(path));
    return found;
  }
  Datasets operator()(const StdinSourceConfig&) const { return {{"avocet", name}}; }
  Datasets operator()(const SimulateSourceConfig&) const { return {{"avocet", name}}; }
  Datasets operator()(const HttpSourceConfig& source) const {
    return {{"http://" + source.listen, "/api/v1/readings"}};
  }
  Datasets operator()(const KinesisSourceConfig& source) const {
    return {{"kinesis://" + source.aws.region, source.stream}};
  }
  Datasets operator()(const S3SourceConfig& source) const { return {S3Dataset(source.url)}; }
  Datasets operator()(const KafkaSourceConfig& source) const {
    Datasets found;
    const std::string broker = source.brokers.empty() ? std::string() : source.brokers.front();
    for (const std::string& topic : source.topics) found.emplace_back("kafka://" + broker, topic);
    return found;
  }
  Datasets operator()(const MqttSourceConfig& source) const {
    Datasets found;
    for (const std::string& topic : source.topics) found.emplace_back(source.broker, topic);
    return found;
  }
};

bool IsEndless(const SourceConfig& source) {
  if (std::holds_alternative<StdinSourceConfig>(source.options)) return false;
  if (const auto* files = std::get_if<FileSourceConfig>(&source.options)) return files->follow;
  if (const auto* fleet = std::get_if<SimulateSourceConfig>(&source.options)) {
    return fleet->duration.count() == 0;
  }
  return true;
}

std::string FormatUuid(uint64_t high, uint64_t low) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF,
                     high & 0xFFFF, low >> 48, low & 0xFFFF'FFFF'FFFF);
}

}  // namespace

std::string MakeRunId(int64_t now_us, uint64_t random_high, uint64_t random_low) {
  const auto milliseconds = static_cast<uint64_t>(now_us / 1000);
  return FormatUuid(milliseconds << 16 | 0x7000 | (random_high & 0xFFF),
                    uint64_t{2} << 62 | (random_low & (~uint64_t{0} >> 2)));
}

LineageEvents::LineageEvents(const Config& config, std::string run_id, std::string version)
    : run_id_(std::move(run_id)),
      version_(std::move(version)),
      producer_("urn:avocet:" + version_),
      job_namespace_(config.lineage.job_namespace),
      job_name_(config.lineage.job_name.empty() ? config.storage.catalog : config.lineage.job_name),
      catalog_(config.storage.catalog),
      is_endless_(std::any_of(config.sources.begin(), config.sources.end(), IsEndless)),
      specs_(TableSpecs(config, ConfiguredMetrics(config))) {
  for (const SourceConfig& source : config.sources) {
    for (auto& [name_space, name] : std::visit(SourceDatasets{source.name}, source.options)) {
      sources_.push_back({std::move(name_space), std::move(name)});
    }
  }
  for (size_t id = 0; id < kNumTables; ++id) {
    const std::string path = specs_[id].Path(catalog_);
    if (IsS3Url(config.storage.lake)) {
      auto [name_space, name] = S3Dataset(WithoutSlash(config.storage.lake) + "/" + path);
      tables_[id] = {std::move(name_space), std::move(name)};
    } else {
      tables_[id] = {"file", WithoutSlash(AbsolutePath(config.storage.lake)) + "/" + path};
    }
  }
}

// Opens the object of a facet. `version`: of the facet's schema.
JsonWriter& LineageEvents::BeginFacet(std::string_view key, std::string_view version,
                                      std::string_view schema, JsonWriter* json) const {
  json->Key(key).BeginObject().Field("_producer", producer_);
  return json->Field("_schemaURL",
                     fmt::format("{}{}/{}.json#/$defs/{}", kFacets, version, schema, schema));
}

std::string LineageEvents::Event(std::string_view type, int64_t now_us,
                                 const std::string& run_facets, const std::string& outputs) const {
  JsonWriter json;
  json.BeginObject().Field("eventTime", FormatTimestamp(now_us)).Field("eventType", type);
  json.Field("producer", producer_).Field("schemaURL", kEventSchema);
  json.Key("run").BeginObject().Field("runId", run_id_);
  json.Key("facets").Raw(run_facets).EndObject();
  json.Key("job").BeginObject().Field("namespace", job_namespace_).Field("name", job_name_);
  json.Key("facets").Raw(JobFacets()).EndObject();
  json.Key("inputs").Raw(Inputs()).Key("outputs").Raw(outputs);
  return json.EndObject().Take();
}

std::string LineageEvents::JobFacets() const {
  JsonWriter json;
  json.BeginObject();
  BeginFacet("jobType", "2-0-4", "JobTypeJobFacet", &json)
      .Field("processingType", is_endless_ ? "STREAMING" : "BATCH");
  json.Field("integration", "AVOCET").Field("jobType", "JOB");
  return json.EndObject().EndObject().Take();
}

std::string LineageEvents::Inputs() const {
  JsonWriter json;
  json.BeginArray();
  for (const Dataset& source : sources_) {
    json.BeginObject().Field("namespace", source.name_space).Field("name", source.name);
    json.EndObject();
  }
  return json.EndArray().Take();
}

std::string LineageEvents::TablesAtStart() const {
  JsonWriter json;
  json.BeginArray();
  for (size_t id = 0; id < kNumTables; ++id) {
    const TableSpec& spec = specs_[id];
    json.BeginObject().Field("namespace", tables_[id].name_space).Field("name", tables_[id].name);
    json.Key("facets").BeginObject();
    BeginFacet("schema", "1-2-0", "SchemaDatasetFacet", &json).Key("fields").BeginArray();
    for (const TableColumn& column : spec.columns) {
      json.BeginObject().Field("name", column.name).Field("type", DeltaTypeName(column.type));
      if (!column.comment.empty()) json.Field("description", column.comment);
      json.EndObject();
    }
    json.EndArray().EndObject();
    BeginFacet("symlinks", "1-0-1", "SymlinksDatasetFacet", &json).Key("identifiers").BeginArray();
    json.BeginObject().Field("namespace", "unitycatalog").Field("type", "TABLE");
    json.Field("name", catalog_ + "." + spec.schema + "." + spec.name).EndObject();
    json.EndArray().EndObject().EndObject().EndObject();
  }
  return json.EndArray().Take();
}

std::string LineageEvents::Started(int64_t now_us) const {
  JsonWriter facets;
  facets.BeginObject();
  BeginFacet("processing_engine", "1-1-1", "ProcessingEngineRunFacet", &facets)
      .Field("name", "avocet");
  facets.Field("version", version_).EndObject().EndObject();
  return Event("START", now_us, facets.Take(), TablesAtStart());
}

std::string LineageEvents::Committed(const EpochCommit& commit, int64_t now_us) const {
  JsonWriter outputs;
  outputs.BeginArray();
  for (size_t id = 0; id < kNumTables; ++id) {
    const TableCommit& made = commit.tables[id];
    if (made.version < 0) continue;
    outputs.BeginObject().Field("namespace", tables_[id].name_space);
    outputs.Field("name", tables_[id].name).Key("facets").BeginObject();
    BeginFacet("version", "1-0-1", "DatasetVersionDatasetFacet", &outputs)
        .Field("datasetVersion", std::to_string(made.version));
    outputs.EndObject().EndObject().Key("outputFacets").BeginObject();
    BeginFacet("outputStatistics", "1-0-2", "OutputStatisticsOutputDatasetFacet", &outputs)
        .Field("rowCount", made.rows);
    outputs.EndObject().EndObject().EndObject();
  }
  return Event("RUNNING", now_us, "{}", outputs.EndArray().Take());
}

std::string LineageEvents::Ended(const Status& how, int64_t now_us) const {
  if (how.ok()) return Event("COMPLETE", now_us, "{}", "[]");
  JsonWriter facets;
  facets.BeginObject();
  BeginFacet("errorMessage", "1-0-1", "ErrorMessageRunFacet", &facets)
      .Field("message", how.message());
  facets.Field("programmingLanguage", "C++").EndObject().EndObject();
  return Event("FAIL", now_us, facets.Take(), "[]");
}

}  // namespace avocet
