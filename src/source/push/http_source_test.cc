#include "src/source/push/http_source.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/base/base64.h"
#include "src/env/sim_env.h"
#include "src/net/bearer_tokens.h"
#include "src/net/http_client_testing.h"
#include "src/source/source_testing.h"

namespace avocet {
namespace {

// Rejects records with "bad" in them, and knows the device as what stands before a colon.
class TestJudge : public RecordJudge {
 public:
  void Judge(const RawBatch& batch, int64_t, std::string_view device_prefix,
             std::vector<RecordVerdict>* rejected) override {
    for (size_t i = 0; i < batch.records.size(); ++i) {
      EXPECT_EQ(batch.records[i].offset, static_cast<int64_t>(i));
      const std::string_view record = batch.Bytes(batch.records[i]);
      if (record.find("bad") != std::string_view::npos) {
        rejected->push_back({i, "invalid_json", "it is bad", 1});
      } else if (record.find(device_prefix) == std::string_view::npos) {
        rejected->push_back({i, std::string(kDeviceForbidden), "not yours", -1});
      }
    }
  }
};

class HttpSourceTest : public testing::Test {
 protected:
  HttpSourceTest() {
    config_.listen = "127.0.0.1:0";
    config_.max_body_bytes = 1 << 20;
    config_.max_decompressed_bytes = 1 << 20;
    config_.max_record_bytes = 1000;
  }

  Status Open(bool once = false) {
    Close();
    hub_ = std::make_unique<HttpHub>();
    HttpSourceContext context;
    context.env = &env_;
    context.hub = hub_.get();
    context.directory = "/data/journal/http";
    context.make_judge = [] { return std::make_unique<TestJudge>(); };
    context.once = once;
    source_ = MakeHttpSource(config_, "http", context);
    AVOCET_RETURN_IF_ERROR(source_->Open(committed_));
    if (!once) {
      HttpServerOptions options;
      options.listen = *ParseListenAddress(config_.listen);
      port_ = (*hub_->Server(options))->port();
    }
    return Status::Ok();
  }

  void Close() {
    source_.reset();
    hub_.reset();
  }

  ClientResponse Post(std::string_view body, std::string headers,
                      std::string_view target = "/api/v1/readings") {
    HttpTestClient client(port_);
    if (!headers.empty()) headers += "\r\n";
    return client.Exchange(MakeRequest("POST", target, body, headers));
  }
  ClientResponse PostJson(std::string_view body, const std::string& more = "") {
    return Post(body, "Content-Type: application/json" + (more.empty() ? "" : "\r\n" + more));
  }

  // What Poll gives from here to the end of the journal.
  std::vector<std::string> Poll(size_t max_records = 4096) {
    std::vector<std::string> records;
    std::vector<RawBatch> batches;
    while (true) {
      batches.clear();
      const auto state = source_->Poll({.max_records = max_records}, &batches);
      EXPECT_TRUE(state.ok()) << state.status().message();
      size_t num_records = 0;
      for (const RawBatch& batch : batches) {
        EXPECT_EQ(batch.source, "http");
        EXPECT_EQ(batch.partition, "readings");
        num_records += batch.records.size();
        for (const RawRecord& record : batch.records) {
          EXPECT_EQ(static_cast<uint64_t>(record.offset), next_offset_++);
          records.emplace_back(batch.Bytes(record));
        }
        for (const RawReject& reject : batch.rejects) records.push_back("lost: " + reject.message);
      }
      EXPECT_LE(num_records, max_records);
      if (!state.ok() || *state != PollState::kMore) return records;
    }
  }

  void Commit() {
    source_->AllPositions(&committed_);
    source_->Committed(committed_);
  }

