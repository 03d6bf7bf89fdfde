// HttpSource: readings that clients POST to /api/v1/readings.
//
// A request is answered with 2xx when its records are durable in the journal, with a verdict for
// each record that decoding will reject. Bronze is filled from the journal.
#pragma once

#include <memory>
#include <string>

#include "src/config/config.h"
#include "src/env/env.h"
#include "src/net/http_hub.h"
#include "src/source/push/ingest_request.h"
#include "src/source/push/record_judge.h"
#include "src/source/source.h"

namespace avocet {

/// What an HTTP source needs beside its configuration.
struct HttpSourceContext {
  Env* env = nullptr;
  HttpHub* hub = nullptr;  ///< gives the server; shared with everything else that listens
  std::string directory;   ///< for the journal and the idempotency keys
  MakeRecordJudge make_judge;
  LineProtocolFields line_protocol;
  bool once = false;  ///< drain the journal and end, without listening
};

std::unique_ptr<Source> MakeHttpSource(const HttpSourceConfig& config, const std::string& name,
                                       HttpSourceContext context);

}  // namespace avocet
