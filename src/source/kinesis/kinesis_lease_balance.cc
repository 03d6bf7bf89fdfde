#include "src/source/kinesis/kinesis_lease_balance.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

namespace avocet {
namespace {

void Shuffle(std::vector<LeaseShare>* leases, Env* env) {
  for (size_t i = leases->size(); i > 1; --i) {
    std::swap((*leases)[i - 1], (*leases)[env->Random64() % i]);
  }
}

}  // namespace

std::vector<std::string> LeasesToTake(std::vector<LeaseShare> leases, const std::string& self,
                                      Env* env) {
  std::map<std::string, size_t> held = {{self, 0}};
  for (const LeaseShare& lease : leases) {
    if (!lease.free) ++held[lease.owner];
  }
  const size_t fair = (leases.size() + held.size() - 1) / held.size();
  const size_t own = held.at(self);
  if (own >= fair) return {};
  const size_t missing = fair - own;
  Shuffle(&leases, env);
  std::vector<std::string> taken;
  for (const LeaseShare& lease : leases) {
    if (lease.free && taken.size() < missing) taken.push_back(lease.shard);
  }
  if (!taken.empty()) return taken;
  const auto richest = std::max_element(
      held.begin(), held.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  size_t wanted = richest->second > fair ? std::min(missing, richest->second - fair) : 0;
  // Nobody has too many when the shares do not come out even; one may have two more than this one.
  if (wanted == 0 && missing > 1 && richest->second == fair) wanted = 1;
  for (const LeaseShare& lease : leases) {
    if (!lease.free && lease.owner == richest->first && taken.size() < wanted) {
      taken.push_back(lease.shard);
    }
  }
  return taken;
}

}  // namespace avocet
