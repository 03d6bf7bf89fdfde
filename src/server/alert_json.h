// Alerts of the board as the API has them.
#pragma once

#include <string>

#include "src/base/json_writer.h"
#include "src/server/alert_board.h"

namespace avocet {

/// `whole`: with its steps and with what people did.
void WriteAlert(const BoardAlert& alert, bool is_muted, bool whole, JsonWriter* json);

void WriteMute(const Mute& mute, JsonWriter* json);

/// One line of CSV, with its line end.
std::string AlertCsvHeader();
std::string AlertCsv(const BoardAlert& alert, bool is_muted);

}  // namespace avocet