  SimEnv env_;
  HttpSourceConfig config_;
  Positions committed_;
  std::unique_ptr<HttpHub> hub_;
  std::unique_ptr<Source> source_;
  uint16_t port_ = 0;
  uint64_t next_offset_ = 0;
};

using Strings = std::vector<std::string>;

TEST_F(HttpSourceTest, TakesEveryFormat) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(PostJson(R"({"a":1})").body, "{\"accepted\":1,\"rejected\":0}\n");
  EXPECT_EQ(PostJson(R"([{"a":2}, {"a":3}])").status, 200);
  EXPECT_EQ(Post("{\"a\":4}\n\n{\"a\":5}\n", "Content-Type: application/x-ndjson").status, 200);
  EXPECT_EQ(Post("x,y\n1,2\n", "Content-Type: text/csv; charset=utf-8").status, 200);
  EXPECT_EQ(Post("w v=1 0", "Content-Type: text/plain").status, 200);
  EXPECT_EQ(Post("w v=2 0", "", "/api/v1/readings?format=line_protocol&precision=s").status, 200);
  EXPECT_EQ(Poll(),
            (Strings{R"({"a":1})", R"({"a":2})", R"({"a":3})", R"({"a":4})", R"({"a":5})", "1,2",
                     R"({"measurement":"w","v":1,"timestamp":"1970-01-01T00:00:00Z"})",
                     R"({"measurement":"w","v":2,"timestamp":"1970-01-01T00:00:00Z"})"}));
}

TEST_F(HttpSourceTest, RefusesWhatItDoesNotUnderstand) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Post("{}", "").status, 415);
  EXPECT_EQ(Post("{}", "Content-Type: application/x-www-form-urlencoded").status, 415);
  EXPECT_EQ(PostJson("{}", "Content-Encoding: br").status, 415);
  EXPECT_EQ(Post("w v=1", "Content-Type: text/plain", "/api/v1/readings?precision=h").status, 400);
  EXPECT_EQ(PostJson("{\"a\":\"" + std::string(2000, 'x') + "\"}").status, 413);
  EXPECT_EQ(PostJson(std::string((1 << 20) + 1, ' ')).status, 413);
  EXPECT_EQ(PostJson("{}", "Idempotency-Key: " + std::string(256, 'k')).status, 400);
  EXPECT_EQ(Poll(), Strings());
}

TEST_F(HttpSourceTest, CompressedBodiesHaveALimit) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(PostJson(Gzip("{\"a\":1}"), "Content-Encoding: gzip").status, 200);
  EXPECT_EQ(PostJson(Zstd("{\"a\":2}"), "Content-Encoding: zstd").status, 200);
  const std::string gzip = Gzip("{\"a\":3}");
  EXPECT_EQ(PostJson(gzip.substr(0, gzip.size() - 3), "Content-Encoding: gzip").status, 400);
  EXPECT_EQ(PostJson("{\"a\":4}", "Content-Encoding: zstd").status, 400);
  const std::string exact(1 << 20, ' '), over((1 << 20) + 1, ' ');
  for (const auto& [bytes, status] :
       std::map<std::string, int>{{Gzip(exact), 200}, {Gzip(over), 413}}) {
    EXPECT_EQ(PostJson(bytes, "Content-Encoding: gzip").status, status);
  }
  EXPECT_EQ(PostJson(Zstd(exact), "Content-Encoding: zstd").status, 200);
  EXPECT_EQ(PostJson(Zstd(over), "Content-Encoding: zstd").status, 413);
  EXPECT_EQ(PostJson(Zstd(std::string(100 << 20, ' ')), "Content-Encoding: zstd").status, 413);
  EXPECT_EQ(Poll(), (Strings{"{\"a\":1}", "{\"a\":2}"}));
}

TEST_F(HttpSourceTest, RejectedRecordsGetAVerdictAndAreKept) {
  ASSERT_TRUE(Open().ok());
  const ClientResponse response =
      Post("{\"a\":1}\n\nbad\n{\"a\":2}\n", "Content-Type: application/x-ndjson");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"accepted":2,"rejected":1,"errors":[{"record":2,"line":3,"code":"invalid_json",)"
            R"("message":"it is bad","position":1}]})"
            "\n");
  EXPECT_EQ(PostJson("bad").status, 422);
  const ClientResponse line = Post("bad\nw v=1 0\n", "Content-Type: text/plain");
  EXPECT_NE(
      line.body.find("\"code\":\"invalid_line_protocol\",\"message\":\"there are no fields\""),
      std::string::npos)
      << line.body;
  EXPECT_EQ(Poll().size(), 6u);
}

