#include "src/source/records/split_position_text.h"

#include <memory>
#include <string>
#include <vector>

namespace avocet {

void WriteSplitPosition(const SplitPosition& split, JsonWriter* json) {
  if (split.format != InputFormat::kUnknown) json->Field("format", InputFormatName(split.format));
  if (split.in_array) json->Field("in_array", true);
  if (split.header == nullptr) return;
  json->Field("delimiter", std::string(1, split.delimiter)).Key("header").BeginArray();
  for (const std::string& name : *split.header) json->String(name);
  json->EndArray();
}

Result<SplitPosition> ReadSplitPosition(const PositionText& json) {
  SplitPosition split;
  split.offset = json.Unsigned("offset");
  if (json.Has("format")) {
    AVOCET_ASSIGN_OR_RETURN(split.format, ParseInputFormat(json.String("format")));
  }
  split.in_array = json.Bool("in_array");
  if (json.Has("header")) {
    const std::string delimiter = json.String("delimiter");
    split.delimiter = delimiter.size() == 1 ? delimiter[0] : ',';
    split.header = std::make_shared<const std::vector<std::string>>(json.Strings("header"));
  }
  return split;
}

}  // namespace avocet
