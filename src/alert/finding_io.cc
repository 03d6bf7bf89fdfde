#include "src/alert/finding_io.h"

namespace avocet {

void SaveFinding(const AlertFinding& finding, StateWriter* out) {
  out->PutString(finding.anomaly_id);
  out->PutString(finding.detector);
  out->PutString(finding.reason);
  out->Put(finding.severity);
  for (const double number :
       {finding.value, finding.expected, finding.lower, finding.upper, finding.score}) {
    out->Put(number);
  }
}

Status LoadFinding(StateReader* in, AlertFinding* finding) {
  AVOCET_RETURN_IF_ERROR(in->GetString(&finding->anomaly_id));
  AVOCET_RETURN_IF_ERROR(in->GetString(&finding->detector));
  AVOCET_RETURN_IF_ERROR(in->GetString(&finding->reason));
  AVOCET_RETURN_IF_ERROR(in->Get(&finding->severity));
  for (double* number :
       {&finding->value, &finding->expected, &finding->lower, &finding->upper, &finding->score}) {
    AVOCET_RETURN_IF_ERROR(in->Get(number));
  }
  return finding->severity <= AlertSeverity::kCritical
             ? Status::Ok()
             : Status::Corrupt("an alert has an unknown severity");
}

}  // namespace avocet
