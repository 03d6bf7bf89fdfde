#include <gtest/gtest.h>

#include <limits>

#include "src/alert/alert_text.h"
#include "src/alert/slack_channel.h"
#include "src/alert/web_delivery.h"

namespace avocet {
namespace {

AlertChange Change() {
  AlertChange change;
  change.id = "id1";
  change.rule = "heat";
  change.device = "press<7>\"";
  change.metric = "temperature";
  change.label = "temperature (degC)";
  change.state = AlertState::kFiring;
  change.severity = AlertSeverity::kCritical;
  change.event_time_us = 1'623'715'200'000'000;
  change.opened_us = change.event_time_us;
  change.anomalies = 1;
  change.fired = true;
  change.reason = "it is hot";
  change.strongest.value = 93.25;
  change.strongest.lower = 60;
  change.strongest.upper = 70.5;
  change.strongest.score = 4.2;
  return change;
}

TEST(AlertTextTest, SaysWhatWasMeasuredAndExpected) {
  AlertChange change = Change();
  const AlertMessage message{.changes = {&change}, .digest = false, .reference = {}};
  EXPECT_EQ(AlertTitle(message), "CRITICAL: temperature (degC) of press<7>\"");
  EXPECT_EQ(AlertSentence(message),
            "temperature (degC) of press<7>\": it is hot (rule heat, since 2021-06-15T00:00:00Z).");
  EXPECT_EQ(Measurement(change), "measured 93.25, expected 60 to 70.5");
  EXPECT_EQ(Strangeness(change), "4.2 times what makes an anomaly");
  change.strongest.value = std::numeric_limits<double>::quiet_NaN();
  change.strongest.lower = change.strongest.value;
  EXPECT_EQ(Measurement(change), "expected at most 70.5");
  change.strongest.upper = change.strongest.value;
  EXPECT_EQ(Measurement(change), "");
  change.strongest.expected = 3;
  EXPECT_EQ(Measurement(change), "expected 3");
}

TEST(AlertTextTest, LinksToTheDashboard) {
  const AlertChange change = Change();
  AlertMessage message{.changes = {&change}, .digest = false, .reference = {}};
  EXPECT_EQ(AlertLink(message), "");
  EXPECT_NE(AlertJson(message).find("\"url\":null"), std::string::npos);
  EXPECT_EQ(SlackContent(message).find("Open in the dashboard"), std::string::npos);
  message.dashboard_url = "https://avocet.example/";
  const std::string link = "https://avocet.example/alerts?id=id1&at=1623715200000000";
  EXPECT_EQ(AlertLink(message), link);
  EXPECT_NE(AlertJson(message).find("\"url\":\"" + link + "\""), std::string::npos);
  EXPECT_EQ(FillTemplate("{{url}}", message, TemplateKind::kPlain), link);
  EXPECT_NE(SlackContent(message).find("id=id1&amp;at=1623715200000000|Open"), std::string::npos);
  message.digest = true;
  EXPECT_EQ(AlertLink(message), "https://avocet.example/alerts");
}

TEST(AlertTextTest, ADigestCounts) {
  std::vector<AlertChange> changes(25, Change());
  for (size_t i = 0; i < changes.size(); ++i) {
    changes[i].device = "d" + std::to_string(i % 20);
    if (i % 5 == 0) changes[i].state = AlertState::kCleared;
    if (i % 2 == 0) changes[i].severity = AlertSeverity::kWarning;
  }
  AlertMessage message{.changes = {}, .digest = true, .reference = {}};
  for (const AlertChange& change : changes) message.changes.push_back(&change);
  EXPECT_EQ(AlertTitle(message), "25 alerts at once");
  EXPECT_EQ(AlertSentence(message),
            "5 cleared: heat (2 critical)\n20 firing: heat (10 critical)\n"
            "20 devices: d0, d1, d2, d3, d4, d10, d11, d12, d13, d14, ...");
}

TEST(AlertTextTest, TemplatesAreFilledAndNothingElse) {
  AlertChange change = Change();
  const AlertMessage message{.changes = {&change}, .digest = false, .reference = {}};
  EXPECT_EQ(FillTemplate("{\"t\":\"{{device}} {{value}}\"}", message, TemplateKind::kJson),
            "{\"t\":\"press<7>\\\" 93.25\"}");
  EXPECT_EQ(FillTemplate("{{device}}", message, TemplateKind::kPlain), "press<7>\"");
  EXPECT_EQ(FillTemplate("a/{{device}}/{{rule}}", message, TemplateKind::kTopic),
            "a/press<7>\"/" + message.change().rule);
  change.device = "a/+#";
  change.metric.clear();
  EXPECT_EQ(FillTemplate("a/{{device}}/{{metric}}", message, TemplateKind::kTopic), "a/a___/-");
  EXPECT_EQ(FillTemplate("{{nothing}} {{ {{rule", message, TemplateKind::kPlain),
            "{{nothing}} {{ {{rule");
  EXPECT_EQ(FillTemplate("{{{rule}}}", message, TemplateKind::kPlain), "{{{rule}}}");
}

TEST(AlertTextTest, SaysLabelsAndWhatLookedLikeItBefore) {
  const AlertChange change = Change();
  AlertMessage message{.changes = {&change}, .digest = false, .reference = {}};
  EXPECT_NE(AlertJson(message).find("\"labels\":{}"), std::string::npos);
  EXPECT_NE(AlertJson(message).find("\"seen_before\":null"), std::string::npos);
  EXPECT_EQ(SlackContent(message).find("Seen before"), std::string::npos);
  message.labels = {{{"line", "3"}, {"site", "north"}}};
  message.seen_before = "2 times on this device";
  EXPECT_NE(AlertJson(message).find("\"labels\":{\"line\":\"3\",\"site\":\"north\"}"),
            std::string::npos);
  EXPECT_NE(AlertJson(message).find("\"seen_before\":\"2 times on this device\""),
            std::string::npos);
  EXPECT_NE(SlackContent(message).find("*Labels*\\nline 3, site north"), std::string::npos);
  EXPECT_NE(SlackContent(message).find("*Seen before*\\n2 times"), std::string::npos);
  EXPECT_EQ(FillTemplate("{{label.site}}/{{label.owner}}/{{labels}}/{{seen_before}}", message,
                         TemplateKind::kTopic),
            "north/-/line 3, site north/2 times on this device");
}

TEST(SlackTest, EscapesWhatSlackWouldTakeForMarkup) {
  AlertChange change = Change();
  const AlertMessage message{.changes = {&change}, .digest = false, .reference = {}};
  const std::string content = SlackContent(message);
  EXPECT_NE(content.find("\"color\":\"#d50200\""), std::string::npos) << content;
  EXPECT_NE(content.find("press&lt;7&gt;\\\""), std::string::npos) << content;
  EXPECT_NE(content.find("measured 93.25, expected 60 to 70.5"), std::string::npos) << content;
  change.state = AlertState::kCleared;
  EXPECT_NE(SlackContent(message).find("#2eb886"), std::string::npos);
  change.reason = std::string(10'000, 'x');
  EXPECT_LT(SlackContent(message).size(), 9'000U);
}

TEST(WebDeliveryTest, RepliesSayWhetherToTryAgain) {
  using Outcome = AlertDelivery::Outcome;
  const auto outcome = [](int status) {
    WebReply reply;
    reply.status = status;
    return DeliveryOf(reply).outcome;
  };
  EXPECT_EQ(outcome(200), Outcome::kDelivered);
  EXPECT_EQ(outcome(204), Outcome::kDelivered);
  for (const int status : {408, 425, 429, 500, 502, 503})
    EXPECT_EQ(outcome(status), Outcome::kRetry);
  for (const int status : {301, 400, 401, 404, 410}) EXPECT_EQ(outcome(status), Outcome::kRefused);
  WebReply reply;
  reply.status = 429;
  reply.headers["retry-after"] = "7";
  EXPECT_EQ(DeliveryOf(reply).retry_after, std::chrono::seconds(7));
  reply.headers["retry-after"] = "1000000000000";
  EXPECT_EQ(DeliveryOf(reply).retry_after, std::chrono::hours(1));
  reply.headers["retry-after"] = "soon";
  EXPECT_FALSE(DeliveryOf(reply).retry_after.has_value());
  EXPECT_EQ(DeliveryOf(Status::Unavailable("x")).outcome, Outcome::kRetry);
  EXPECT_EQ(DeliveryOf(Status::Permission("x")).outcome, Outcome::kRefused);
}

}  // namespace
}  // namespace avocet
