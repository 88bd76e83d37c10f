// ObjectSplitter: cuts a stream of JSON objects, arriving in any pieces, into its objects.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace tokenwarden::kubernetes {

class ObjectSplitter {
 public:
  explicit ObjectSplitter(std::size_t max_object = std::size_t{4} * 1024 * 1024)
      : max_object_(max_object) {}

  // Calls back with each object that is complete now; what is no object is left out. False once one
  // is larger than the limit: the stream cannot be followed any further.
  bool Add(std::string_view bytes, const std::function<void(std::string_view)>& on_object);

 private:
  const std::size_t max_object_;
  std::string object_;
  int depth_ = 0;
  bool in_text_ = false;
  bool escaped_ = false;
};

}  // namespace tokenwarden::kubernetes
