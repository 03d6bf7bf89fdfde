#include "src/env/sim_inode.h"

#include <algorithm>
#include <utility>

namespace avocet {

namespace {

constexpr size_t kSectorBytes = 512;

// Sets whole sectors of `content` from `begin` on to zero, each with even chance: blocks that were
// allocated and never written.
void ZeroSomeSectors(std::string* content, size_t begin, SimRandom* random) {
  while (begin < content->size()) {
    const size_t end = std::min(content->size(), (begin / kSectorBytes + 1) * kSectorBytes);
    if (random->Chance(0.5))
      std::fill(content->begin() + static_cast<ptrdiff_t>(begin),
                content->begin() + static_cast<ptrdiff_t>(end), '\0');
    begin = end;
  }
}

// How many of `size` bytes survive when the first `synced` do for certain.
size_t ChooseSurvivingSize(size_t synced, size_t size, SimRandom* random) {
  switch (random->Below(4)) {
    case 0:
      return synced;
    case 1:
      return size;
    case 2: {
      const size_t first = synced / kSectorBytes;
      const size_t sector = first + random->Below(size / kSectorBytes - first + 1);
      return std::max(synced, sector * kSectorBytes);
    }
    default:
      return synced + random->Below(size - synced + 1);
  }
}

}  // namespace

void SimInode::Sync() { SettleOn(data); }

void SimInode::LoseUnsynced(SimCrash crash, SimRandom* random) {
  if (crash == SimCrash::kProcessKill || (!truncated && data.size() == durable.size())) return;
  if (crash == SimCrash::kLoseUnsynced || (truncated && random->Chance(0.5))) {
    SettleOn(durable);
    return;
  }
  const size_t synced = truncated ? 0 : durable.size();
  std::string content = data.substr(0, ChooseSurvivingSize(synced, data.size(), random));
  if (dropped) {
    std::fill(content.begin() + static_cast<ptrdiff_t>(synced), content.end(), '\0');
  } else if (random->Chance(0.25)) {
    ZeroSomeSectors(&content, synced, random);
  }
  SettleOn(std::move(content));
}

void SimInode::SettleOn(std::string content) {
  durable = content;
  data = std::move(content);
  truncated = false;
  dropped = false;
}

}  // namespace avocet