TEST_F(HttpSourceTest, RequestsAreReadInPartsAndAfterARestart) {
  ASSERT_TRUE(Open().ok());
  std::string body;
  for (int i = 0; i < 10; ++i) body += "{\"i\":" + std::to_string(i) + "}\n";
  EXPECT_EQ(Post(body, "Content-Type: application/x-ndjson").status, 200);
  std::vector<RawBatch> batches;
  EXPECT_EQ(*source_->Poll({.max_records = 4}, &batches), PollState::kMore);
  EXPECT_EQ(batches.at(0).records.size(), 4u);
  EXPECT_EQ(source_->Health().lag_records, 6u);
  source_->TakeChangedPositions(&committed_);
  EXPECT_EQ(committed_, (Positions{{"http/journal", "{\"record\":4}"}}));
  ASSERT_TRUE(Open().ok());
  next_offset_ = 4;
  const Strings rest = Poll(3);
  EXPECT_EQ(rest.size(), 6u);
  EXPECT_EQ(rest.front(), "{\"i\":4}");
}

TEST_F(HttpSourceTest, OnceDrainsTheJournalWithoutListening) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(PostJson("{}").status, 200);
  ASSERT_TRUE(Open(/*once=*/true).ok());
  std::vector<RawBatch> batches;
  EXPECT_EQ(*source_->Poll({}, &batches), PollState::kEnd);
  EXPECT_EQ(batches.size(), 1u);
}

TEST_F(HttpSourceTest, ARepeatedKeyIsNotTakenTwice) {
  config_.journal_bytes = 16 << 20;
  config_.max_record_bytes = 1 << 20;
  ASSERT_TRUE(Open().ok());
  const std::string key = "Idempotency-Key: abc";
  EXPECT_EQ(PostJson("[{},bad]", key).status, 200);
  EXPECT_EQ(PostJson("[{},bad]", key).body, "{\"accepted\":1,\"rejected\":1,\"repeated\":true}\n");
  EXPECT_EQ(PostJson("[{}]", key).status, 422);
  // What could not be read may be sent again.
  EXPECT_EQ(PostJson("{", "Content-Encoding: gzip\r\nIdempotency-Key: d").status, 400);
  EXPECT_EQ(PostJson("{\"d\":1}", "Idempotency-Key: d").status, 200);
  EXPECT_EQ(Poll().size(), 3u);
  env_.Crash(SimCrash::kPowerCut);
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(PostJson("[{},bad]", key).body, "{\"accepted\":1,\"rejected\":1,\"repeated\":true}\n");
  // The key outlives the segment it was in.
  next_offset_ = 0;
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(PostJson("{\"a\":\"" + std::string(900'000, 'x') + "\"}").status, 200);
  }
  Poll();
  Commit();
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(PostJson("[{},bad]", key).body, "{\"accepted\":1,\"rejected\":1,\"repeated\":true}\n");
  Commit();
  env_.Crash(SimCrash::kPowerCut);
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(PostJson("[{},bad]", key).body, "{\"accepted\":1,\"rejected\":1,\"repeated\":true}\n");
  EXPECT_EQ(Poll(), Strings());
  EXPECT_FALSE(env_.Stat("/data/journal/http/" + std::string(20, '0') + ".journal").ok());
}

TEST_F(HttpSourceTest, NothingIsAcknowledgedOnAFullDisk) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(PostJson("{\"a\":1}").status, 200);
  env_.InjectFault({.ops = {SimOp::kAppend}, .error_number = ENOSPC, .count = SimFault::kForever});
  const ClientResponse refused = PostJson("{\"a\":2}", "Idempotency-Key: k");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("retry-after"), "10");
  EXPECT_FALSE(source_->Health().ready);
  env_.ClearFaults();
  EXPECT_EQ(PostJson("{\"a\":2}", "Idempotency-Key: k").status, 200);
  EXPECT_TRUE(source_->Health().ready);
  EXPECT_EQ(Poll(), (Strings{"{\"a\":1}", "{\"a\":2}"}));
}

