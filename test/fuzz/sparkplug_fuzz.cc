// Sparkplug: any sequence of payloads is decoded or refused, and what is decoded is valid JSON.
//
// Input: messages, each a byte that chooses the topic, a byte with the size, and the payload.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "src/base/check.h"
#include "src/decode/json_diagnosis.h"
#include "src/source/push/sparkplug.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace avocet;  // NOLINT
  constexpr std::array<std::string_view, 6> kTopics = {
      "spBv1.0/g/NBIRTH/n",   "spBv1.0/g/NDATA/n",   "spBv1.0/g/NDEATH/n",
      "spBv1.0/g/DBIRTH/n/d", "spBv1.0/g/DDATA/n/d", "spBv1.0/g/DDEATH/n/d"};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  SparkplugDecoder decoder;
  size_t pos = 0;
  while (pos + 2 <= input.size()) {
    const auto topic = ParseSparkplugTopic(kTopics[data[pos] % kTopics.size()]);
    AVOCET_CHECK(topic.has_value());
    const std::string_view payload =
        input.substr(pos + 2, std::min<size_t>(data[pos + 1], input.size() - pos - 2));
    pos += 2 + payload.size();
    const auto decoded = decoder.Decode(*topic, payload);
    if (!decoded.ok()) continue;
    for (const std::string& record : decoded->records) {
      AVOCET_CHECK(!DiagnoseJson(record).has_value());
    }
  }
  ParseSparkplugTopic(input);
  return 0;
}
