// Alerts of the board as the API has them.
#pragma once

#include <string>

#include "src/base/json_writer.h"
#include "src/server/alert_board.h"

namespace avocet {

/// In a list.
void WriteAlert(const BoardAlert& alert, bool is_muted, const Labels& labels, JsonWriter* json);

/// With its steps, with what people did, and with what was similar.
void WriteWholeAlert(const BoardAlert& alert, bool is_muted, const Labels& labels,
                     const SimilarAlerts& similar, JsonWriter* json);

void WriteMute(const Mute& mute, JsonWriter* json);

/// One line of CSV, with its line end.
std::string AlertCsvHeader();
std::string AlertCsv(const BoardAlert& alert, bool is_muted);

}  // namespace avocet
