#include "src/source/lake_claim.h"

#include "src/base/json_writer.h"
#include "src/source/position_text.h"

namespace avocet {
namespace {

constexpr std::string_view kClaimed = "claimed";
constexpr std::string_view kReleased = "released";

}  // namespace

std::string EncodeLakeClaim(const LakeClaim& claim) {
  JsonWriter json;
  json.BeginObject().Field("avocet", claim.released ? kReleased : kClaimed);
  json.Field("source", claim.source).Field("table", claim.lake.table_id);
  json.Field("host", claim.lake.host).Field("lake", claim.lake.lake);
  json.Field("bronze", claim.lake.bronze).Field("data_dir", claim.lake.data_dir);
  if (!claim.from.empty()) json.Field("from", claim.from);
  return json.EndObject().Take();
}

std::optional<LakeClaim> ParseLakeClaim(std::string_view text) {
  const auto parsed = PositionText::Parse(text);
  if (!parsed.ok()) return std::nullopt;
  const std::string state = parsed->String("avocet");
  LakeClaim claim{.released = state == kReleased,
                  .source = parsed->String("source"),
                  .lake = {.table_id = parsed->String("table"),
                           .host = parsed->String("host"),
                           .lake = parsed->String("lake"),
                           .bronze = parsed->String("bronze"),
                           .data_dir = parsed->String("data_dir")},
                  .from = parsed->String("from")};
  if ((state != kClaimed && state != kReleased) || claim.lake.table_id.empty()) return std::nullopt;
  return claim;
}

}  // namespace avocet
