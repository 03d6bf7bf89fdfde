// Lakes of other processes in memory. Only tests include it.
#pragma once

#include <map>
#include <string>

#include "src/source/peer_lakes.h"

namespace avocet {

/// The lakes of other processes, as a test wants them.
class FakePeerLakes : public PeerLakes {
 public:
  struct Fake {
    PeerLake::State state = PeerLake::State::kBusy;
    std::string reason = "its process is running";
    Positions positions;
  };

  explicit FakePeerLakes(const std::string& id) : self_(Address(id)) {}
  static LakeAddress Address(const std::string& id) {
    return {id, "host", "/" + id, "bronze", "/" + id + "/_avocet"};
  }

  std::map<std::string, Fake> lakes;  ///< by id

  const LakeAddress& self() const override { return self_; }
  PeerLake Inspect(const LakeAddress& address) override {
    const Fake& fake = lakes[address.table_id];
    return {.state = fake.state, .reason = fake.reason, .positions = fake.positions};
  }

 private:
  const LakeAddress self_;
};

}  // namespace avocet
