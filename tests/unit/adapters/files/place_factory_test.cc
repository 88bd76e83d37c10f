#include "agent/adapters/files/place_factory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>
#include <thread>

#include "tests/unit/adapters/files/faulty_file_system.h"
#include "tests/unit/adapters/files/temp_directory.h"

namespace tokenwarden::files {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

SinkSpec FileSink(const std::string& path, FileFormat format = FileFormat::kRaw) {
  SinkSpec spec;
  spec.kind = SinkKind::kFile;
  spec.path = path;
  spec.format = format;
  return spec;
}

SinkSpec DotenvSink(const std::string& path, const std::string& key) {
  SinkSpec spec;
  spec.kind = SinkKind::kDotenv;
  spec.path = path;
  spec.key = key;
  return spec;
}

PublishMarker Marker(Generation generation, std::uint64_t epoch = 0) {
  PublishMarker marker;
  marker.credential = "whatsapp";
  marker.generation = generation;
  marker.fingerprint = {"hmac:0011223344556677"};
  marker.epoch = epoch;
  marker.expires_at = FromUnix(1800000000);
  return marker;
}

class Places : public testing::Test {
 protected:
  std::string Read(const SourceSpec& spec) {
    auto source = factory_->MakeSource(spec);
    if (!source) return "error: " + source.error().reason;
    auto value = (*source)->Read();
    return value ? std::string(value->Reveal()) : "error: " + value.error().reason;
  }

  std::string ReadBack(const SinkSpec& spec) {
    auto sink = factory_->MakeSink(spec);
    if (!sink) return "error: " + sink.error().reason;
    auto value = (*sink)->Read();
    return value ? std::string(value->Reveal()) : "error: " + value.error().reason;
  }

  std::string Publish(const SinkSpec& spec, const std::string& value,
                      const PublishMarker& marker = Marker(1)) {
    auto sink = factory_->MakeSink(spec);
    if (!sink) return "error: " + sink.error().reason;
    auto report = (*sink)->Publish(Secret(value), marker);
    if (!report) return "error: " + report.error().reason;
    note_ = report->note;
    return report->outcome == PublishOutcome::kWritten ? "written" : "unchanged";
  }

