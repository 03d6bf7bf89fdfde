// JSON members: any bytes are split or refused, and a valid record is put together again as it was.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "src/base/check.h"
#include "src/decode/json_diagnosis.h"
#include "src/decode/json_members.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace avocet;  // NOLINT
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  const auto members = SplitJsonObject(record);
  const bool is_valid = !DiagnoseJson(record).has_value();
  if (is_valid) AVOCET_CHECK(members.has_value());
  if (!members.has_value()) return 0;
  std::string again = "{";
  for (const JsonMember& member : *members) {
    AVOCET_CHECK(member.value.data() >= record.data() &&
                 member.value.data() + member.value.size() <= record.data() + record.size());
    if (again.size() > 1) again += ',';
    again.append("\"").append(member.key).append("\":").append(member.value);
    size_t top = 0;
    FindMember(*members, member.Key(), &top);
    if (is_valid) AVOCET_CHECK(FindMember(*members, member.Key(), &top).has_value());
    member.Text();
  }
  again += '}';
  if (is_valid) AVOCET_CHECK(!DiagnoseJson(again).has_value());
  return 0;
}
