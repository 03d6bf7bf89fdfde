#include "src/detect/snapshot_header.h"

#include <algorithm>
#include <vector>

namespace avocet {

Status StateDoesNotFit(std::string_view what) {
  return Status::Corrupt("the detector state does not fit: " + std::string(what));
}

void SaveHeader(StateWriter* out, std::string_view tag, uint64_t layout,
                std::span<const uint16_t> metrics) {
  out->PutString(tag);
  out->Put<uint64_t>(layout);
  out->PutArray(metrics);
}

Result<size_t> LoadHeader(StateReader* in, std::string_view tag, uint64_t layout,
                          std::span<const uint16_t> metrics) {
  std::string saved_tag;
  uint64_t saved_layout = 0;
  std::vector<uint16_t> saved;
  AVOCET_RETURN_IF_ERROR(in->GetString(&saved_tag));
  if (saved_tag != tag) return StateDoesNotFit("the type of detector");
  AVOCET_RETURN_IF_ERROR(in->Get(&saved_layout));
  if (saved_layout != layout) return StateDoesNotFit("the window");
  AVOCET_RETURN_IF_ERROR(in->GetArray(&saved));
  if (saved.size() > metrics.size() || !std::equal(saved.begin(), saved.end(), metrics.begin())) {
    return StateDoesNotFit("the metrics");
  }
  return saved.size();
}

}  // namespace avocet
