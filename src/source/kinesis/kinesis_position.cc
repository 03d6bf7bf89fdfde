#include "src/source/kinesis/kinesis_position.h"

#include "src/base/json_writer.h"
#include "src/source/position_text.h"

namespace avocet {

std::string KinesisPositionKey(std::string_view source, std::string_view stream,
                               std::string_view shard) {
  std::string key(source);
  key.append("/").append(stream).append("/").append(shard);
  return key;
}

std::string EncodeKinesisPosition(const KinesisPosition& position) {
  JsonWriter json;
  json.BeginObject();
  if (!position.sequence.empty()) json.Field("seq", position.sequence);
  if (position.delivered_inside > 0) json.Field("inside", position.delivered_inside);
  json.Field("records", position.records);
  if (position.done) json.Field("done", true);
  return json.EndObject().Take();
}

Result<KinesisPosition> DecodeKinesisPosition(std::string_view text) {
  AVOCET_ASSIGN_OR_RETURN(const PositionText json, PositionText::Parse(text));
  KinesisPosition position;
  position.sequence = json.String("seq");
  position.delivered_inside = static_cast<uint32_t>(json.Unsigned("inside"));
  position.records = json.Unsigned("records");
  position.done = json.Bool("done");
  return position;
}

KinesisStart StartAfter(const KinesisPosition& position, const KinesisStart& otherwise) {
  if (position.sequence.empty()) return otherwise;
  KinesisStart start;
  start.at = position.delivered_inside > 0 ? KinesisStart::At::kSequence
                                           : KinesisStart::At::kAfterSequence;
  start.sequence = position.sequence;
  return start;
}

}  // namespace avocet
