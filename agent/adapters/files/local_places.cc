#include "agent/adapters/files/local_places.h"

#include <utility>

#include "agent/adapters/files/atomic_file.h"
#include "agent/adapters/files/dotenv_document.h"
#include "agent/adapters/files/file_reader.h"
#include "agent/adapters/files/marker_json.h"

namespace tokenwarden::files {
namespace {

// The last line of defence: whatever went wrong before, a consumer never finds an empty value.
Status CheckValue(const Secret& value, const std::string& path) {
  if (!value.empty()) return {};
  return MakeError(ErrorKind::kInvalidArgument, "empty_value",
                   "will not write to " + path + ": the value is empty");
}

Status CheckEpoch(const Secret* current, const PublishMarker& marker, const std::string& path) {
  const std::uint64_t epoch = current == nullptr ? 0 : ReadMarkerJson(*current).epoch;
  if (epoch <= marker.epoch) return {};
  return MakeError(ErrorKind::kAborted, "stale_epoch",
                   "will not write to " + path + ": it was written in epoch " +
                       std::to_string(epoch) + ", ours is " + std::to_string(marker.epoch),
                   "Another agent is in charge of this credential; stop one of the two.");
}

PublishReport ReportOf(bool written, std::string note) {
  return {written ? PublishOutcome::kWritten : PublishOutcome::kUnchanged, std::move(note)};
}

// The new content of a raw file, which keeps the newline that its owner put behind the value.
Secret WithOldNewline(const Secret& value, const Secret* current) {
  if (current == nullptr) return value.Clone();
  const std::string_view old = current->Reveal();
  const std::string_view newline = old.substr(WithoutLastNewline(old).size());
  std::string content;
  content.reserve(value.size() + newline.size());
  content.append(value.Reveal()).append(newline);
  return Secret::TakeFrom(content);
}

}  // namespace

Result<Secret> DotenvPlace::Read() {
  auto bytes = ReadFile(files_, path_);
  if (!bytes) return bytes;
  auto document = DotenvDocument::Parse(bytes->Reveal(), path_);
  if (!document) return tl::make_unexpected(document.error());
  return document->Read(key_);
}

Result<PublishReport> DotenvPlace::Publish(const Secret& value, const PublishMarker&) {
  if (Status fit = CheckValue(value, path_); !fit) return tl::make_unexpected(fit.error());
  const Edit edit = [&](const Secret* current) -> Result<Secret> {
    auto document = DotenvDocument::Parse(current == nullptr ? "" : current->Reveal(), path_);
    if (!document) return tl::make_unexpected(document.error());
    if (Status set = document->Set(key_, value); !set) return tl::make_unexpected(set.error());
    return Secret(document->bytes());
  };
  auto report = UpdateFile(files_, path_, mode_, edit);
  if (!report) return tl::make_unexpected(report.error());
  return ReportOf(report->written, report->note);
}

Result<Secret> RawFilePlace::Read() {
  auto bytes = ReadFile(files_, path_);
  if (!bytes) return bytes;
  return Secret(WithoutLastNewline(bytes->Reveal()));
}

// The value first: a crash in between leaves a marker that claims too little, never one that claims
// a value that is not there.
Result<PublishReport> RawFilePlace::Publish(const Secret& value, const PublishMarker& marker) {
  const std::string meta_path = path_ + ".meta";
  if (Status fit = CheckValue(value, path_); !fit) return tl::make_unexpected(fit.error());
  auto meta_now = ReadFile(files_, meta_path);
  if (!meta_now && meta_now.error().kind != ErrorKind::kNotFound) {
    return tl::make_unexpected(meta_now.error());
  }
  if (Status newest = CheckEpoch(meta_now ? &*meta_now : nullptr, marker, path_); !newest) {
    return tl::make_unexpected(newest.error());
  }
  auto written = UpdateFile(files_, path_, mode_, [&](const Secret* current) -> Result<Secret> {
    return WithOldNewline(value, current);
  });
  if (!written) return tl::make_unexpected(written.error());
  auto meta = UpdateFile(files_, meta_path, mode_, [&](const Secret* current) -> Result<Secret> {
    Status newest = CheckEpoch(current, marker, path_);
    if (!newest) return tl::make_unexpected(newest.error());
    return WriteMarkerJson(nullptr, marker);
  });
  if (!meta) return tl::make_unexpected(meta.error());
  return ReportOf(written->written || meta->written, written->note);
}

Result<Secret> JsonFileSink::Read() {
  auto bytes = ReadFile(files_, path_);
  if (!bytes) return bytes;
  MarkerJson content = ReadMarkerJson(*bytes);
  if (content.value) return std::move(*content.value);
  if (!content.is_object) {
    return MakeError(ErrorKind::kInvalidArgument, "not_json",
                     "cannot read " + path_ + ": it is not a JSON object",
                     "Remove the file, and it is written anew.");
  }
  return MakeError(ErrorKind::kNotFound, "no_such_key",
                   "cannot read " + path_ + ": it has no member access_token");
}

Result<PublishReport> JsonFileSink::Publish(const Secret& value, const PublishMarker& marker) {
  if (Status fit = CheckValue(value, path_); !fit) return tl::make_unexpected(fit.error());
  auto report = UpdateFile(files_, path_, mode_, [&](const Secret* current) -> Result<Secret> {
    Status newest = CheckEpoch(current, marker, path_);
    if (!newest) return tl::make_unexpected(newest.error());
    return WriteMarkerJson(&value, marker);
  });
  if (!report) return tl::make_unexpected(report.error());
  return ReportOf(report->written, report->note);
}

}  // namespace tokenwarden::files
