// The sources and sinks that the factory hands out. Paths are final; `files` outlives them.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "agent/adapters/files/file_system.h"
#include "agent/ports/places.h"

namespace tokenwarden::files {

// One key of a `.env` file, as a source and as a sink.
class DotenvPlace : public Source, public Sink {
 public:
  DotenvPlace(FileSystem& files, std::string path, std::string key, mode_t mode)
      : files_(files), path_(std::move(path)), key_(std::move(key)), mode_(mode) {}

  Result<Secret> Read() override;
  Result<PublishReport> Publish(const Secret& value, const PublishMarker& marker) override;

 private:
  FileSystem& files_;
  const std::string path_;
  const std::string key_;
  const mode_t mode_;
};

// A file that holds nothing but the value.
class RawFilePlace : public Source, public Sink {
 public:
  RawFilePlace(FileSystem& files, std::string path, mode_t mode)
      : files_(files), path_(std::move(path)), mode_(mode) {}

  Result<Secret> Read() override;
  Result<PublishReport> Publish(const Secret& value, const PublishMarker& marker) override;

 private:
  FileSystem& files_;
  const std::string path_;
  const mode_t mode_;
};

// A JSON object with the value and its marker.
class JsonFileSink : public Sink {
 public:
  JsonFileSink(FileSystem& files, std::string path, mode_t mode)
      : files_(files), path_(std::move(path)), mode_(mode) {}

  Result<Secret> Read() override;
  Result<PublishReport> Publish(const Secret& value, const PublishMarker& marker) override;

 private:
  FileSystem& files_;
  const std::string path_;
  const mode_t mode_;
};

}  // namespace tokenwarden::files
