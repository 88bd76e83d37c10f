#include "agent/adapters/kubernetes/object_splitter.h"

namespace tokenwarden::kubernetes {

bool ObjectSplitter::Add(std::string_view bytes,
                         const std::function<void(std::string_view)>& on_object) {
  for (char c : bytes) {
    if (depth_ == 0 && c != '{') continue;  // between objects
    object_ += c;
    if (object_.size() > max_object_) return false;
    if (in_text_) {
      if (!escaped_ && c == '"') in_text_ = false;
      escaped_ = !escaped_ && c == '\\';
    } else if (c == '"') {
      in_text_ = true;
    } else if (c == '{') {
      ++depth_;
    } else if (c == '}' && --depth_ == 0) {
      on_object(object_);
      object_.clear();
    }
  }
  return true;
}

}  // namespace tokenwarden::kubernetes
