#include "src/lake/s3_store.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "src/env/sim_env.h"
#include "src/lake/lake.h"
#include "src/net/aws_transport.h"

namespace avocet {
namespace {

constexpr std::string_view kHost = "http://127.0.0.1/b/";

/// A bucket in memory that honours If-None-Match. Faults are used up one request after the other.
class MemoryBucket : public AwsTransport {
 public:
  enum class Fault { kNone, kRefused, kLostBefore, kLostAfter };

  Result<AwsAnswer> Send(const AwsRequest& request) override {
    const std::lock_guard lock(mutex_);
    ++requests;
    Fault fault = Fault::kNone;
    if (!faults.empty()) {
      fault = faults.front();
      faults.pop_front();
    }
    if (fault == Fault::kLostBefore) return Status::Unavailable("no answer");
    if (fault == Fault::kRefused) return AwsAnswer{503, {}, "<Error><Code>SlowDown</Code></Error>"};
    AwsAnswer answer = Do(request);
    if (fault == Fault::kLostAfter) return Status::Unavailable("no answer");
    return answer;
  }
  void Cancel() override {}
  std::string region() const override { return "eu-west-1"; }

  std::map<std::string, std::string> objects;
  std::deque<Fault> faults;
  bool ignores_conditions = false;
  int requests = 0;

 private:
  AwsAnswer Do(const AwsRequest& request) {
    const std::string key = request.url.substr(kHost.size());
    if (key.starts_with('?')) return List(key);
    const auto found = objects.find(key);
    if (request.method == "PUT") {
      const bool conditional = request.headers.contains("if-none-match") && !ignores_conditions;
      if (conditional && found != objects.end()) {
        return {412, {}, "<Error><Code>PreconditionFailed</Code></Error>"};
      }
      objects[key] = request.body;
      return {200, {}, ""};
    }
    if (request.method == "DELETE") {
      objects.erase(key);
      return {204, {}, ""};
    }
    if (found == objects.end()) return {404, {}, "<Error><Code>NoSuchKey</Code></Error>"};
    if (request.method == "HEAD") {
      return {200,
              {{"content-length", std::to_string(found->second.size())},
               {"last-modified", "Sat, 31 Jan 2026 12:00:01 GMT"}},
              ""};
    }
    return Range(request.headers.at("range"), found->second);
  }

  static AwsAnswer Range(const std::string& range, const std::string& bytes) {
    const size_t first = std::stoul(range.substr(6));
    const size_t last = std::stoul(range.substr(range.find('-') + 1));
    if (first >= bytes.size()) return {416, {}, ""};
    return {206,
            {{"content-range", "bytes " + std::to_string(first) + "-x"}},
            bytes.substr(first, last - first + 1)};
  }

  // Two objects a page. Keys of these tests need no escapes but that of slashes.
  AwsAnswer List(const std::string& query) const {
    const auto parameter = [&](const std::string& name) {
      const size_t at = query.find(name + "=");
      if (at == std::string::npos) return std::string();
      const size_t begin = at + name.size() + 1;
      return FormUnescaped(query.substr(begin, query.find('&', begin) - begin));
    };
    const std::string prefix = parameter("prefix"), after = parameter("start-after");
    std::string xml = "<ListBucketResult>";
    int count = 0;
    for (auto at = objects.upper_bound(std::max(prefix, after));
         at != objects.end() && at->first.starts_with(prefix); ++at) {
      if (++count > 2) {
        xml += "<IsTruncated>true</IsTruncated>";
        break;
      }
      xml += "<Contents><Key>" + at->first + "</Key><Size>" + std::to_string(at->second.size()) +
             "</Size><LastModified>2026-01-31T12:00:01.000Z</LastModified></Contents>";
    }
    return {200, {}, xml + "</ListBucketResult>"};
  }

