#include "src/source/kafka/kafka_claim.h"

#include <algorithm>

#include "src/base/json_writer.h"
#include "src/source/position_text.h"

namespace avocet {
namespace {

constexpr std::string_view kClaimed = "claimed";
constexpr std::string_view kReleased = "released";

}  // namespace

std::string EncodeKafkaClaim(const KafkaClaim& claim) {
  JsonWriter json;
  json.BeginObject().Field("avocet", claim.released ? kReleased : kClaimed);
  json.Field("source", claim.source).Field("table", claim.lake.table_id);
  json.Field("host", claim.lake.host).Field("lake", claim.lake.lake);
  json.Field("bronze", claim.lake.bronze).Field("data_dir", claim.lake.data_dir);
  return json.EndObject().Take();
}

std::optional<KafkaClaim> ParseKafkaClaim(std::string_view metadata) {
  const auto text = PositionText::Parse(metadata);
  if (!text.ok()) return std::nullopt;
  const std::string state = text->String("avocet");
  KafkaClaim claim{.released = state == kReleased,
                   .source = text->String("source"),
                   .lake = {.table_id = text->String("table"),
                            .host = text->String("host"),
                            .lake = text->String("lake"),
                            .bronze = text->String("bronze"),
                            .data_dir = text->String("data_dir")}};
  if ((state != kClaimed && state != kReleased) || claim.lake.table_id.empty()) return std::nullopt;
  return claim;
}

int64_t NextKafkaOffset(const KafkaKnowledge& known, const LakeAddress& self) {
  // Nobody else has had it since: this lake decides, also when it was restored from a backup.
  const bool own_last = !known.claim || known.claim->lake.table_id == self.table_id;
  if (own_last) return known.own >= 0 ? known.own : known.group;
  return std::max({known.own, known.group, known.peer});
}

}  // namespace avocet
