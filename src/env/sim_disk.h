// SimDisk: a file system in memory that knows what a power cut would leave.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/env/sim_inode.h"
#include "src/env/sim_random.h"

namespace avocet {

/// The page cache and the disk below it. Methods that return an int return 0 or an errno. Relative
/// paths start at "/"; there are no symbolic links, rights or times of access. Not synchronized.
///
/// Contents of files and entries of directories are synced separately, as POSIX has it: a file
/// whose bytes are on the disk is lost when no entry leads to it.
class SimDisk {
 public:
  using InodePtr = std::shared_ptr<SimInode>;

  SimDisk();

  /// The path without ".", ".." and repeated slashes, from "/".
  static std::string AbsolutePath(std::string_view path);

  int Find(std::string_view path, InodePtr* found) const;
  /// An empty file at `path`. What was there is emptied, or with `must_be_new` gives EEXIST.
  int CreateFile(std::string_view path, bool must_be_new, InodePtr* created);
  int MakeDirectory(std::string_view path);
  int Link(std::string_view from, std::string_view to);
  int Rename(std::string_view from, std::string_view to);
  int Remove(std::string_view path);
  int List(std::string_view path,
           const std::function<void(const std::string&, const SimInode&)>& visit) const;
  /// Puts all changes of this directory's entries on the disk.
  int SyncDirectory(std::string_view path);
  /// All bytes or, when they do not fit, none.
  int Append(SimInode* file, std::string_view bytes);
  /// Removes all bytes; until the next sync the disk may have the old ones.
  void Empty(SimInode* file);
  /// Cuts the file in memory and on the disk.
  void Truncate(SimInode* file, size_t size_bytes);

  /// Becomes what the disk holds after a crash, without locks. Directory changes since the last
  /// sync survive or not, each for itself; a rename is one change.
  void Crash(SimCrash crash, SimRandom* random);

  /// The time at which files are modified from here on.
  void SetTime(int64_t now_us) { now_us_ = now_us; }

  /// No limit when empty. Files that are larger in sum stay.
  void SetCapacity(std::optional<uint64_t> bytes) { capacity_bytes_ = bytes; }
  uint64_t used_bytes() const { return used_bytes_; }
  /// Files and directories in memory, also removed ones that a crash could bring back.
  size_t num_inodes() const { return inodes_.size(); }

  /// Absolute paths of all files, sorted.
  std::vector<std::string> Files() const;

 private:
  /// The directory and the last name of a path.
  struct Location {
    SimInode* directory = nullptr;
    std::string name;
  };
  struct Assignment {
    uint64_t directory = 0;
    std::string name;
    uint64_t inode = 0;  // 0 removes the name
  };
  /// Assignments that reach the disk together.
  struct Change {
    uint64_t sequence = 0;
    std::vector<Assignment> assignments;
  };

  SimInode* Get(uint64_t id) const { return inodes_.at(id).get(); }
  int Locate(std::string_view path, Location* location) const;
  SimInode* EntryOf(const Location& location) const;
  InodePtr NewInode(bool is_directory);
  void Apply(std::vector<Assignment> assignments);
  void SetEntry(const Assignment& assignment);
  void MakeDurable(const Change& change);
  /// A new place for a directory, also its first.
  bool MovesDirectory(const Change& change) const;
  int CheckRename(const Location& from, const Location& to) const;
  bool IsInside(const SimInode& inner, const SimInode& outer) const;
  void KeepSomeChanges(SimCrash crash, SimRandom* random);
  void LoadDurableEntries();
  void CountNamesAndBytes();
  void CollectGarbageSometimes();
  void CollectGarbage();

  std::map<uint64_t, InodePtr> inodes_;
  std::vector<Change> unsynced_;
  uint64_t next_inode_ = 1;
  uint64_t next_sequence_ = 1;
  uint64_t used_bytes_ = 0;
  int64_t now_us_ = 0;
  std::optional<uint64_t> capacity_bytes_;
  size_t collect_at_inodes_ = 64;
};

}  // namespace avocet
