#include "src/lambda/lambda_event.h"

#include <simdjson.h>

#include <charconv>
#include <utility>

#include "src/base/base64.h"
#include "src/base/time_format.h"
#include "src/net/s3_client.h"

namespace avocet {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::element;

std::string Text(element parent, const char* path) {
  std::string_view text;
  if (parent.at_pointer(path).get_string().get(text) != SUCCESS) return {};
  return std::string(text);
}

// Milliseconds since 1970, as a number or in quotes, as ISO 8601; empty when there are none.
std::string TimeOf(element parent, const char* path) {
  int64_t millis = 0;
  const std::string text = Text(parent, path);
  std::from_chars(text.data(), text.data() + text.size(), millis);
  if (text.empty() && parent.at_pointer(path).get_int64().get(millis) != SUCCESS) return {};
  return millis <= 0 ? std::string() : FormatTimestamp(millis * 1000);
}

// The objects that a notification of S3 names. False: it is none.
bool ReadObjects(element event, std::vector<LambdaEvent::Item>* items) {
  simdjson::dom::array records;
  if (event["Records"].get_array().get(records) != SUCCESS) return false;
  const size_t before = items->size();
  for (const element record : records) {
    if (Text(record, "/eventSource") != "aws:s3") return false;
    if (!Text(record, "/eventName").starts_with("ObjectCreated")) continue;
    LambdaEvent::Item item;
    item.bucket = Text(record, "/s3/bucket/name");
    item.key = FormUnescaped(Text(record, "/s3/object/key"));
    item.time = Text(record, "/eventTime");
    if (item.bucket.empty() || item.key.empty()) return false;
    items->push_back(std::move(item));
  }
  return items->size() > before;
}

Status ReadMessage(element record, LambdaEvent* event) {
  LambdaEvent::Item item;
  item.id = Text(record, "/messageId");
  item.body = Text(record, "/body");
  item.time = TimeOf(record, "/attributes/SentTimestamp");
  if (item.id.empty()) return Status::Invalid("an SQS message without an identifier");
  simdjson::dom::parser parser;
  element body;
  std::vector<LambdaEvent::Item> objects;
  if (parser.parse(item.body).get(body) == SUCCESS && ReadObjects(body, &objects)) {
    for (LambdaEvent::Item& object : objects) {
      object.id = item.id;
      object.time = item.time;
      event->items.push_back(std::move(object));
    }
    return Status::Ok();
  }
  event->items.push_back(std::move(item));
  return Status::Ok();
}

Status ReadHttp(element request, LambdaEvent* event) {
  event->kind = LambdaEvent::Kind::kHttp;
  LambdaEvent::Item item;
  item.body = Text(request, "/body");
  item.time = TimeOf(request, "/requestContext/timeEpoch");
  bool encoded = false;
  if (request["isBase64Encoded"].get_bool().get(encoded) == SUCCESS && encoded) {
    std::string decoded;
    if (!AppendFromBase64(item.body, &decoded)) {
      return Status::Invalid("the body of the request is not base64");
    }
    item.body = std::move(decoded);
  }
  event->items.push_back(std::move(item));
  return Status::Ok();
}

Status ReadRecords(element parsed, simdjson::dom::array records, LambdaEvent* event) {
  if (ReadObjects(parsed, &event->items)) {
    event->kind = LambdaEvent::Kind::kS3;
    return Status::Ok();
  }
  event->items.clear();
  event->kind = LambdaEvent::Kind::kSqs;
  for (const element record : records) {
    const std::string source = Text(record, "/eventSource");
    if (source != "aws:sqs") {
      return Status::Invalid("cannot handle records from \"" + source +
                             "\"; known are aws:sqs and aws:s3 (ObjectCreated)");
    }
    AVOCET_RETURN_IF_ERROR(ReadMessage(record, event));
  }
  return Status::Ok();
}

}  // namespace

Result<LambdaEvent> ParseLambdaEvent(std::string_view json) {
  simdjson::dom::parser parser;
  element parsed;
  LambdaEvent event;
  if (json.empty() || parser.parse(json.data(), json.size()).get(parsed) != SUCCESS) {
    return Status::Invalid("the event is not JSON");
  }
  simdjson::dom::array records;
  element context;
  if (parsed["Records"].get_array().get(records) == SUCCESS) {
    AVOCET_RETURN_IF_ERROR(ReadRecords(parsed, records, &event));
  } else if (parsed["requestContext"].get(context) == SUCCESS ||
             parsed["httpMethod"].get(context) == SUCCESS) {
    AVOCET_RETURN_IF_ERROR(ReadHttp(parsed, &event));
  } else {
    event.items.push_back({.body = std::string(json)});
  }
  return event;
}

}  // namespace avocet