TEST_F(HttpSourceTest, AFullJournalAsksToComeBack) {
  config_.journal_bytes = 16 << 20;
  config_.max_record_bytes = 1 << 20;
  ASSERT_TRUE(Open().ok());
  const std::string body = "{\"a\":\"" + std::string(900'000, 'x') + "\"}";
  int taken = 0;
  while (taken < 100 && PostJson(body).status == 200) ++taken;
  EXPECT_GT(taken, 10);
  EXPECT_LT(taken, 20);
  EXPECT_EQ(PostJson(body).headers.at("retry-after"), "10");
  EXPECT_EQ(Poll().size(), static_cast<size_t>(taken));
  Commit();
  EXPECT_EQ(PostJson(body).status, 200);
}

TEST_F(HttpSourceTest, TokensLimitWhoSendsWhat) {
  config_.token_file = "/tokens";
  const std::string file = "# who\nhall " + Sha256Hex("s3cret") + " hall\nall " + Sha256Hex("all");
  ASSERT_TRUE(env_.PutDurably("/tokens", file, PutMode::kReplace).ok());
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(PostJson("{}").status, 401);
  const ClientResponse response =
      PostJson(R"(["hall-1", "yard-1", "bad"])", "Authorization: Bearer s3cret");
  EXPECT_EQ(response.status, 200);
  EXPECT_NE(response.body.find("\"record\":2,\"code\":\"device_forbidden\""), std::string::npos)
      << response.body;
  EXPECT_EQ(PostJson(R"(["yard-1"])", "Authorization: Bearer s3cret").status, 422);
  EXPECT_EQ(PostJson(R"(["yard-2"])", "Authorization: Bearer all").status, 200);
  EXPECT_EQ(Poll(), (Strings{"\"hall-1\"", "\"bad\"", "\"yard-2\""}));
}

TEST_F(HttpSourceTest, ListeningToOthersNeedsTokensOrTheWord) {
  config_.listen = "0.0.0.0:0";
  EXPECT_EQ(Open().code(), StatusCode::kConfig);
  config_.insecure = true;
  EXPECT_TRUE(Open().ok());
  config_.insecure = false;
  config_.token_file = "/tokens";
  EXPECT_EQ(Open().code(), StatusCode::kNotFound);
  for (const char* bad : {"", "# none\n", "name\n", "name short\n", "n p x y\n"}) {
    ASSERT_TRUE(env_.PutDurably("/tokens", bad, PutMode::kReplace).ok());
    EXPECT_EQ(Open().code(), StatusCode::kConfig) << bad;
  }
  config_.listen = "example.org:80";
  EXPECT_FALSE(Open().ok());
}

TEST_F(HttpSourceTest, DamageInTheJournalBecomesARowOfTheQuarantine) {
  ASSERT_TRUE(Open().ok());
  for (const char* body : {"{\"a\":1}", "{\"a\":2}", "{\"a\":3}"}) {
    EXPECT_EQ(PostJson(body).status, 200);
  }
  Close();
  const std::string path = "/data/journal/http/00000000000000000000.journal";
  const std::string bytes = *env_.ReadFile(path);
  ASSERT_TRUE(env_.CorruptByte(path, bytes.find("{\"a\":2}")).ok());
  ASSERT_TRUE(Open().ok());
  std::vector<RawBatch> batches;
  ASSERT_TRUE(source_->Poll({}, &batches).ok());
  ASSERT_EQ(batches.size(), 3u);
  ASSERT_EQ(batches[1].rejects.size(), 1u);
  EXPECT_EQ(batches[1].rejects[0].code, "journal_damaged");
  EXPECT_NE(batches[1].rejects[0].message.find(path), std::string::npos);
  EXPECT_FALSE(source_->Health().problem.empty());
}

// The envelope of Amazon Data Firehose around records.
std::string Envelope(const Strings& records) {
  std::string body = R"({"requestId":"r1","timestamp":1578090901599,"records":[)";
  for (const std::string& record : records) {
    if (body.back() != '[') body += ',';
    body += R"({"data":")";
    AppendBase64(record, &body);
    body += "\"}";
  }
  return body + "]}";
}

