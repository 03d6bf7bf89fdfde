#include "src/env/sim_disk.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace avocet {

namespace {

constexpr uint64_t kRoot = 1;

std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    if (name == "..") {
      if (!names.empty()) names.pop_back();
    } else if (!name.empty() && name != ".") {
      names.emplace_back(name);
    }
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return names;
}

}  // namespace

SimDisk::SimDisk() { NewInode(true)->num_names = 1; }

std::string SimDisk::AbsolutePath(std::string_view path) {
  std::string absolute;
  for (const std::string& name : SplitPath(path)) absolute.append("/").append(name);
  return absolute.empty() ? "/" : absolute;
}

int SimDisk::Find(std::string_view path, InodePtr* found) const {
  if (path.empty()) return ENOENT;
  InodePtr inode = inodes_.at(kRoot);
  for (const std::string& name : SplitPath(path)) {
    if (!inode->is_directory) return ENOTDIR;
    const auto entry = inode->entries.find(name);
    if (entry == inode->entries.end()) return ENOENT;
    inode = inodes_.at(entry->second);
  }
  if (path.back() == '/' && !inode->is_directory) return ENOTDIR;
  *found = std::move(inode);
  return 0;
}

int SimDisk::CreateFile(std::string_view path, bool must_be_new, InodePtr* created) {
  Location location;
  if (const int error = Locate(path, &location); error != 0) return error;
  if (SimInode* const present = EntryOf(location); present != nullptr) {
    if (must_be_new) return EEXIST;
    if (present->is_directory) return EISDIR;
    Empty(present);
    *created = inodes_.at(present->id);
    return 0;
  }
  if (path.back() == '/') return EISDIR;
  *created = NewInode(false);
  Apply({{location.directory->id, location.name, (*created)->id}});
  return 0;
}

int SimDisk::MakeDirectory(std::string_view path) {
  if (AbsolutePath(path) == "/") return path.empty() ? ENOENT : EEXIST;
  Location location;
  if (const int error = Locate(path, &location); error != 0) return error;
  if (EntryOf(location) != nullptr) return EEXIST;
  Apply({{location.directory->id, location.name, NewInode(true)->id}});
  return 0;
}

int SimDisk::Link(std::string_view from, std::string_view to) {
  InodePtr inode;
  if (const int error = Find(from, &inode); error != 0) return error;
  if (inode->is_directory) return EPERM;
  Location location;
  if (const int error = Locate(to, &location); error != 0) return error;
  if (EntryOf(location) != nullptr) return EEXIST;
  Apply({{location.directory->id, location.name, inode->id}});
  return 0;
}

int SimDisk::Rename(std::string_view from, std::string_view to) {
  Location source;
  Location target;
  if (const int error = Locate(from, &source); error != 0) return error;
  if (const int error = Locate(to, &target); error != 0) return error;
  if (const int error = CheckRename(source, target); error != 0) return error;
  const SimInode* const inode = EntryOf(source);
  if (inode == EntryOf(target)) return 0;
  Apply({{source.directory->id, source.name, 0}, {target.directory->id, target.name, inode->id}});
  return 0;
}

int SimDisk::Remove(std::string_view path) {
  if (AbsolutePath(path) == "/") return path.empty() ? ENOENT : EBUSY;
  Location location;
  if (const int error = Locate(path, &location); error != 0) return error;
  const SimInode* const inode = EntryOf(location);
  if (inode == nullptr) return ENOENT;
  if (!inode->entries.empty()) return ENOTEMPTY;
  if (path.back() == '/' && !inode->is_directory) return ENOTDIR;
  Apply({{location.directory->id, location.name, 0}});
  return 0;
}

int SimDisk::List(std::string_view path,
                  const std::function<void(const std::string&, const SimInode&)>& visit) const {
  InodePtr directory;
  if (const int error = Find(path, &directory); error != 0) return error;
  if (!directory->is_directory) return ENOTDIR;
  for (const auto& [name, id] : directory->entries) visit(name, *Get(id));
  return 0;
}

int SimDisk::SyncDirectory(std::string_view path) {
  InodePtr directory;
  if (const int error = Find(path, &directory); error != 0) return error;
  if (!directory->is_directory) return ENOTDIR;
  const auto touches = [&](const Change& change) {
    return std::any_of(change.assignments.begin(), change.assignments.end(),
                       [&](const Assignment& a) { return a.directory == directory->id; });
  };
  // A move of a directory takes everything before it along, as a journal does, so that the disk
  // never has the directory in two places.
  uint64_t all_until = 0;
  for (const Change& change : unsynced_) {
    if (touches(change) && MovesDirectory(change)) all_until = change.sequence;
  }
  std::erase_if(unsynced_, [&](const Change& change) {
    const bool reaches_disk = change.sequence <= all_until || touches(change);
    if (reaches_disk) MakeDurable(change);
    return reaches_disk;
  });
  CollectGarbageSometimes();
  return 0;
}

