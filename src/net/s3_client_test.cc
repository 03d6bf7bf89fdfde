#include "src/net/s3_client.h"

#include <gtest/gtest.h>

#include <array>

#include "src/net/aws_testing.h"

namespace avocet {
namespace {

std::string UrlOf(const std::string& bucket, const std::string& endpoint, bool path_style,
                  const std::string& key) {
  const auto transport = std::make_shared<ScriptedTransport>();
  S3Client client(transport, bucket, endpoint, path_style);
  EXPECT_FALSE(client.Put(key, "x").ok());
  return transport->requests.at(0).url;
}

TEST(S3Client, TheBucketIsInTheHostOrInThePath) {
  EXPECT_EQ(UrlOf("b", "", false, "k"), "https://b.s3.eu-west-1.amazonaws.com/k");
  EXPECT_EQ(UrlOf("b", "", true, "k"), "https://s3.eu-west-1.amazonaws.com/b/k");
  EXPECT_EQ(UrlOf("b.c", "", false, "k"), "https://s3.eu-west-1.amazonaws.com/b.c/k");
  EXPECT_EQ(UrlOf("b", "http://127.0.0.1:9000", false, "k"), "http://127.0.0.1:9000/b/k");
  EXPECT_EQ(UrlOf("b", "http://localhost:9000/", false, "k"), "http://localhost:9000/b/k");
  EXPECT_EQ(UrlOf("b", "https://s3.plant.example/", false, "k"), "https://b.s3.plant.example/k");
}

TEST(S3Client, KeysAreEscaped) {
  EXPECT_EQ(UrlOf("b", "http://127.0.0.1", true, "a=1/b c+d%\xC3\xA9~.txt"),
            "http://127.0.0.1/b/a%3D1/b%20c%2Bd%25%C3%A9~.txt");
}

TEST(S3Client, ListingIsRead) {
  const auto transport = std::make_shared<ScriptedTransport>();
  transport->Answer(200,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                    "<Name>b</Name><Prefix>p%2F</Prefix><EncodingType>url</"
                    "EncodingType><IsTruncated>true</IsTruncated>"
                    "<Contents><Key>p/a%20b%2Bc%C3%A9</Key><LastModified>2026-01-31T12:00:01.000Z"
                    "</LastModified><ETag>&quot;abc&quot;</ETag><Size>17</Size></Contents>"
                    "<Contents><Key>p/z</Key><LastModified>2026-02-01T00:00:00Z</LastModified>"
                    "<ETag>&#34;d&#34;</ETag><Size>0</Size></Contents></ListBucketResult>");
  S3Client client(transport, "b", "http://127.0.0.1", true);
  const auto page = client.List("p/", "p/a");
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(transport->requests.at(0).url,
            "http://127.0.0.1/b/?encoding-type=url&list-type=2&prefix=p%2F&start-after=p%2Fa");
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_TRUE(page->more);
  EXPECT_EQ(page->objects[0].key, "p/a b+c\xC3\xA9");
  EXPECT_EQ(page->objects[0].etag, "\"abc\"");
  EXPECT_EQ(page->objects[0].size_bytes, 17u);
  EXPECT_EQ(page->objects[0].modified_us, 1'769'860'801'000'000);
  EXPECT_EQ(page->objects[1].etag, "\"d\"");
}

TEST(S3Client, KeysAreTakenAsTheyAreFromServersThatDoNotEscapeThem) {
  const auto transport = std::make_shared<ScriptedTransport>();
  transport->Answer(200,
                    "<ListBucketResult><Contents><Key>a b+c%20&amp;d</Key><Size>1</Size></Contents>"
                    "</ListBucketResult>");
  S3Client client(transport, "b", "", false);
  EXPECT_EQ(client.List("", "")->objects.at(0).key, "a b+c%20&d");
}

TEST(S3Client, GarbageIsNoListing) {
  const auto transport = std::make_shared<ScriptedTransport>();
  transport->Answer(200, "<html>proxy</html>");
  transport->Answer(200, "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>");
  S3Client client(transport, "b", "", false);
  EXPECT_EQ(client.List("", "").status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(client.List("", "").status().code(), StatusCode::kUnavailable);
}

TEST(S3Client, ReadsAsMuchAsIsAskedFor) {
  const auto transport = std::make_shared<ScriptedTransport>();
  std::array<char, 4> out{};
  S3Client client(transport, "b", "", false);
  transport->Answer(206, "abcd", {{"content-range", "bytes 8-11/20"}});
  EXPECT_EQ(client.Read("k", "\"e\"", 8, out).value(), 4u);
  EXPECT_EQ(std::string(out.data(), 4), "abcd");
  EXPECT_EQ(transport->requests.at(0).headers.at("range"), "bytes=8-11");
  EXPECT_EQ(transport->requests.at(0).headers.at("if-match"), "\"e\"");
  transport->Answer(416, "<Error><Code>InvalidRange</Code></Error>");
  EXPECT_EQ(client.Read("k", "", 20, out).value(), 0u);
  // A server that ignores the range would give out the wrong bytes.
  transport->Answer(200, "abcd");
  EXPECT_EQ(client.Read("k", "", 8, out).status().code(), StatusCode::kUnavailable);
  transport->Answer(412, "<Error><Code>PreconditionFailed</Code></Error>");
  EXPECT_EQ(client.Read("k", "\"e\"", 8, out).status().code(), StatusCode::kConflict);
}

}  // namespace
}  // namespace avocet
