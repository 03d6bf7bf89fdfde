// What a crash leaves of a simulated disk.
#include <set>

#include "src/env/sim_disk.h"

namespace avocet {

namespace {

constexpr uint64_t kRoot = 1;

}  // namespace

void SimDisk::Crash(SimCrash crash, SimRandom* random) {
  for (const auto& [id, inode] : inodes_) inode->lock_owner.reset();
  if (crash == SimCrash::kProcessKill) {
    CollectGarbage();
    return;
  }
  KeepSomeChanges(crash, random);
  LoadDurableEntries();
  CollectGarbage();
  for (const auto& [id, inode] : inodes_) inode->LoseUnsynced(crash, random);
  CountNamesAndBytes();
}

void SimDisk::KeepSomeChanges(SimCrash crash, SimRandom* random) {
  // Crashes that lose all or nothing are likelier than independent choices would make them.
  constexpr double kChances[] = {0, 0.2, 0.5, 0.8, 1};
  const double chance = crash == SimCrash::kLoseUnsynced ? 0 : kChances[random->Below(5)];
  std::set<uint64_t> lost_directories;
  for (const Change& change : unsynced_) {
    const uint64_t moved = change.assignments.back().inode;
    // Moves of one directory depend on each other: it can never be in two places.
    if (!random->Chance(chance) || lost_directories.contains(moved)) {
      if (MovesDirectory(change)) lost_directories.insert(moved);
      continue;
    }
    MakeDurable(change);
  }
  unsynced_.clear();
}

void SimDisk::LoadDurableEntries() {
  for (const auto& [id, inode] : inodes_) {
    inode->entries.clear();
    std::erase_if(inode->durable_entries,
                  [](const auto& entry) { return entry.second.inode == 0; });
    for (const auto& [name, entry] : inode->durable_entries) {
      inode->entries.emplace(name, entry.inode);
    }
  }
}

void SimDisk::CountNamesAndBytes() {
  used_bytes_ = 0;
  for (const auto& [id, inode] : inodes_) inode->num_names = id == kRoot ? 1 : 0;
  for (const auto& [id, inode] : inodes_) {
    for (const auto& [name, entry] : inode->entries) ++Get(entry)->num_names;
    used_bytes_ += inode->data.size();
  }
}

void SimDisk::CollectGarbageSometimes() {
  if (inodes_.size() < collect_at_inodes_) return;
  CollectGarbage();
  collect_at_inodes_ = 64 + 2 * inodes_.size();
}

// Forgets inodes to which neither memory nor disk nor a change in between leads.
void SimDisk::CollectGarbage() {
  std::set<uint64_t> reached;
  std::vector<uint64_t> todo = {kRoot};
  for (const Change& change : unsynced_) {
    for (const Assignment& assignment : change.assignments) {
      todo.push_back(assignment.directory);
      if (assignment.inode != 0) todo.push_back(assignment.inode);
    }
  }
  while (!todo.empty()) {
    const uint64_t id = todo.back();
    todo.pop_back();
    if (!reached.insert(id).second) continue;
    for (const auto& [name, entry] : Get(id)->entries) todo.push_back(entry);
    for (const auto& [name, entry] : Get(id)->durable_entries) {
      if (entry.inode != 0) todo.push_back(entry.inode);
    }
  }
  std::erase_if(inodes_, [&](const auto& inode) { return !reached.contains(inode.first); });
  // The mark of a removed name only matters to changes that are older than the removal.
  const uint64_t oldest = unsynced_.empty() ? next_sequence_ : unsynced_.front().sequence;
  for (const auto& [id, inode] : inodes_) {
    std::erase_if(inode->durable_entries, [&](const auto& entry) {
      return entry.second.inode == 0 && entry.second.sequence < oldest;
    });
  }
}

}  // namespace avocet
