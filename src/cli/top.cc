// top: the fleet and the pipeline of a running avocet, in a terminal.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "src/base/json_writer.h"
#include "src/base/time_format.h"
#include "src/cli/command.h"
#include "src/cli/running_avocet.h"
#include "src/cli/top_model.h"
#include "src/cli/top_screen.h"
#include "src/env/env.h"
#include "src/env/program.h"
#include "src/env/signals.h"
#include "src/env/terminal.h"

namespace avocet {
namespace {

using std::chrono::milliseconds;

constexpr const char* kSorts[] = {"state", "anomalies", "last", "quality", "readings", "device"};
constexpr milliseconds kKeyWait{100};
constexpr size_t kSnapshotColumns = 120;
constexpr size_t kSnapshotDevices = 20;
constexpr char kEscape = '\033';
constexpr char kDelete = '\177';

struct TopArguments : RunningAvocetArguments {
  bool once = false;
  std::string interval = "2s";
  std::string sort = "state";
  std::string filter;
};

/// What is best seen first: most anomalies and readings, but worst quality and longest silence.
bool DescendsAtFirst(const std::string& sort) { return sort == "anomalies" || sort == "readings"; }

class Top {
 public:
  Top(const RunningAvocet* avocet, TopView view, milliseconds interval)
      : avocet_(avocet), view_(std::move(view)), interval_(interval) {}

  Status PrintOnce();
  Status Run();

 private:
  void Update();
  void Draw(TerminalScreen* screen);
  void Press(char key);
  void Type(char key);
  void Acknowledge();
  bool IsDue() const { return Env::Posix()->Monotonic() - updated_at_ >= interval_; }

