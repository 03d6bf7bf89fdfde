#include "src/sink/open_sink.h"

#include <string_view>
#include <utility>

#include "src/base/s3_url.h"
#include "src/sink/file_sink.h"
#include "src/sink/http_sink.h"
#include "src/sink/kafka_sink.h"
#include "src/sink/kinesis_sink.h"
#include "src/sink/mqtt_sink.h"
#include "src/sink/s3_sink.h"
#include "src/sink/sink_settings.h"

namespace avocet {
namespace {

// What follows `scheme`, when `text` begins with it.
bool TakeScheme(std::string_view scheme, const std::string& text, std::string* rest) {
  if (!text.starts_with(scheme)) return false;
  *rest = text.substr(scheme.size());
  return !rest->empty();
}

}  // namespace

Result<std::unique_ptr<Sink>> OpenSink(const SinkRequest& request, Env* env) {
  const std::string& to = request.to;
  AVOCET_ASSIGN_OR_RETURN(SinkSettings settings, SinkSettings::Parse(request.options));
  std::string rest;
  if (to == "-" || to == "stdout" || TakeScheme("file:", to, &rest)) {
    AVOCET_RETURN_IF_ERROR(settings.Finish("a file"));
    return MakeFileSink(rest.empty() ? "-" : rest);
  }
  if (TakeScheme("http://", to, &rest) || TakeScheme("https://", to, &rest)) {
    return MakeHttpSink(to, std::move(settings), env);
  }
  if (TakeScheme("mqtt://", to, &rest) || TakeScheme("mqtts://", to, &rest)) {
    return MakeMqttSink(to, request.device_field, std::move(settings), env);
  }
  if (TakeScheme("kafka://", to, &rest)) {
    return MakeKafkaSink(rest, request.device_field, std::move(settings), env);
  }
  if (TakeScheme("kinesis:", to, &rest)) {
    return MakeKinesisSink(rest, request.device_field, std::move(settings), env);
  }
  if (IsS3Url(to)) return MakeS3Sink(to, std::move(settings), env);
  return Status::Usage("--to: \"" + to + "\" is none of " + kSinkPlaces);
}

}  // namespace avocet