class FirehoseTest : public HttpSourceTest {
 protected:
  ClientResponse Deliver(std::string_view body, const std::string& id = "r1",
                         const std::string& more = "") {
    std::string headers = "Content-Type: application/json";
    if (!id.empty()) headers += "\r\nX-Amz-Firehose-Request-Id: " + id;
    if (!more.empty()) headers += "\r\n" + more;
    return Post(body, headers, "/api/v1/firehose");
  }
};

TEST_F(FirehoseTest, RecordsAreTakenOnceHoweverOftenTheyAreSent) {
  ASSERT_TRUE(Open().ok());
  const std::string body = Envelope({R"({"a":1})", "{\"a\":2}\n{\"a\":3}", R"({"a":4}{"a":5})"});
  const ClientResponse first = Deliver(body);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.headers.at("content-type"), "application/json");
  EXPECT_TRUE(first.body.starts_with(R"({"requestId":"r1","timestamp":)")) << first.body;
  EXPECT_EQ(first.body.find("errorMessage"), std::string::npos);
  EXPECT_EQ(Deliver(body).status, 200);
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Deliver(body).status, 200);
  EXPECT_EQ(Deliver(Gzip(Envelope({R"({"a":6})"})), "r2", "Content-Encoding: gzip").status, 200);
  EXPECT_EQ(Deliver(Envelope({}), "r3").status, 200);
  EXPECT_EQ(Poll(), (Strings{R"({"a":1})", R"({"a":2})", R"({"a":3})", R"({"a":4})", R"({"a":5})",
                             R"({"a":6})"}));
}

TEST_F(FirehoseTest, ABrokenRecordIsKeptAndHarmsNoOther) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Deliver(Envelope({R"({"a":1})", R"({"bad": [)", R"({"a":2})"})).status, 200);
  EXPECT_EQ(Deliver(Envelope({"bad"}), "r2").status, 200);
  EXPECT_EQ(Poll(), (Strings{R"({"a":1})", R"({"bad": [)", R"({"a":2})", "bad"}));
}

TEST_F(FirehoseTest, WhatCannotBeTakenIsRefusedInItsForm) {
  ASSERT_TRUE(Open().ok());
  for (const char* body : {"", "[]", "{}", R"({"records":[{}]})", R"({"records":[{"data":"?"}]})",
                           R"({"records":[1]})"}) {
    const ClientResponse answer = Deliver(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_TRUE(answer.body.starts_with(R"({"requestId":"r1","timestamp":)")) << answer.body;
    EXPECT_NE(answer.body.find(R"("errorMessage":")"), std::string::npos) << answer.body;
  }
  EXPECT_EQ(Deliver(Envelope({"{}"}), "").status, 400);
  EXPECT_EQ(Deliver(Envelope({"{\"a\":\"" + std::string(2000, 'x') + "\"}"})).status, 413);
  EXPECT_EQ(Poll(), Strings());
}

TEST_F(FirehoseTest, TheAccessKeyIsATokensSecret) {
  const std::string hash = Sha256Hex("secret");
  ASSERT_TRUE(env_.PutDurably("/tokens", "hall " + hash + " hall-\n", PutMode::kReplace).ok());
  config_.token_file = "/tokens";
  ASSERT_TRUE(Open().ok());
  const std::string body = Envelope({R"({"d":"hall-1"})"});
  EXPECT_EQ(Deliver(body).status, 401);
  EXPECT_EQ(Deliver(body, "r1", "X-Amz-Firehose-Access-Key: wrong").status, 401);
  EXPECT_EQ(Deliver(body, "r1", "Authorization: Bearer secret").status, 401);
  const std::string key = "X-Amz-Firehose-Access-Key: secret";
  EXPECT_EQ(Deliver(body, "r1", key).status, 200);
  EXPECT_EQ(Deliver(Envelope({R"({"d":"yard-1"})"}), "r2", key).status, 403);
  EXPECT_EQ(Poll(), (Strings{R"({"d":"hall-1"})"}));
}

}  // namespace
}  // namespace avocet