  const RunningAvocet* const avocet_;
  TopModel model_;
  TopView view_;
  const milliseconds interval_;
  std::chrono::nanoseconds updated_at_{0};
  std::string shown_;  // what the terminal shows
  bool is_over_ = false;
};

// Rates need two looks.
Status Top::PrintOnce() {
  view_.query.most_devices = kSnapshotDevices;
  AVOCET_RETURN_IF_ERROR(UpdateTopModel(*avocet_, view_.query, &model_));
  Env::Posix()->SleepFor(std::min(interval_, milliseconds(1000)));
  AVOCET_RETURN_IF_ERROR(UpdateTopModel(*avocet_, view_.query, &model_));
  for (const std::string& line : TopSnapshot(model_, view_, kSnapshotColumns)) {
    fmt::print("{}\n", line);
  }
  return Status::Ok();
}

Status Top::Run() {
  // A wrong address is an error, and not a screen.
  AVOCET_RETURN_IF_ERROR(UpdateTopModel(*avocet_, view_.query, &model_));
  updated_at_ = Env::Posix()->Monotonic();
  TerminalScreen screen;
  while (!is_over_ && !TerminationRequested()) {
    Draw(&screen);
    bool ended = false;
    std::string keys = screen.ReadKeys(kKeyWait, &ended);
    is_over_ = ended;
    // Arrows are j and k.
    for (const auto& [arrow, key] : {std::pair{"\033[A", "k"}, {"\033[B", "j"}}) {
      for (size_t at = keys.find(arrow); at != keys.npos; at = keys.find(arrow)) {
        keys.replace(at, 3, key);
      }
    }
    for (const char key : keys) {
      if (view_.is_typing) {
        Type(key);
      } else {
        Press(key);
      }
    }
    if (!view_.is_paused && IsDue()) Update();
  }
  return Status::Ok();
}

void Top::Update() {
  updated_at_ = Env::Posix()->Monotonic();
  const Status status = UpdateTopModel(*avocet_, view_.query, &model_);
  view_.note = status.ok() ? "" : status.message();
  const size_t alerts = model_.alerts.size();
  view_.selected_alert = std::min(view_.selected_alert, alerts == 0 ? 0 : alerts - 1);
}

void Top::Draw(TerminalScreen* screen) {
  const TerminalSize size = SizeOfTerminal();
  std::string text = "\033[H";
  bool is_first = true;
  for (const std::string& line : TopScreen(model_, view_, size)) {
    if (!is_first) text += "\r\n";
    is_first = false;
    text += line + "\033[K";
  }
  text += "\033[J";
  if (text == shown_) return;
  screen->Write(text);
  shown_ = std::move(text);
}

void Top::Press(char key) {
  switch (key) {
    case 'q':
      is_over_ = true;
      return;
    case 's': {
      const auto* now = std::find(std::begin(kSorts), std::end(kSorts), view_.query.sort);
      const auto* next = now == std::end(kSorts) ? now : std::next(now);
      view_.query.sort = next == std::end(kSorts) ? kSorts[0] : *next;
      view_.query.descending = DescendsAtFirst(view_.query.sort);
      return Update();
    }
    case 'r':
      view_.query.descending = !view_.query.descending;
      return Update();
    case '/':
      view_.is_typing = true;
      return;
    case 'p':
    case ' ':
      view_.is_paused = !view_.is_paused;
      return;
    case 'j':
      if (view_.selected_alert + 1 < model_.alerts.size()) ++view_.selected_alert;
      return;
    case 'k':
      if (view_.selected_alert > 0) --view_.selected_alert;
      return;
    case 'a':
      return Acknowledge();
    default:
      return;
  }
}

void Top::Type(char key) {
  std::string& text = view_.query.text;
  if (key == '\n' || key == '\r') {
    view_.is_typing = false;
  } else if (key == kEscape) {
    view_.is_typing = false;
    text.clear();
  } else if (key == kDelete || key == '\b') {
    // A whole character.
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) {
      text.pop_back();
    }
    if (!text.empty()) text.pop_back();
  } else if (static_cast<unsigned char>(key) >= 0x20) {
    text.push_back(key);
  }
  updated_at_ = std::chrono::nanoseconds(0);
}

void Top::Acknowledge() {
  if (view_.selected_alert >= model_.alerts.size()) return;
  JsonWriter json;
  json.BeginObject().Field("action", "acknowledge").Key("ids").BeginArray();
  json.String(model_.alerts[view_.selected_alert].id).EndArray().EndObject();
  const auto done = avocet_->Post("alert_actions", json.Take());
  Update();
  view_.note = done.ok() ? "acknowledged" : done.status().message();
}

Status RunTop(const TopArguments& arguments) {
  CatchTermination();
  AVOCET_ASSIGN_OR_RETURN(const RunningAvocet avocet, RunningAvocet::Of(arguments));
  const auto interval = ParseDuration(arguments.interval);
  if (!interval.ok() || *interval < 100'000) {
    return Status::Usage("cannot read --interval " + arguments.interval +
                         ": give a duration of 100ms or more, such as 2s");
  }
  const bool once = arguments.once || !StandardOutputIsTerminal() || !StandardInputIsTerminal();
  TopView view;
  view.query = {.sort = arguments.sort,
                .descending = DescendsAtFirst(arguments.sort),
                .text = arguments.filter};
  view.colours = !once && EnvironmentVariable("NO_COLOR").value_or("").empty();
  Top top(&avocet, std::move(view), milliseconds(*interval / 1000));
  return once ? top.PrintOnce() : top.Run();
}

}  // namespace

void AddTopCommand(CLI::App* app, int* exit_code) {
  auto arguments = std::make_shared<TopArguments>();
  CLI::App* command =
      app->add_subcommand("top", "Watch the fleet and the pipeline of a running avocet");
  command->add_flag("--once", arguments->once,
                    "Print what there is and end; so it does without a terminal");
  command->add_option("--sort", arguments->sort, "Order of the devices (default: state)")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kSorts), std::end(kSorts))));
  command->add_option("--filter", arguments->filter, "Only devices with this in their name");
  command->add_option("--interval", arguments->interval, "Time between two looks (default: 2s)");
  AddRunningAvocetOptions(command, arguments.get());
  command->callback([arguments, exit_code] { *exit_code = Report(RunTop(*arguments)); });
}

}  // namespace avocet
