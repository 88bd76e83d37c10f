// RenewalWatch: follows one renewal of a traced agent, call by call, and names each point.
//
// The window opens with the first write to the state's log and closes when the agent ends, or, for
// one that stays, when the rotation is settled and nothing happens any more. A point is a call and
// how often it has happened in the window: `fdatasync(state/state.db-wal)#5`. Counted for the whole
// process: what one thread does keeps its names whatever the others do in between.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/crash/call_names.h"
#include "tests/crash/scene.h"
#include "tests/crash/tracer.h"

namespace tokenwarden::crash {

class RenewalWatch : public Watcher {
 public:
  explicit RenewalWatch(Scene& scene) : scene_(scene) {}

  Answer BeforeCall(const Call& call) final;
  void AfterCall(const Call& call, long result) final;
  bool WhenQuiet() final;

  const std::vector<std::string>& points() const { return points_; }
  // The disk had taken the reply when the window ended.
  bool reply_durable() const { return reply_durable_; }
  // The reply had come in, and it was disturbed on its way to the disk.
  bool reply_spoiled() const { return reply_spoiled_; }

 protected:
  // At a point in the window.
  virtual Answer AtPoint(const Call&, const NamedCall&, const std::string&) { return {}; }

 private:
  Answer FollowReply(const Call& call, const NamedCall& named);

  Scene& scene_;
  bool open_ = false;
  bool closed_ = false;
  std::map<std::string, int> times_;
  std::vector<std::string> points_;
  int quiet_looks_ = 0;  // since the last call
  long exchange_socket_ = -1;
  bool replied_ = false;
  bool reply_durable_ = false;
  bool reply_spoiled_ = false;
};

}  // namespace tokenwarden::crash
