// Makes strings that look like the service's own, repeatable from a seed. None of them is a real
// secret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tokenwarden::graph_simulator {

class TokenMint {
 public:
  explicit TokenMint(std::string seed) : seed_(std::move(seed)) {}

  std::string UserToken(std::string_view app_id);  // EAA…ZDZD, 180 to 220 characters
  std::string AppToken(std::string_view app_id);   // APPID|27 characters
  std::string AppSecret();                         // 32 hexadecimal digits
  std::string LoginCode();
  std::string TraceId();  // 23 characters, now and then with a slash

 private:
  // `size` letters and digits that depend on the seed, the label and how often this was called.
  std::string Next(std::string_view label, std::size_t size);

  std::string seed_;
  std::uint64_t counter_ = 0;
  std::uint64_t traces_ = 0;
};

}  // namespace tokenwarden::graph_simulator
