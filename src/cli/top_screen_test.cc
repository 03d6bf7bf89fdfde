#include "src/cli/top_screen.h"

#include <gtest/gtest.h>

#include "src/cli/terminal_line.h"

namespace avocet {
namespace {

TopModel Fleet() {
  TopModel model;
  model.version = "1.2.3";
  model.user = "me";
  model.role = "operator";
  model.wall_us = 1'735'689'600'000'000;
  model.started_us = model.wall_us - 3'600'000'000;
  model.received = 1'234'567;
  model.rates = {10, 2000};
  model.sources = {{.name = "mqtt", .problem = "no broker"},
                   {.name = "files", .problem = "", .lag_bytes = 2'000'000}};
  model.states = {{"ok", 99}, {"critical", 1}};
  model.stages = {{"open", 20}};
  model.devices_total = 100;
  for (int i = 0; i < 60; ++i) {
    model.devices.push_back({.name = "dev-" + std::to_string(i), .state = "ok", .values = "t 1"});
    model.alerts.push_back({.id = "0123456789abcdef",
                            .severity = "critical",
                            .rule = "anomaly",
                            .device = "",
                            .reason = "high"});
  }
  model.devices[0].name = "\033[2Jclear\u202egnp 名前名前名前名前名前名前名前名前名前名前名前";
  return model;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(TerminalLineTest, TextFitsAndCannotMoveTheCursor) {
  EXPECT_EQ(FitText("abc", 5), "abc  ");
  EXPECT_EQ(FitText("abc", 5, true), "  abc");
  EXPECT_EQ(FitText("abcdef", 4), "abc…");
  EXPECT_EQ(FitText("名前", 4), "名前");
  EXPECT_EQ(FitText("名前x", 4), "名… ");
  EXPECT_EQ(FitText("a\033[31m\n\u202eb\xff", 20), "a?[31m??b?          ");
  EXPECT_EQ(FitText("x", 0), "");
  TerminalLine line(6, true);
  EXPECT_EQ(line.Text("ab", Ink::kBad).Cell("cdefgh", 6).Take(), "\033[1;31mab\033[0mcde…");
}

TEST(TopScreenTest, FitsEveryTerminal) {
  TopView view;
  view.colours = false;
  for (const TerminalSize size : {TerminalSize{1, 1}, {20, 5}, {40, 10}, {80, 24}, {300, 100}}) {
    const auto lines = TopScreen(Fleet(), view, size);
    EXPECT_EQ(lines.size(), size.rows);
    for (const std::string& line : lines) {
      EXPECT_LE(WidthOfText(line), size.columns) << line;
      EXPECT_EQ(line.find('\033'), line.npos) << line;
    }
  }
}

TEST(TopScreenTest, ShowsWhatMatters) {
  TopView view;
  view.colours = false;
  view.selected_alert = 40;
  view.query.text = "dev";
  const std::string text = Joined(TopScreen(Fleet(), view, {100, 40}));
  for (const char* wanted :
       {"avocet 1.2.3", "2,000/s", "1,234,567", "1 critical", "PROBLEM", "no broker", "2.0 MB",
        "ALERTS 20 open", "> 01234567", "dev-3", "with \"dev\"", "a acknowledge", "up 1h 0m"}) {
    EXPECT_NE(text.find(wanted), text.npos) << wanted << "\n" << text;
  }
  view.colours = true;
  EXPECT_NE(Joined(TopScreen(Fleet(), view, {100, 40})).find("\033["), text.npos);
}

TEST(TopScreenTest, AnEmptyStartIsShown) {
  TopView view;
  const std::string text = Joined(TopSnapshot(TopModel(), view, 100));
  EXPECT_NE(text.find("ALERTS 0 open"), text.npos);
}

}  // namespace
}  // namespace avocet
