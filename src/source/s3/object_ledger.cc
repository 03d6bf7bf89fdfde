#include "src/source/s3/object_ledger.h"

#include <utility>

#include "src/base/json_writer.h"
#include "src/source/position_text.h"
#include "src/source/records/split_position_text.h"

namespace avocet {

std::string EncodeObjectPosition(const ObjectPosition& position) {
  JsonWriter json;
  json.BeginObject().Field("etag", position.etag).Field("offset", position.split.offset);
  if (position.compressed) json.Field("compressed", true);
  if (position.done) json.Field("done", true);
  WriteSplitPosition(position.split, &json);
  return json.EndObject().Take();
}

Result<ObjectPosition> DecodeObjectPosition(std::string_view text) {
  AVOCET_ASSIGN_OR_RETURN(const PositionText json, PositionText::Parse(text));
  ObjectPosition position;
  position.etag = json.String("etag");
  position.compressed = json.Bool("compressed");
  position.done = json.Bool("done");
  AVOCET_ASSIGN_OR_RETURN(position.split, ReadSplitPosition(json));
  return position;
}

Status ObjectLedger::Load(const Positions& committed) {
  for (const auto& [key, text] : committed) {
    if (!key.starts_with(options_.key_prefix)) continue;
    const std::string object = key.substr(options_.key_prefix.size());
    if (object.empty()) {
      auto json = PositionText::Parse(text);
      if (!json.ok()) return json.status().WithContext("position " + key);
      // Another prefix has other objects below the floor.
      if (json->String("prefix") == options_.prefix) floor_ = json->String("floor");
      continue;
    }
    auto position = DecodeObjectPosition(text);
    if (!position.ok()) return position.status().WithContext("position " + key);
    entries_[object].position = std::move(position).value();
  }
  std::erase_if(entries_, [this](const auto& entry) { return entry.first <= floor_; });
  return Status::Ok();
}

std::vector<S3Object> ObjectLedger::NoteListed(const std::vector<S3Object>& objects) {
  std::vector<S3Object> to_read;
  for (const S3Object& object : objects) {
    // A key that ends in a slash and has no bytes is how consoles show an empty folder.
    const bool folder = object.size_bytes == 0 && object.key.ends_with('/');
    if (object.key <= floor_ || folder) continue;
    Entry& entry = entries_[object.key];
    const bool known = entry.position.etag == object.etag;
    const bool noted = entry.listing > 0;
    entry.listing = listing_;
    entry.modified_us = object.modified_us;
    if (known && (noted || entry.position.done)) continue;
    if (!known) entry.position = {.etag = object.etag};
    entry.left_out = !HasPosition(entry) && object.modified_us < options_.start_us;
    if (!entry.left_out) to_read.push_back(object);
  }
  return to_read;
}

void ObjectLedger::EndListing() {
  std::erase_if(entries_, [this](const auto& item) {
    const auto& [key, entry] = item;
    // Whoever reads the others finds out himself.
    const bool is_read = entry.listing > 0 && !entry.position.done && !entry.left_out;
    if (entry.listing == listing_ || is_read) return false;
    changed_.erase(key);
    return true;
  });
}

void ObjectLedger::SetPosition(const std::string& key, const ObjectPosition& position) {
  entries_[key].position = position;
  changed_.insert(key);
}

void ObjectLedger::Forget(const std::string& key) {
  entries_.erase(key);
  changed_.erase(key);
}

void ObjectLedger::RaiseFloor(int64_t now_us) {
  while (!entries_.empty()) {
    const auto first = entries_.begin();
    const Entry& entry = first->second;
    const bool finished = entry.listing > 0 && (entry.position.done || entry.left_out);
    if (!finished || entry.modified_us + options_.settle_us >= now_us) return;
    floor_ = first->first;
    floor_changed_ = true;
    changed_.erase(first->first);
    entries_.erase(first);
  }
}

std::string ObjectLedger::FloorText() const {
  JsonWriter json;
  json.BeginObject().Field("prefix", options_.prefix).Field("floor", floor_);
  return json.EndObject().Take();
}

void ObjectLedger::TakeChangedPositions(Positions* out) {
  if (floor_changed_) out->insert_or_assign(options_.key_prefix, FloorText());
  floor_changed_ = false;
  for (const std::string& key : changed_) {
    out->insert_or_assign(options_.key_prefix + key,
                          EncodeObjectPosition(entries_.at(key).position));
  }
  changed_.clear();
}

void ObjectLedger::AllPositions(Positions* out) const {
  if (!floor_.empty()) out->insert_or_assign(options_.key_prefix, FloorText());
  for (const auto& [key, entry] : entries_) {
    if (HasPosition(entry)) {
      out->insert_or_assign(options_.key_prefix + key, EncodeObjectPosition(entry.position));
    }
  }
}

}  // namespace avocet
