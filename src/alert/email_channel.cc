#include "src/alert/email_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "src/alert/alert_text.h"
#include "src/alert/web_delivery.h"
#include "src/base/base64.h"
#include "src/base/hash.h"
#include "src/base/spoken_time.h"
#include "src/base/time_format.h"
#include "src/config/device_labels.h"
#include "src/env/secret.h"
#include "src/net/mail_client.h"

namespace avocet {
namespace {

constexpr size_t kMostSubject = 200;
constexpr size_t kMostListed = 200;
constexpr size_t kLineBytes = 76;

/// Base64 in lines of 76, as MIME wants it.
std::string MimeBase64(std::string_view text) {
  std::string whole;
  AppendBase64(text, &whole);
  std::string lines;
  for (size_t at = 0; at < whole.size(); at += kLineBytes) {
    lines += whole.substr(at, kLineBytes) + "\r\n";
  }
  return lines;
}

/// A header's value as encoded words, each at most 75 bytes and of whole characters.
std::string EncodedWords(std::string_view text) {
  constexpr size_t kMostBytes = 42;
  std::string words;
  while (!text.empty()) {
    size_t size = std::min(text.size(), kMostBytes);
    while (size < text.size() && size > 1 &&
           (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
      --size;
    words += words.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?";
    AppendBase64(text.substr(0, size), &words);
    words += "?=";
    text.remove_prefix(size);
  }
  return words;
}

/// "Tue, 15 Jun 2021 00:00:00 +0000".
std::string MailDate(int64_t time_us) {
  constexpr std::array kDays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const int64_t day = time_us / 86'400'000'000;
  const std::string iso = FormatTimestamp(time_us / 1'000'000 * 1'000'000);
  const auto month = static_cast<size_t>(std::stoi(iso.substr(5, 2)));
  return fmt::format("{}, {} {} {} {} +0000", kDays[static_cast<size_t>(day % 7)], iso.substr(8, 2),
                     kMonths[month - 1], iso.substr(0, 4), iso.substr(11, 8));
}

std::string Body(const AlertMessage& message) {
  const std::string link = AlertLink(message);
  if (message.digest) {
    std::string text = AlertSentence(message) + "\n\n";
    if (!link.empty()) text += link + "\n\n";
    size_t listed = 0;
    for (const AlertChange* change : message.changes) {
      if (++listed > kMostListed) {
        text += fmt::format("... and {} more\n", message.changes.size() - kMostListed);
        break;
      }
      AlertMessage alone{.changes = {change}, .digest = false, .reference = {}};
      text += AlertTitle(alone) + ": " + change->reason + "\n";
    }
    return text;
  }
  const AlertChange& change = message.change();
  std::string text = AlertSentence(message) + "\n\n";
  const std::pair<const char*, std::string> lines[] = {
      {"measured", Measurement(change)},
      {"how unusual", Strangeness(change)},
      {"since", SpokenTime(change.opened_us)},
      {"anomalies", std::to_string(change.anomalies)},
      {"labels", LabelsText(message.LabelsOf(0))},
      {"seen before", message.seen_before},
      {"detector", change.strongest.detector},
      {"rule", change.rule},
      {"alert", change.id},
      {"dashboard", link},
  };
  for (const auto& [name, value] : lines) {
    if (!value.empty()) text += fmt::format("{:<12} {}\n", name, value);
  }
  return text;
}

class EmailChannel final : public AlertChannel {
 public:
  EmailChannel(EmailChannelConfig config, Env* env) : config_(std::move(config)), env_(env) {}

  AlertDelivery Send(const AlertMessage& message) override {
    const auto password = ReadSecret(env_, config_.password, config_.password_file);
    if (!password.ok()) return RetryLater(password.status());
    std::string ids;
    for (const AlertChange* change : message.changes) {
      ids += change->id + "-" + std::to_string(change->number);
    }
    const std::string id = "<" + Hash128Hex(ids) + "@avocet." + env_->HostName() + ">";
    MailRequest request{.url = config_.server,
                        .username = config_.username,
                        .password = *password,
                        .ca_file = config_.ca_file,
                        .from = config_.from,
                        .to = config_.to,
                        .message = MailText(message, config_, id, env_->NowMicros()),
                        .allow_private = config_.allow_private};
    request.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(config_.timeout);
    const Status sent = SendMail(request);
    AlertDelivery delivery;
    if (!sent.ok()) {
      delivery = RetryLater(sent);
      if (sent.code() != StatusCode::kUnavailable) {
        delivery.outcome = AlertDelivery::Outcome::kRefused;
      }
      return delivery;
    }
    // Later mails answer the first one.
    delivery.reference = message.reference.empty() ? id : message.reference;
    return delivery;
  }

 private:
  const EmailChannelConfig config_;
  Env* const env_;
};

}  // namespace

std::string MailText(const AlertMessage& message, const EmailChannelConfig& config,
                     const std::string& id, int64_t now_us) {
  std::string to;
  for (const std::string& address : config.to) to += (to.empty() ? "" : ",\r\n ") + address;
  std::string text = fmt::format(
      "From: avocet <{}>\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: {}\r\n", config.from,
      to, EncodedWords(CutText(AlertTitle(message), kMostSubject)), MailDate(now_us), id);
  if (!message.reference.empty()) {
    text += fmt::format("In-Reply-To: {0}\r\nReferences: {0}\r\n", message.reference);
  }
  text +=
      "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  return text + MimeBase64(Body(message));
}

std::unique_ptr<AlertChannel> MakeEmailChannel(const EmailChannelConfig& config, Env* env) {
  return std::make_unique<EmailChannel>(config, env);
}

}  // namespace avocet
