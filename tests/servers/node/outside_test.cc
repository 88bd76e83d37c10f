// run.sh gives a command a whole cluster, and leaves nothing of it on the machine.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <sstream>

#include "tests/integration/stage.h"
#include "tests/servers/fixture/server.h"

namespace tokenwarden::it {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr seconds kPatience{240};

// A pod that says where it is, and which process namespaces there are: the node's and the pod's.
constexpr char kRunAPod[] = R"(
kubectl apply -f - <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: hello}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
    - name: hello
      image: tokenwarden.test/busybox:1
      imagePullPolicy: Never
      args: ["echo hello from $NODE; sleep 600"]
      env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
YAML
kubectl wait --for=condition=Ready pod/hello --timeout=120s || { kubectl describe pod hello; exit 1; }
kubectl logs hello
readlink /proc/[0-9]*/ns/pid | sort -u
echo the pod runs
)";

std::string Script(const std::string& name) {
  return std::string(TOKENWARDEN_SOURCE_DIR) + "/tests/servers/node/" + name;
}

Process::Options Node(const TemporaryDirectory& room, const std::string& commands) {
  std::vector<std::string> env = ToolEnvironment();
  env.push_back("TMPDIR=" + room.path());
  return {{Script("run.sh"), "/bin/bash", "-c", kRunAPod + commands}, env, "", ""};
}

std::set<std::string> NamespacesIn(const std::string& text) {
  std::set<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("pid:[", 0) == 0) found.insert(line);
  }
  return found;
}

int ProcessesIn(const std::set<std::string>& namespaces) {
  int count = 0;
  for (const fs::directory_entry& process : fs::directory_iterator("/proc")) {
    std::error_code gone;
    count += namespaces.count(fs::read_symlink(process.path() / "ns/pid", gone)) > 0 ? 1 : 0;
  }
  return count;
}

int CgroupsOf(pid_t run) {
  const std::string name = "tokenwarden-node-" + std::to_string(run);
  int count = 0;
  std::error_code gone;
  for (const auto& entry : fs::recursive_directory_iterator("/sys/fs/cgroup", gone)) {
    count += entry.path().filename() == name ? 1 : 0;
  }
  return count;
}

// What the machine itself has: mounts, network interfaces, directories of container tools.
std::string Machine() {
  const Finished seen = RunProgram(
      {{"/bin/sh", "-c",
        "grep -c tokenwarden-node /proc/self/mountinfo; ls /sys/class/net /run/containerd "
        "/var/lib/cni /var/lib/kubelet /var/lib/containerd 2>&1; sysctl net.ipv4.ip_forward"},
       {},
       "",
       ""});
  return seen.out;
}

TEST(Node, RunsAPodPassesTheStatusOnAndLeavesNothing) {
  const std::string before = Machine();
  TemporaryDirectory room;
  Process node(Node(room, "exit 7"));
  const Finished done = node.Finish(kPatience);
  EXPECT_EQ(done.exit_code, 7) << done.out << done.err;
  EXPECT_NE(done.out.find("hello from n1\n"), std::string::npos) << done.out << done.err;
  const std::set<std::string> namespaces = NamespacesIn(done.out);
  EXPECT_GE(namespaces.size(), 2u) << done.out;
  EXPECT_EQ(ProcessesIn(namespaces), 0);
  EXPECT_EQ(CgroupsOf(node.pid()), 0);
  EXPECT_TRUE(fs::is_empty(room.path()));
  EXPECT_EQ(Machine(), before);
}

TEST(Node, ThatIsKilledLeavesOnlyWhatTheNextRunSweeps) {
  const std::string before = Machine();
  TemporaryDirectory room;
  Process node(Node(room, "sleep 600"));
  ASSERT_TRUE(node.AwaitOutput("the pod runs", kPatience)) << node.out() << node.err();
  const std::set<std::string> namespaces = NamespacesIn(node.out());
  EXPECT_GT(ProcessesIn(namespaces), 5);
  EXPECT_GT(CgroupsOf(node.pid()), 0);
  node.Signal(SIGKILL);
  EXPECT_TRUE(Eventually([&] { return ProcessesIn(namespaces) == 0; }));
  node.Finish();
  EXPECT_EQ(Machine(), before);
  EXPECT_FALSE(fs::is_empty(room.path()));
  RunProgram({{Script("sweep.sh")}, {"TMPDIR=" + room.path()}, "", ""});
  EXPECT_TRUE(fs::is_empty(room.path()));
  EXPECT_EQ(CgroupsOf(node.pid()), 0);
}

TEST(Node, WithoutACommandSaysHowToUseIt) {
  const Finished done = RunProgram({{Script("run.sh")}, ToolEnvironment(), "", ""});
  EXPECT_EQ(done.exit_code, 2);
  EXPECT_EQ(done.err, "node: usage: run.sh COMMAND...\n");
}

}  // namespace
}  // namespace tokenwarden::it
