// Waiting for several servers at once, so that a slow one delays none of the others.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace tokenwarden {

struct SideTask {
  // It waits for somebody else, so it gets a thread while there are others to be done.
  bool waits = false;
  std::function<void()> run;
};

// Runs every task; returns when all have ended. Those that wait run beside each other and beside
// the rest; the rest run in their order on the caller's thread. `ended(i)` is called there as well,
// once for each task as soon as it has ended, so it may touch what only the caller may touch.
void RunSideBySide(const std::vector<SideTask>& tasks,
                   const std::function<void(std::size_t)>& ended);

}  // namespace tokenwarden
