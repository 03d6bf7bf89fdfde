// The bytes of an AlertFinding in snapshots and in the outbox.
#pragma once

#include "src/alert/alert_change.h"
#include "src/state/state_io.h"

namespace avocet {

void SaveFinding(const AlertFinding& finding, StateWriter* out);
/// kCorrupt when the bytes do not fit.
Status LoadFinding(StateReader* in, AlertFinding* finding);

}  // namespace avocet
