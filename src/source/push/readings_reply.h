// ReadingsReply: answers POST /api/v1/readings, with a verdict for each rejected record.
#pragma once

#include <utility>

#include "src/net/http_reply.h"
#include "src/source/push/ingest_reply.h"

namespace avocet {

class ReadingsReply : public IngestReply {
 public:
  explicit ReadingsReply(HttpReply reply) : reply_(std::move(reply)) {}
  void Taken(const IngestSummary& summary) override;
  void Repeated(const IdempotencyKeys::Outcome& outcome) override;
  void Refused(HttpResponse error) override { reply_.Send(std::move(error)); }

 private:
  HttpReply reply_;
};

}  // namespace avocet
