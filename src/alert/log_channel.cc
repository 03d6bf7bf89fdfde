#include "src/alert/log_channel.h"

#include <spdlog/spdlog.h>

#include "src/alert/alert_text.h"

namespace avocet {
namespace {

class LogChannel final : public AlertChannel {
 public:
  AlertDelivery Send(const AlertMessage& message) override {
    const AlertChange& change = message.change();
    if (message.digest) {
      spdlog::warn("alert: {}: {}", AlertTitle(message), AlertSentence(message));
    } else {
      const bool over = change.state == AlertState::kCleared;
      spdlog::log(over ? spdlog::level::info : spdlog::level::warn, "alert: {}: {} (rule {})",
                  AlertTitle(message), change.reason, change.rule);
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<AlertChannel> MakeLogChannel() { return std::make_unique<LogChannel>(); }

}  // namespace avocet
