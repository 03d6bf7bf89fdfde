#include "src/source/push/http_source.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "src/source/push/firehose_endpoint.h"
#include "src/source/push/idempotency_keys.h"
#include "src/source/push/ingest_endpoint.h"
#include "src/source/push/journal_source.h"
#include "src/source/push/readings_reply.h"
#include "src/source/push/token_file.h"

namespace avocet {
namespace {

constexpr size_t kMostKeys = 100'000;
constexpr const char* kReadingsPath = "/api/v1/readings";
constexpr const char* kFirehosePath = "/api/v1/firehose";

class HttpSource : public Source {
 public:
  HttpSource(const HttpSourceConfig& config, std::string name, HttpSourceContext context)
      : config_(config),
        name_(std::move(name)),
        context_(std::move(context)),
        keys_(std::make_shared<IdempotencyKeys>(kMostKeys, config.idempotency_window)),
        records_(name_, "readings",
                 {[this](const PushLabel& label) { Learn(label); }, [this] { return SaveKeys(); }},
                 context_.env) {}
  HttpSource(const HttpSource&) = delete;
  HttpSource& operator=(const HttpSource&) = delete;
  ~HttpSource() override {
    for (const uint64_t route : routes_) server_->router().Remove(route);
  }

  Status Open(const Positions& committed) override {
    AVOCET_RETURN_IF_ERROR(LoadKeys());
    JournalOptions options;
    options.directory = context_.directory;
    options.max_bytes = static_cast<uint64_t>(config_.journal_bytes);
    options.segment_bytes = std::min<uint64_t>(uint64_t{64} << 20, options.max_bytes / 4);
    options.max_pending_bytes = std::min<size_t>(options.segment_bytes, size_t{64} << 20);
    AVOCET_RETURN_IF_ERROR(records_.Open(options, committed));
    return context_.once ? Status::Ok() : Listen(options);
  }

  Result<PollState> Poll(const PollLimits& limits, std::vector<RawBatch>* out) override {
    AVOCET_ASSIGN_OR_RETURN(const PollState state, records_.Poll(limits, out));
    return context_.once && state == PollState::kIdle ? PollState::kEnd : state;
  }
  void TakeChangedPositions(Positions* out) override { records_.TakeChangedPositions(out); }
  void AllPositions(Positions* out) const override { records_.AllPositions(out); }
  void Committed(const Positions& positions) override { records_.Committed(positions); }
  SourceHealth Health() const override {
    SourceHealth health = records_.Health();
    if (health.problem.empty() && server_ != nullptr) health.problem = server_->warning();
    return health;
  }

 private:
  std::string KeysPath() const { return context_.directory + "/idempotency.keys"; }

  Status LoadKeys() {
    const auto bytes = context_.env->ReadFile(KeysPath());
    if (!bytes.ok() && bytes.status().code() == StatusCode::kNotFound) return Status::Ok();
    if (!bytes.ok()) return bytes.status();
    const Status status = keys_->Decode(*bytes);
    if (status.ok()) return status;
    return status.WithContext(KeysPath() +
                              " (delete it to go on: requests that were sent before and are sent "
                              "again are then taken again)");
  }

  Status SaveKeys() {
    return context_.env->PutDurably(KeysPath(), keys_->Encode(), PutMode::kReplace);
  }

  void Learn(const PushLabel& label) {
    if (label.key.empty()) return;
    keys_->Finish(label.key, {label.body_hash, label.accepted, label.rejected, label.received_us});
  }

  Status Listen(const JournalOptions& journal) {
    HttpServerOptions options;
    AVOCET_ASSIGN_OR_RETURN(options.listen, ParseListenAddress(config_.listen));
    std::shared_ptr<BearerTokens> tokens;
    if (!config_.token_file.empty()) {
      AVOCET_ASSIGN_OR_RETURN(BearerTokens read, ReadTokenFile(config_.token_file, context_.env));
      tokens = std::make_shared<BearerTokens>(std::move(read));
    }
    if (!options.listen.IsLoopback() && tokens == nullptr && !config_.insecure) {
      return Status::Config(
          "cannot listen on " + options.listen.Text() +
          ": everybody who reaches that address could send readings; set token_file, or insecure: "
          "true if that is meant");
    }
    options.threads = 2;
    options.max_connections = static_cast<size_t>(config_.max_connections);
    options.tls_certificate_file = config_.tls_certificate_file;
    options.tls_key_file = config_.tls_key_file;
    options.loopback_hosts_only = options.listen.IsLoopback() && tokens == nullptr;
    AVOCET_ASSIGN_OR_RETURN(server_, context_.hub->Server(options));

    IngestLimits limits;
    limits.max_record_bytes = config_.max_record_bytes;
    // A request is one entry of the journal, with four bytes for each record.
    limits.max_decompressed_bytes =
        std::min<size_t>(config_.max_decompressed_bytes, journal.segment_bytes / 2);
    endpoint_ = std::make_unique<IngestEndpoint>(
        IngestEndpoint::Parts{context_.env, records_.journal(), keys_, context_.make_judge});
    firehose_ = std::make_unique<FirehoseEndpoint>(
        FirehoseEndpoint::Parts{context_.env, endpoint_.get(), limits, tokens});
    AddRoute({.pattern = kReadingsPath,
              .handler = [this, limits](
                             const HttpRequest& request,
                             HttpReply reply) { TakeReadings(request, limits, std::move(reply)); },
              .tokens = tokens});
    // Firehose has its token in a header of its own.
    AddRoute(
        {.pattern = kFirehosePath, .handler = [this](const HttpRequest& request, HttpReply reply) {
           firehose_->Handle(request, std::move(reply));
         }});
    AVOCET_RETURN_IF_ERROR(server_->Start());
    spdlog::info("readings are taken at {}://{}:{}{}",
                 config_.tls_certificate_file.empty() ? "http" : "https", options.listen.host,
                 server_->port(), kReadingsPath);
    return Status::Ok();
  }

  void AddRoute(HttpRoute route) {
    route.method = "POST";
    route.max_body_bytes = config_.max_body_bytes;
    routes_.push_back(server_->router().Add(std::move(route)));
  }

  void TakeReadings(const HttpRequest& request, const IngestLimits& limits, HttpReply reply) {
    endpoint_->Handle({.token_name = request.token_name,
                       .device_prefix = request.device_prefix,
                       .key = request.Header("Idempotency-Key"),
                       .body = request.body,
                       .read =
                           [&](int64_t now_us, IngestRecords* records, HttpResponse* refusal) {
                             return ReadIngestRequest(request, limits, context_.line_protocol,
                                                      now_us, records, refusal);
                           }},
                      std::make_unique<ReadingsReply>(std::move(reply)));
  }

  const HttpSourceConfig config_;
  const std::string name_;
  const HttpSourceContext context_;
  const std::shared_ptr<IdempotencyKeys> keys_;
  // The endpoint's answers come from the journal, so the journal goes first.
  std::unique_ptr<IngestEndpoint> endpoint_;
  std::unique_ptr<FirehoseEndpoint> firehose_;
  JournalSource records_;
  HttpServer* server_ = nullptr;
  std::vector<uint64_t> routes_;
};

}  // namespace

std::unique_ptr<Source> MakeHttpSource(const HttpSourceConfig& config, const std::string& name,
                                       HttpSourceContext context) {
  return std::make_unique<HttpSource>(config, name, std::move(context));
}

}  // namespace avocet
