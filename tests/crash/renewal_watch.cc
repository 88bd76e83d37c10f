#include "tests/crash/renewal_watch.h"

#include <sys/syscall.h>

#include <algorithm>

namespace tokenwarden::crash {
namespace {

constexpr char kLog[] = "state/state.db-wal";
constexpr char kRequest[] = "fb_exchange_token";
constexpr std::size_t kLongestRequest = 4096;
// A flush on a busy disk is silent too: as long as nothing was asked of the issuer, the rotation
// that the store calls settled may be the one before.
constexpr int kLooksBeforeARequest = 40;

bool Sends(const NamedCall& named) { return named.name == "sendto" || named.name == "write"; }
bool Receives(const NamedCall& named) { return named.name == "recvfrom" || named.name == "read"; }

}  // namespace

Answer RenewalWatch::BeforeCall(const Call& call) {
  quiet_looks_ = 0;
  if (closed_) return {};
  const NamedCall named = NameOf(call, scene_.room());
  open_ = open_ || (named.name == "pwrite64" && named.target == kLog);
  if (!open_) return {};
  const std::string text = named.Text();
  std::string point = text + "#" + std::to_string(++times_[text]);
  points_.push_back(point);
  scene_.LookAtSinks();
  const Answer wish = AtPoint(call, named, point);
  if (wish.kind == Answer::Kind::kCarryOut) return FollowReply(call, named);
  reply_spoiled_ = reply_spoiled_ || (replied_ && !reply_durable_);
  return wish;
}

// Which calls tell how far the reply has come.
Answer RenewalWatch::FollowReply(const Call& call, const NamedCall& named) {
  const auto descriptor = static_cast<long>(call.arguments[0]);
  if (named.target == "socket" && Sends(named)) {
    const std::size_t size = std::min<std::size_t>(call.arguments[2], kLongestRequest);
    const std::string bytes = ReadMemory(call.thread, call.arguments[1], size);
    if (bytes.find(kRequest) != std::string::npos) exchange_socket_ = descriptor;
  }
  const bool reply = !replied_ && descriptor == exchange_socket_ && Receives(named);
  const bool sync = replied_ && named.name == "fdatasync" && named.target == kLog;
  return {reply || sync ? Answer::Kind::kTellResult : Answer::Kind::kCarryOut, 0, 0, 0};
}

void RenewalWatch::AfterCall(const Call& call, long result) {
  if (static_cast<long>(call.arguments[0]) == exchange_socket_ && call.number != SYS_fdatasync) {
    replied_ = replied_ || result > 0;
  }
  if (call.number == SYS_fdatasync && result == 0) reply_durable_ = replied_ && !reply_spoiled_;
}

bool RenewalWatch::WhenQuiet() {
  if (!scene_.setting().stays || !open_) return false;
  if (exchange_socket_ < 0 && ++quiet_looks_ < kLooksBeforeARequest) return false;
  const StoreSeen store = scene_.Store();
  closed_ = store.problem.empty() && store.settled;
  return closed_;
}

}  // namespace tokenwarden::crash
