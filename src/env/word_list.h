// WordList: the words of a command as exec and posix_spawn want them.
#pragma once

#include <string>
#include <vector>

namespace avocet {

class WordList {
 public:
  WordList(const std::string& program, const std::vector<std::string>& arguments)
      : words_({program}) {
    words_.insert(words_.end(), arguments.begin(), arguments.end());
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  WordList(const WordList&) = delete;
  WordList& operator=(const WordList&) = delete;

  /// Ends with a null pointer; valid as long as this.
  char** get() { return pointers_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

}  // namespace avocet