  std::mutex mutex_;
};

using Fault = MemoryBucket::Fault;

struct Fixture {
  std::shared_ptr<MemoryBucket> bucket = std::make_shared<MemoryBucket>();
  SimEnv env;
  S3Store store{S3Client(bucket, "b", "http://127.0.0.1", true), {"b", "lake/"}, &env};
};

TEST(S3Store, FilesAreWrittenListedReadAndRemoved) {
  Fixture f;
  for (const char* path : {"t/_delta_log/1.json", "t/_delta_log/2.json", "t/_delta_log/3.json",
                           "t/x.parquet", "u/y"}) {
    ASSERT_TRUE(f.store.Put(path, path, PutMode::kCreateNew).ok());
  }
  EXPECT_EQ(f.bucket->objects.at("lake/t/x.parquet"), "t/x.parquet");
  EXPECT_EQ(f.store.List("t", "").value().size(), 4u);
  const auto recent = f.store.List("t/_delta_log", "t/_delta_log/3.").value();
  ASSERT_EQ(recent.size(), 1u);
  EXPECT_EQ(recent[0].path, "t/_delta_log/3.json");
  EXPECT_EQ(recent[0].modified_us, 1'769'860'801'000'000);
  EXPECT_EQ(f.store.List("t/_delta", "").value().size(), 0u);
  EXPECT_EQ(f.store.Stat("t/x.parquet").value().size_bytes, 11u);
  EXPECT_EQ(f.store.Stat("t/x.parquet").value().modified_us, 1'769'860'801'000'000);
  EXPECT_EQ(f.store.ReadFile("u/y").value(), "u/y");
  EXPECT_TRUE(f.store.HasFolder("t/_delta_log").value());
  EXPECT_FALSE(f.store.HasFolder("t/_delta").value());
  ASSERT_TRUE(f.store.Remove("u/y").ok());
  EXPECT_EQ(f.store.ReadFile("u/y").status().code(), StatusCode::kNotFound);
  EXPECT_NE(f.store.Stat("u/y").status().message().find("s3://b/lake/u/y"), std::string::npos);
}

TEST(S3Store, LargeFilesAreReadInPieces) {
  Fixture f;
  std::string bytes(3'000'000, 'a');
  for (size_t i = 0; i < bytes.size(); i += 7) bytes[i] = static_cast<char>(i % 251);
  f.bucket->objects["lake/large"] = bytes;
  f.bucket->objects["lake/empty"] = "";
  EXPECT_EQ(f.store.ReadFile("large").value(), bytes);
  EXPECT_EQ(f.store.ReadFile("empty").value(), "");
}

TEST(S3Store, WhoeverComesSecondIsTold) {
  Fixture f;
  ASSERT_TRUE(f.store.Put("k", "first", PutMode::kCreateNew).ok());
  EXPECT_EQ(f.store.Put("k", "second", PutMode::kCreateNew).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(f.bucket->objects.at("lake/k"), "first");
  ASSERT_TRUE(f.store.Put("k", "third", PutMode::kReplace).ok());
  EXPECT_EQ(f.bucket->objects.at("lake/k"), "third");
}

// Whatever happens to the requests: Ok exactly when the object is ours.
TEST(S3Store, LostAnswersAreResolvedByReadingBack) {
  const auto put = [](std::deque<Fault> faults, bool taken) {
    Fixture f;
    if (taken) f.bucket->objects["lake/k"] = "theirs";
    f.bucket->faults = std::move(faults);
    const Status status = f.store.Put("k", "ours", PutMode::kCreateNew);
    EXPECT_EQ(f.bucket->objects.at("lake/k"), taken ? "theirs" : "ours");
    return status.code();
  };
  for (const Fault fault : {Fault::kRefused, Fault::kLostBefore, Fault::kLostAfter}) {
    EXPECT_EQ(put({fault}, false), StatusCode::kOk);
    EXPECT_EQ(put({fault, fault, fault}, false), StatusCode::kOk);
    EXPECT_EQ(put({fault}, true), StatusCode::kAlreadyExists);
    // Reading back fails as well, the first time.
    EXPECT_EQ(put({fault, Fault::kNone, Fault::kLostBefore}, false), StatusCode::kOk);
  }
}

TEST(S3Store, PatienceEndsAndPausesGrow) {
  Fixture f;
  f.bucket->faults.assign(100, Fault::kRefused);
  const auto start = f.env.Monotonic();
  const Status status = f.store.ReadFile("k").status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("SlowDown"), std::string::npos) << status.message();
  EXPECT_EQ(f.bucket->requests, 8);
  EXPECT_GT(f.env.Monotonic() - start, std::chrono::seconds(3));
  EXPECT_LT(f.env.Monotonic() - start, std::chrono::seconds(15));
}

TEST(S3Store, AServerWithoutConditionsIsRefused) {
  Fixture f;
  EXPECT_TRUE(f.store.CheckCreateNew().ok());
  EXPECT_TRUE(f.store.CheckCreateNew().ok());
  Fixture bad;
  bad.bucket->ignores_conditions = true;
  const Status status = bad.store.CheckCreateNew();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find("If-None-Match"), std::string::npos);
}

}  // namespace
}  // namespace avocet
