// missing: a device that has not reported for `periods` of its usual spacing.
//
// deadline = last reading + periods * period, where period is given or is the median of the
// device's last nine spacings (event times; repeated times are no spacing), and known after five
// spacings. Raised once per gap, dated at the deadline, when either happens before the device's
// next reading is seen: that reading's own time reaches the deadline, or the fleet's newest event
// time does.
//
// A reading that arrives with its event time more than one period behind the fleet (the device
// uploads late, or its history is read after that of others) says nothing in the fleet's time: for
// the gap that follows it the fleet's clock must advance by periods * period from its arrival.
//
// Without configured metrics any reading of the device counts; with them each metric is a series of
// its own and only readings in which it is not null count. Late readings never count.
#pragma once

#include "src/detect/detector.h"

namespace avocet {

const DetectorType& MissingType();

}  // namespace avocet
