#include "src/sink/sink_settings.h"

#include <gtest/gtest.h>

namespace avocet {
namespace {

TEST(SinkSettings, EachIsTakenByItsName) {
  auto settings =
      SinkSettings::Parse({"batch=20", "patience=1m30s", "region=eu-west-1", "a=b=c", "flag=true"});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->Count("batch", 500), 20u);
  EXPECT_EQ(settings->Count("object_bytes", 7), 7u);
  EXPECT_EQ(settings->Time("patience", std::chrono::seconds(1)), std::chrono::seconds(90));
  EXPECT_EQ(settings->Aws().region, "eu-west-1");
  EXPECT_EQ(settings->Text("a"), "b=c");
  EXPECT_TRUE(settings->Flag("flag"));
  EXPECT_TRUE(settings->Finish("kinesis").ok());
}

TEST(SinkSettings, MistakesAreTold) {
  EXPECT_EQ(SinkSettings::Parse({"batch"}).status().code(), StatusCode::kUsage);
  EXPECT_EQ(SinkSettings::Parse({"=1"}).status().code(), StatusCode::kUsage);
  EXPECT_EQ(SinkSettings::Parse({"a=1", "a=2"}).status().code(), StatusCode::kUsage);
  const auto told = [](const std::string& option, auto take) {
    auto settings = SinkSettings::Parse({option});
    take(&*settings);
    const Status status = settings->Finish("http");
    EXPECT_EQ(status.code(), StatusCode::kUsage) << option;
    return status.message();
  };
  const auto count = [](SinkSettings* s) { s->Count("batch", 1); };
  EXPECT_NE(told("batch=0", count).find("batch"), std::string::npos);
  EXPECT_NE(told("batch=1x", count).find("\"1x\""), std::string::npos);
  EXPECT_NE(told("patience=soon", [](SinkSettings* s) { s->Time("patience", {}); }).find("soon"),
            std::string::npos);
  EXPECT_NE(told("flag=yes", [](SinkSettings* s) { s->Flag("flag"); }).find("true or false"),
            std::string::npos);
  EXPECT_EQ(told("bach=1", count), "--to-option: http has no option \"bach\"; known: batch");
}

}  // namespace
}  // namespace avocet
