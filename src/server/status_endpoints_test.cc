#include "src/server/status_endpoints.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

#include "src/server/metrics_text.h"

namespace avocet {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

Progress SomeProgress() {
  Progress progress;
  progress.totals.accepted = 7;
  progress.last_commit_us = 1'623'781'706'500'000;
  progress.sources.push_back({"http", {}});
  progress.sources.push_back({"a \"b\"\\\n", {.ready = false, .problem = "it is down"}});
  progress.sources[0].health.lag_records = 3;
  return progress;
}

TEST(StatusEndpointsTest, ReadyNamesWhatIsWrong) {
  Progress progress = SomeProgress();
  HttpResponse response = ReadyResponse(progress);
  EXPECT_EQ(response.status, 503);
  EXPECT_NE(response.body.find("\"problem\":\"it is down\""), std::string::npos);
  progress.sources.pop_back();
  response = ReadyResponse(progress);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{\"sources\":[{\"name\":\"http\",\"ready\":true}],\"ready\":true}\n");
  progress.problem = "the disk is full";
  EXPECT_EQ(ReadyResponse(progress).status, 503);
}

TEST(StatusEndpointsTest, MetricsAreInTheTextFormat) {
  HttpServerStats http;
  http.requests[4] = 2;
  const ReloadDesk::Outcome reload{.is_success = false, .success_us = 1'623'781'700'500'000};
  StageClock clock(Env::Posix());
  clock.to_alert().at(MessageStage::kStored).Add(milliseconds(20));
  clock.to_alert().at(MessageStage::kStored).Add(hours(1));
  const AlertMetrics alerts{
      .firing = {0, 2, 1},
      .silent_devices = 4,
      .channels = {{.channel = "ops", .delivered = 5, .retried = 6, .silenced = 8, .waiting = 9}}};
  const std::string text = MetricsText({.progress = SomeProgress(),
                                        .clock = &clock,
                                        .http = http,
                                        .reload = reload,
                                        .alerts = alerts,
                                        .process = {.cpu_seconds = 1.5, .open_files = 11},
                                        .version = "1.2.3"});
  for (const char* line :
       {"avocet_build_info{version=\"1.2.3\"} 1\n",
        "avocet_records_total{result=\"accepted\"} 7\n",
        "avocet_last_commit_timestamp_seconds 1623781706.5\n",
        "avocet_config_last_reload_successful 0\n",
        "avocet_config_last_reload_success_timestamp_seconds 1623781700.5\n",
        "avocet_source_lag_records{source=\"http\"} 3\n",
        "avocet_source_ready{source=\"a \\\"b\\\"\\\\\\n\"} 0\n",
        "avocet_http_requests_total{status=\"4xx\"} 2\n",
        "avocet_alerts_active{severity=\"warning\"} 2\n",
        "avocet_devices_silent 4\n",
        "avocet_notifications_total{channel=\"ops\",result=\"delivered\"} 5\n",
        "avocet_notifications_total{channel=\"ops\",result=\"retried\"} 6\n",
        "avocet_notifications_total{channel=\"ops\",result=\"failed\"} 0\n",
        "avocet_notifications_total{channel=\"ops\",result=\"silenced\"} 8\n",
        "avocet_notification_outbox{channel=\"ops\"} 9\n",
        "process_cpu_seconds_total 1.5\n",
        "process_open_fds 11\n",
        "# TYPE avocet_event_to_alert_seconds histogram\n",
        "avocet_event_to_alert_seconds_bucket{stage=\"stored\",le=\"0.01\"} 0\n",
        "avocet_event_to_alert_seconds_bucket{stage=\"stored\",le=\"0.025\"} 1\n",
        "avocet_event_to_alert_seconds_bucket{stage=\"stored\",le=\"1000\"} 1\n",
        "avocet_event_to_alert_seconds_bucket{stage=\"stored\",le=\"+Inf\"} 2\n",
        "avocet_event_to_alert_seconds_sum{stage=\"stored\"} 3600.02\n",
        "avocet_event_to_alert_seconds_count{stage=\"stored\"} 2\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
  // Each family is declared once, before its samples, which are not repeated.
  std::istringstream lines(text);
  std::set<std::string> declared, samples;
  std::string line, family;
  bool is_histogram = false;
  while (std::getline(lines, line)) {
    if (line.starts_with("# TYPE ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      is_histogram = line.ends_with(" histogram");
      EXPECT_TRUE(declared.insert(family).second) << family;
    } else if (!line.starts_with("# HELP ")) {
      std::string sample = line.substr(0, line.find_first_of("{ "));
      for (const std::string part : {"_bucket", "_sum", "_count"}) {
        if (is_histogram && sample.ends_with(part)) sample.resize(sample.size() - part.size());
      }
      EXPECT_EQ(sample, family);
      EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second) << line;
    }
  }
  EXPECT_GT(declared.size(), 15u);
}

}  // namespace
}  // namespace avocet
