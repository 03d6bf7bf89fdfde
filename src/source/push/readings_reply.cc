#include "src/source/push/readings_reply.h"

#include <algorithm>

#include "src/base/json_writer.h"

namespace avocet {
namespace {

constexpr size_t kMostVerdicts = 100;

}  // namespace

void ReadingsReply::Taken(const IngestSummary& summary) {
  JsonWriter json;
  json.BeginObject().Field("accepted", summary.accepted);
  json.Field("rejected", static_cast<uint64_t>(summary.rejected.size()));
  if (!summary.rejected.empty()) {
    json.Key("errors").BeginArray();
    for (size_t i = 0; i < std::min(summary.rejected.size(), kMostVerdicts); ++i) {
      const RecordVerdict& verdict = summary.rejected[i];
      json.BeginObject().Field("record", static_cast<uint64_t>(verdict.record + 1));
      if (!summary.lines.empty()) json.Field("line", summary.lines[i]);
      json.Field("code", verdict.code).Field("message", verdict.message);
      if (verdict.position >= 0) json.Field("position", verdict.position);
      json.EndObject();
    }
    json.EndArray();
    if (summary.rejected.size() > kMostVerdicts) {
      json.Field("errors_not_shown",
                 static_cast<uint64_t>(summary.rejected.size() - kMostVerdicts));
    }
  }
  const bool none_accepted = summary.accepted == 0 && !summary.rejected.empty();
  reply_.Send(HttpResponse::Json(none_accepted ? 422 : 200, json.EndObject().Take() + "\n"));
}

void ReadingsReply::Repeated(const IdempotencyKeys::Outcome& outcome) {
  JsonWriter json;
  json.BeginObject().Field("accepted", outcome.accepted).Field("rejected", outcome.rejected);
  json.Field("repeated", true).EndObject();
  const bool none_accepted = outcome.accepted == 0 && outcome.rejected > 0;
  reply_.Send(HttpResponse::Json(none_accepted ? 422 : 200, json.Take() + "\n"));
}

}  // namespace avocet
