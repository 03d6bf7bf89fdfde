// Events of AWS Lambda: any bytes are an event, or refused with a reason.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "src/base/check.h"
#include "src/lambda/lambda_event.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace avocet;  // NOLINT
  const auto event = ParseLambdaEvent({reinterpret_cast<const char*>(data), size});
  if (!event.ok()) {
    AVOCET_CHECK(!event.status().message().empty());
    return 0;
  }
  for (const LambdaEvent::Item& item : event->items) {
    AVOCET_CHECK(item.bucket.empty() == item.key.empty());
    AVOCET_CHECK((event->kind == LambdaEvent::Kind::kSqs) == !item.id.empty());
    if (event->kind == LambdaEvent::Kind::kS3) AVOCET_CHECK(!item.bucket.empty());
  }
  return 0;
}
