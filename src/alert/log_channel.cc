#include "src/alert/log_channel.h"

#include <spdlog/spdlog.h>

#include "src/alert/alert_text.h"

namespace avocet {
namespace {

class LogChannel final : public AlertChannel {
 public:
  AlertDelivery Send(const AlertMessage& message) override {
    const AlertChange& change = message.change();
    const std::string link = AlertLink(message);
    const std::string url = link.empty() ? "" : " url=" + link;
    if (message.digest) {
      spdlog::warn("alert: {}: {}{}", AlertTitle(message), AlertSentence(message), url);
    } else {
      const bool over = change.state == AlertState::kCleared;
      spdlog::log(over ? spdlog::level::info : spdlog::level::warn, "alert: {}: {} (rule {}){}",
                  AlertTitle(message), change.reason, change.rule, url);
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<AlertChannel> MakeLogChannel() { return std::make_unique<LogChannel>(); }

}  // namespace avocet
