// Alerts in words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "src/alert/alert_channel.h"

namespace avocet {

/// Headline: "CRITICAL: temperature (degC) of press-7". For a digest what it is about.
std::string AlertTitle(const AlertMessage& message);

/// One sentence that says what was measured, what was expected and why; of a digest, how many
/// alerts of which kind there are, on several lines.
std::string AlertSentence(const AlertMessage& message);

/// Of one change, without its title: "measured 93.2, expected 60.1 to 71.9".
std::string Measurement(const AlertChange& change);

/// "4.2 times as strange as an anomaly has to be"; empty when there is nothing to say.
std::string Strangeness(const AlertChange& change);

/// Where the dashboard shows the alert, or the alerts of a digest; empty when there is no
/// dashboard.
std::string AlertLink(const AlertMessage& message);

/// At most `limit` bytes, cut between characters.
std::string CutText(std::string_view text, size_t limit);

/// A message as the JSON object of docs/alerts.md.
std::string AlertJson(const AlertMessage& message);

/// Where a value of a template stands.
enum class TemplateKind : uint8_t {
  kPlain,
  kJson,   ///< inside a JSON string: it is escaped
  kTopic,  ///< a level of an MQTT topic: what means something there is "_", and nothing is "-"
};

/// `text` with each {{field}} replaced; unknown fields stay.
std::string FillTemplate(const std::string& text, const AlertMessage& message, TemplateKind kind);

}  // namespace avocet
