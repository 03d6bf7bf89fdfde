// Labels in JSON.
#pragma once

#include "src/base/json_writer.h"
#include "src/config/device_config.h"

namespace avocet {

/// The member "labels", an object of texts.
inline void WriteLabels(const Labels& labels, JsonWriter* json) {
  json->Key("labels").BeginObject();
  for (const auto& [name, value] : labels) json->Field(name, value);
  json->EndObject();
}

}  // namespace avocet