  TempDirectory directory_;
  std::string note_;
  std::unique_ptr<PlaceFactory> factory_ =
      MakePlaceFactory(directory_.path(), [](const char* name) -> const char* {
        const std::string_view wanted = name;
        return wanted == "TOKEN" ? "from env" : wanted == "EMPTY" ? "" : nullptr;
      });
};

TEST_F(Places, SourcesReadEnvironmentDotenvAndFiles) {
  directory_.Write(".env", "TOKEN='one'\nEMPTY=\n");
  directory_.Write("token", "two\n");
  EXPECT_EQ(Read({SourceKind::kEnv, "TOKEN", ""}), "from env");
  EXPECT_EQ(Read({SourceKind::kEnv, "EMPTY", ""}), "");
  EXPECT_EQ(Read({SourceKind::kEnv, "NONE", ""}), "error: no_such_key");
  EXPECT_EQ(Read({SourceKind::kDotenv, ".env", "TOKEN"}), "one");
  EXPECT_EQ(Read({SourceKind::kDotenv, ".env", "EMPTY"}), "");
  EXPECT_EQ(Read({SourceKind::kDotenv, ".env", "NONE"}), "error: no_such_key");
  EXPECT_EQ(Read({SourceKind::kDotenv, "none", "TOKEN"}), "error: no_such_file");
  EXPECT_EQ(Read({SourceKind::kFile, "token", ""}), "two");
  EXPECT_EQ(Read({SourceKind::kFile, directory_ / "token", ""}), "two");
}

TEST_F(Places, NamesWhatAPlaceLacks) {
  EXPECT_EQ(Read({SourceKind::kDotenv, ".env", ""}), "error: no_key");
  EXPECT_EQ(Read({SourceKind::kFile, "", ""}), "error: no_path");
  EXPECT_EQ(Read({SourceKind::kVault, "secret/x", "y"}), "error: no_vault_configured");
  EXPECT_EQ(Read({SourceKind::kKubernetes, "a/b", "y"}), "error: no_kubernetes_configured");
  EXPECT_EQ(ReadBack(DotenvSink(".env", "")), "error: no_key");
  EXPECT_EQ(ReadBack(DotenvSink("", "K")), "error: no_path");
  SinkSpec vault = FileSink("secret/x");
  vault.kind = SinkKind::kVault;
  EXPECT_EQ(ReadBack(vault), "error: no_vault_configured");
}

TEST_F(Places, ADotenvSinkChangesItsKeyAndNothingElse) {
  directory_.Write(".env", "# mine\r\nexport TOKEN = \"old\"  # why\r\nB=2", 0640);
  EXPECT_EQ(Publish(DotenvSink(".env", "TOKEN"), "new"), "written");
  EXPECT_EQ(directory_.Read(".env"), "# mine\r\nexport TOKEN = \"new\"  # why\r\nB=2");
  EXPECT_EQ(directory_.ModeOf(".env"), 0640u);
  EXPECT_EQ(ReadBack(DotenvSink(".env", "TOKEN")), "new");
  EXPECT_EQ(Publish(DotenvSink(".env", "TOKEN"), "new"), "unchanged");
  EXPECT_THAT(directory_.Names(), ElementsAre(".env"));
}

TEST_F(Places, ADotenvSinkMakesAMissingFileThatOnlyItsOwnerCanRead) {
  EXPECT_EQ(ReadBack(DotenvSink(".env", "TOKEN")), "error: no_such_file");
  EXPECT_EQ(Publish(DotenvSink(".env", "TOKEN"), "new"), "written");
  EXPECT_THAT(note_, HasSubstr("created"));
  EXPECT_EQ(directory_.Read(".env"), "TOKEN=new\n");
  EXPECT_EQ(directory_.ModeOf(".env"), 0600u);
}

TEST_F(Places, ADotenvSinkLeavesAnUnclearFileAlone) {
  const std::string text = "TOKEN=1\nTOKEN=2\n";
  directory_.Write(".env", text);
  EXPECT_EQ(Publish(DotenvSink(".env", "TOKEN"), "new"), "error: duplicate_key");
  EXPECT_EQ(directory_.Read(".env"), text);
}

TEST_F(Places, ARawFileHoldsTheValueAndItsMarkerStandsBesideIt) {
  EXPECT_EQ(Publish(FileSink("token"), "new", Marker(7, 3)), "written");
  EXPECT_EQ(directory_.Read("token"), "new");
  EXPECT_EQ(directory_.Read("token.meta"),
            "{\n  \"generation\": 7,\n  \"fingerprint\": \"hmac:0011223344556677\",\n"
            "  \"epoch\": 3,\n  \"expires_at\": \"2027-01-15T08:00:00Z\"\n}\n");
  EXPECT_EQ(ReadBack(FileSink("token")), "new");
  EXPECT_EQ(Publish(FileSink("token"), "new", Marker(7, 3)), "unchanged");
  EXPECT_EQ(Publish(FileSink("token"), "new", Marker(8, 3)), "written");
}

TEST_F(Places, ARawFileKeepsTheNewlineThatItsOwnerPutThere) {
  directory_.Write("token", "old\n");
  EXPECT_EQ(Publish(FileSink("token"), "new"), "written");
  EXPECT_EQ(directory_.Read("token"), "new\n");
  EXPECT_EQ(ReadBack(FileSink("token")), "new");
}

TEST_F(Places, ANewFileHasTheConfiguredMode) {
  SinkSpec spec = FileSink("token");
  spec.mode = 0644;
  EXPECT_EQ(Publish(spec, "new"), "written");
  EXPECT_EQ(directory_.ModeOf("token"), 0644u);
  EXPECT_THAT(note_, HasSubstr("can be read by every user"));
}

TEST_F(Places, AJsonFileHoldsTheValueWithItsMarker) {
  const SinkSpec spec = FileSink("token.json", FileFormat::kJson);
  EXPECT_EQ(Publish(spec, "n\"w", Marker(7, 3)), "written");
  EXPECT_EQ(directory_.Read("token.json"),
            "{\n  \"access_token\": \"n\\\"w\",\n  \"generation\": 7,\n"
            "  \"fingerprint\": \"hmac:0011223344556677\",\n  \"epoch\": 3,\n"
            "  \"expires_at\": \"2027-01-15T08:00:00Z\"\n}\n");
  EXPECT_EQ(ReadBack(spec), "n\"w");
  EXPECT_EQ(Publish(spec, "n\"w", Marker(7, 3)), "unchanged");
  PublishMarker forever = Marker(8, 3);
  forever.expires_at = std::nullopt;
  EXPECT_EQ(Publish(spec, "new", forever), "written");
  EXPECT_THAT(directory_.Read("token.json"), HasSubstr("\"expires_at\": null"));
}

TEST_F(Places, AJsonFileThatIsNoneIsAnErrorToReadAndReplacedOnPublish) {
  const SinkSpec spec = FileSink("token.json", FileFormat::kJson);
  const std::pair<const char*, const char*> cases[] = {{"", "not_json"},
                                                       {"{", "not_json"},
                                                       {"[1]", "not_json"},
                                                       {"{}", "no_such_key"},
                                                       {"{\"access_token\": 1}", "no_such_key"}};
  for (const auto& [text, reason] : cases) {
    directory_.Write("token.json", text);
    EXPECT_EQ(ReadBack(spec), std::string("error: ") + reason) << text;
    EXPECT_EQ(Publish(spec, "new"), "written") << text;
    EXPECT_EQ(ReadBack(spec), "new") << text;
  }
  EXPECT_EQ(Publish(spec, "\xff\xfe"), "error: not_text");
  EXPECT_EQ(ReadBack(spec), "new");
}

TEST_F(Places, ALowerEpochNeverOverwritesAHigherOne) {
  for (const FileFormat format : {FileFormat::kRaw, FileFormat::kJson}) {
    const SinkSpec spec = FileSink(format == FileFormat::kRaw ? "raw" : "json", format);
    EXPECT_EQ(Publish(spec, "newer", Marker(2, 5)), "written");
    EXPECT_EQ(Publish(spec, "older", Marker(3, 4)), "error: stale_epoch");
    EXPECT_EQ(ReadBack(spec), "newer");
    EXPECT_EQ(Publish(spec, "newest", Marker(3, 5)), "written");
  }
}

TEST_F(Places, AnEmptyValueIsNeverPublished) {
  directory_.Write(".env", "TOKEN=old\n");
  EXPECT_EQ(Publish(DotenvSink(".env", "TOKEN"), ""), "error: empty_value");
  EXPECT_EQ(Publish(FileSink("token"), ""), "error: empty_value");
  EXPECT_EQ(Publish(FileSink("json", FileFormat::kJson), ""), "error: empty_value");
  EXPECT_EQ(directory_.Read(".env"), "TOKEN=old\n");
  EXPECT_THAT(directory_.Names(), ElementsAre(".env"));
}

TEST_F(Places, TwoSinksOnOneFileDoNotLoseEachOthersKeys) {
  directory_.Write(".env", "A=0\nB=0\n");
  const auto publish = [&](const std::string& key) {
    auto sink = factory_->MakeSink(DotenvSink(".env", key));
    for (int i = 1; i <= 30; ++i) {
      EXPECT_TRUE((*sink)->Publish(Secret(std::to_string(i)), Marker(1)));
    }
  };
  std::thread first(publish, "A");
  std::thread second(publish, "B");
  first.join();
  second.join();
  EXPECT_EQ(directory_.Read(".env"), "A=30\nB=30\n");
}

// The marker is written after the value; whatever fails, it never claims what is not there.
TEST_F(Places, AMarkerNeverClaimsAValueThatIsNotThere) {
  for (int point = 1;; ++point) {
    directory_.Write("token", "old");
    directory_.Write("token.meta", "{\"generation\": 1}");
    FaultyFileSystem files;
    files.fail_at = point;
    files.dead = true;
    {
      const auto factory = MakePlaceFactory(directory_.path(), ProcessEnvironment(), files);
      const auto done = (*factory->MakeSink(FileSink("token")))->Publish(Secret("new"), Marker(2));
      if (!files.triggered()) break;
      EXPECT_TRUE(!done || directory_.Read("token") == "new");
    }
    const bool claims =
        directory_.Read("token.meta").find("\"generation\": 2") != std::string::npos;
    EXPECT_TRUE(!claims || directory_.Read("token") == "new") << point;
    EXPECT_EQ(Publish(FileSink("token"), "new", Marker(2)).substr(0, 5) == "error", false) << point;
    EXPECT_THAT(directory_.Names(), ElementsAre("token", "token.meta"));
  }
}

}  // namespace
}  // namespace tokenwarden::files