int SimDisk::Append(SimInode* file, std::string_view bytes) {
  if (file->num_names > 0) {
    const bool full = capacity_bytes_.has_value() && used_bytes_ + bytes.size() > *capacity_bytes_;
    if (full && !bytes.empty()) return ENOSPC;
    used_bytes_ += bytes.size();
  }
  file->data.append(bytes);
  file->modified_us = now_us_;
  return 0;
}

void SimDisk::Empty(SimInode* file) {
  if (file->num_names > 0) used_bytes_ -= file->data.size();
  file->truncated = file->truncated || !file->durable.empty();
  file->dropped = false;
  file->data.clear();
  file->modified_us = now_us_;
}

void SimDisk::Truncate(SimInode* file, size_t size_bytes) {
  if (size_bytes < file->data.size()) {
    if (file->num_names > 0) used_bytes_ -= file->data.size() - size_bytes;
    file->data.resize(size_bytes);
  }
  file->durable.resize(std::min(size_bytes, file->durable.size()));
}

std::vector<std::string> SimDisk::Files() const {
  std::vector<std::string> files;
  std::vector<std::pair<std::string, const SimInode*>> todo = {{"", Get(kRoot)}};
  while (!todo.empty()) {
    const auto [path, inode] = todo.back();
    todo.pop_back();
    if (!inode->is_directory) files.push_back(path);
    for (const auto& [name, id] : inode->entries) todo.emplace_back(path + "/" + name, Get(id));
  }
  std::sort(files.begin(), files.end());
  return files;
}

int SimDisk::Locate(std::string_view path, Location* location) const {
  std::vector<std::string> names = SplitPath(path);
  if (names.empty()) return path.empty() ? ENOENT : EISDIR;
  location->name = std::move(names.back());
  names.pop_back();
  SimInode* directory = Get(kRoot);
  for (const std::string& name : names) {
    const auto entry = directory->entries.find(name);
    if (entry == directory->entries.end()) return ENOENT;
    directory = Get(entry->second);
    if (!directory->is_directory) return ENOTDIR;
  }
  location->directory = directory;
  return 0;
}

SimInode* SimDisk::EntryOf(const Location& location) const {
  const auto entry = location.directory->entries.find(location.name);
  return entry == location.directory->entries.end() ? nullptr : Get(entry->second);
}

SimDisk::InodePtr SimDisk::NewInode(bool is_directory) {
  auto inode = std::make_shared<SimInode>();
  inode->id = next_inode_++;
  inode->is_directory = is_directory;
  inode->modified_us = now_us_;
  inodes_.emplace(inode->id, inode);
  return inode;
}

void SimDisk::Apply(std::vector<Assignment> assignments) {
  for (const Assignment& assignment : assignments) SetEntry(assignment);
  unsynced_.push_back({next_sequence_++, std::move(assignments)});
}

void SimDisk::SetEntry(const Assignment& assignment) {
  std::map<std::string, uint64_t>& entries = Get(assignment.directory)->entries;
  if (const auto old = entries.find(assignment.name); old != entries.end()) {
    SimInode* const inode = Get(old->second);
    if (--inode->num_names == 0) used_bytes_ -= inode->data.size();
    entries.erase(old);
  }
  if (assignment.inode == 0) return;
  SimInode* const inode = Get(assignment.inode);
  if (inode->num_names++ == 0) used_bytes_ += inode->data.size();
  entries.emplace(assignment.name, assignment.inode);
}

void SimDisk::MakeDurable(const Change& change) {
  for (const Assignment& assignment : change.assignments) {
    SimInode::DurableEntry& entry = Get(assignment.directory)->durable_entries[assignment.name];
    // A later change of the same name may be on the disk already.
    if (entry.sequence < change.sequence) entry = {assignment.inode, change.sequence};
  }
}

bool SimDisk::MovesDirectory(const Change& change) const {
  const uint64_t moved = change.assignments.back().inode;
  return moved != 0 && Get(moved)->is_directory;
}

int SimDisk::CheckRename(const Location& from, const Location& to) const {
  const SimInode* const source = EntryOf(from);
  const SimInode* const target = EntryOf(to);
  if (source == nullptr) return ENOENT;
  if (source->is_directory && IsInside(*to.directory, *source)) return EINVAL;
  if (target == nullptr || target == source) return 0;
  if (target->is_directory && !source->is_directory) return EISDIR;
  if (!target->is_directory && source->is_directory) return ENOTDIR;
  return target->entries.empty() ? 0 : ENOTEMPTY;
}

bool SimDisk::IsInside(const SimInode& inner, const SimInode& outer) const {
  if (&inner == &outer) return true;
  return std::any_of(outer.entries.begin(), outer.entries.end(), [&](const auto& entry) {
    const SimInode* const child = Get(entry.second);
    return child->is_directory && IsInside(inner, *child);
  });
}

}  // namespace avocet
